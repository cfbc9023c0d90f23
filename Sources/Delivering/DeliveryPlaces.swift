import NIOConcurrencyHelpers
package import RingbackCore
package import Store

/// The sender's places and its inbox: what the watching side and the sender's own tasks share (``DeliveryIntake``).
///
/// Callable from any thread. Everything that may give the sender something to do rings its alarm.
package final class DeliveryPlaces: DeliveryIntake {
    /// The endpoint a callback stands for when nothing else is known about it: its bounds are the defaults.
    private static let callbackDefaults = Endpoint(
        name: EndpointName(trusted: "callback"), origin: .callback, target: .webhook(WebhookTarget(url: "", secrets: [])))
    /// How many deliveries of an endpoint that no longer exists are buried at once.
    private static let burialPlaces = 16

    /// What holds endpoints back, each by what it has learned of them.
    private struct Restraints {
        var breakers = BreakerTable()
        var grants = GrantTable()
        var holds = HoldTable()

        func allowance(of endpoint: EndpointName, _ definition: Endpoint, now: Timestamp) -> LaneAllowance {
            let allowance = LaneAllowance(
                of: definition, breakers.permission(endpoint, now: now), grants.grant(endpoint, now: now))
            return holds.applied(to: allowance, of: endpoint, now: now)
        }
    }

    private struct State {
        var table: LaneTable
        var restraints = Restraints()
        var stock = LaneStock()
        var isClosed = false

        /// Gives the places of an endpoint to what waits for them.
        mutating func start(_ endpoint: EndpointName, _ allowance: LaneAllowance) -> [DeliveryJob] {
            // What a digest's claim brought belongs together: it is one message.
            var jobs = allowance.digest == nil ? [] : stock.takeAll(of: endpoint)
            for job in jobs { table.start(endpoint, isRetry: job.isRetry) }
            while true {
                let (hasFirst, hasRetry) = stock.kinds(of: endpoint)
                guard
                    let kind = table.nextKind(endpoint, places: allowance.places, hasFirst: hasFirst, hasRetry: hasRetry),
                    let job = stock.take(kind, of: endpoint)
                else { return jobs }
                table.start(endpoint, isRetry: job.isRetry)
                jobs.append(job)
            }
        }
    }

    private let node: NodeID
    private let directory: EndpointDirectory
    private let time: any TimeSource
    private let alarm: Alarm
    private let state: NIOLockedValueBox<State>

    init(node: NodeID, directory: EndpointDirectory, time: any TimeSource, alarm: Alarm, bounds: LaneTable.Bounds) {
        self.node = node
        self.directory = directory
        self.time = time
        self.alarm = alarm
        state = NIOLockedValueBox(State(table: LaneTable(bounds)))
    }

    // MARK: For whoever records events

    /// Reserves a place; `nil` also for an endpoint that is disabled or unknown, and once the sender is stopping.
    package func reserve(_ endpoint: EndpointName) -> BirthLease? {
        let definition = endpoint.isCallback ? Self.callbackDefaults : directory[endpoint]
        guard let definition, definition.isEnabled else { return nil }
        let now = time.wallNow
        let isReserved = state.withLockedValue { state in
            guard !state.isClosed else { return false }
            let allowance = state.restraints.allowance(of: endpoint, definition, now: now)
            return state.table.reserve(endpoint, allowance, now: now)
        }
        return isReserved ? BirthLease(node: node, until: now + definition.leaseLength) : nil
    }

    package func cancel(_ endpoints: [EndpointName]) {
        change { table in
            for endpoint in endpoints { table.cancel(endpoint) }
        }
    }

    /// Takes jobs over. Once the sender has ended they are left to whoever claims them when their lease runs out.
    package func accept(_ jobs: [DeliveryJob]) {
        guard !jobs.isEmpty else { return }
        state.withLockedValue { state in
            for job in jobs {
                state.table.accept(job.delivery.endpoint, isRetry: job.isRetry)
                state.stock.add(job)
            }
        }
        alarm.ring()
    }

    /// The directory was changed: disabled endpoints may be enabled, others have more places or are gone.
    package func endpointsChanged() {
        state.withLockedValue { state in
            state.restraints.breakers.keep { directory[$0] != nil }
            state.restraints.grants.keep { directory[$0] != nil }
            state.restraints.holds.keep { directory[$0] != nil }
            state.table.keepBuckets { directory[$0] != nil }
            state.stock.touchAll()
        }
        change { $0.lookAtBlockedLanes() }
    }

    /// How an endpoint does; `nil` when it was not sent anything yet.
    package func breakerStatus(_ endpoint: EndpointName) -> BreakerStatus? {
        let now = time.wallNow
        return state.withLockedValue { $0.restraints.breakers.status(endpoint, now: now) }
    }

    // MARK: For the sender

    /// No new places from now on.
    func close() {
        state.withLockedValue { state in
            state.isClosed = true
            state.stock.touchAll()
        }
        alarm.ring()
    }

    /// Lets the sender look at its queues again.
    func wake() {
        alarm.ring()
    }

    var isClosed: Bool { state.withLockedValue(\.isClosed) }

    /// What may be sent now, and what is to go back to the store because nothing of its endpoint may go for some time.
    ///
    /// What is to be sent holds a place, until its attempt ends (``attemptEnded(_:_:_:grant:jitter:)``) or is given up (``withdraw(_:)``).
    func take() -> (ready: [DeliveryJob], returned: [DeliveryJob]) {
        let now = time.wallNow
        return state.withLockedValue { state in
            var ready: [DeliveryJob] = []
            var returned: [DeliveryJob] = []
            for endpoint in state.stock.takeTouched() {
                let allowance = allowance(of: endpoint, state.restraints, now: now)
                guard !state.isClosed, allowance.places > 0, allowance.notBefore.map({ $0 <= now }) ?? true else {
                    let jobs = state.stock.takeAll(of: endpoint)
                    for job in jobs { state.table.withdraw(endpoint, isRetry: job.isRetry, wasStarted: false) }
                    returned += jobs
                    continue
                }
                ready += state.start(endpoint, allowance)
            }
            return (ready, returned)
        }
    }

    private func allowance(of endpoint: EndpointName, _ restraints: Restraints, now: Timestamp) -> LaneAllowance {
        let definition = endpoint.isCallback ? Self.callbackDefaults : directory[endpoint]
        return definition.map { restraints.allowance(of: endpoint, $0, now: now) } ?? LaneAllowance(places: Self.burialPlaces)
    }

    func look(at endpoints: [EndpointName], onlyForRetries: Bool = false) {
        change { table in
            for endpoint in endpoints { table.look(at: endpoint, onlyForRetries: onlyForRetries) }
        }
    }

    /// Deliveries fall due at these times.
    func look(at times: [EndpointName: Timestamp]) {
        let now = time.wallNow
        change { table in
            for (endpoint, time) in times { table.look(at: endpoint, from: time, now: now) }
        }
        // A time that is sooner than the one the sender sleeps until must reach it.
        alarm.ring()
    }

    /// What to claim now; `nil` when there is nothing, or a claim is under way.
    func beginClaim(rows: Int, lanes: Int) -> DeliveryClaim? {
        let now = time.wallNow
        let claim = state.withLockedValue { state in
            let restraints = state.restraints
            return state.table.beginClaim(now: now, rows: rows, laneCount: lanes) { allowance(of: $0, restraints, now: now) }
        }
        guard !claim.isEmpty else { return nil }
        // One claim has one end of lease, so the most patient endpoint decides. The others are only taken over later after a crash.
        let leaseLengths = claim.map { (directory[$0.endpoint] ?? Self.callbackDefaults).leaseLength }
        return DeliveryClaim(node: node, lanes: claim, now: now, until: now + (leaseLengths.max() ?? Self.callbackDefaults.leaseLength))
    }

    /// The claim's answer; `nil` when the store failed.
    func endClaim(_ claim: DeliveryClaim, _ jobs: [DeliveryJob]?) {
        var found: [EndpointName: (deliveries: Int, retries: Int)] = [:]
        for job in jobs ?? [] {
            found[job.delivery.endpoint, default: (0, 0)].deliveries += 1
            found[job.delivery.endpoint, default: (0, 0)].retries += job.isRetry ? 1 : 0
        }
        state.withLockedValue { state in
            state.table.endClaim(claim.lanes, found: jobs == nil ? nil : found)
            for job in jobs ?? [] { state.stock.add(job) }
        }
        alarm.ring()
    }

    /// Begins an attempt; `nil` when its endpoint's circuit breaker makes it wait.
    func begin(_ job: DeliveryJob) -> Breaker.Ticket? {
        let now = time.wallNow
        return state.withLockedValue { $0.restraints.breakers.begin(job.delivery.endpoint, now: now) }
    }

    /// The receiver is done.
    ///
    /// - Parameter grant: How much the receiver said it takes, if it did.
    /// - Returns: What follows for the endpoint, and what is to be written down about it.
    func attemptEnded(
        _ job: DeliveryJob, _ ticket: Breaker.Ticket, _ verdict: Breaker.Verdict, grant: RateGrant?, jitter: Double
    ) -> (consequences: Breaker.Consequences, record: BreakerRecord?) {
        let now = time.wallNow
        // The breaker and the grant first: the place that becomes free is given away by what they allow from now on.
        let result = state.withLockedValue { state in
            state.restraints.grants.attemptEnded(job.delivery.endpoint, grant)
            return state.restraints.breakers.attemptEnded(job.delivery.endpoint, ticket, verdict, now: now, jitter: jitter)
        }
        free(job) { $0.attemptEnded(job.delivery.endpoint, isRetry: job.isRetry) }
        return result
    }

    /// An endpoint takes nothing for the moment: its deliveries wait, and after a pause a single one finds out whether it does again.
    ///
    /// - Returns: Whether it took deliveries until now.
    func hold(_ endpoint: EndpointName) -> Bool {
        let now = time.wallNow
        let (until, isNew) = state.withLockedValue { $0.restraints.holds.hold(endpoint, now: now) }
        look(at: [endpoint: until])
        return isNew
    }

    /// - Returns: Whether it was held.
    func release(_ endpoint: EndpointName) -> Bool {
        state.withLockedValue { $0.restraints.holds.release(endpoint) }
    }

    /// Another delivery of the message that ``attemptEnded(_:_:_:jitter:)`` was told of.
    func attemptEnded(_ job: DeliveryJob) {
        free(job) { $0.attemptEnded(job.delivery.endpoint, isRetry: job.isRetry) }
    }

    /// - Returns: What is to be written down.
    func disabled(_ endpoint: EndpointName) -> BreakerRecord {
        let now = time.wallNow
        return state.withLockedValue { $0.restraints.breakers.disabled(endpoint, now: now) }
    }

    /// What the store holds of the circuit breakers.
    func adopt(_ records: [EndpointName: BreakerRecord]) {
        state.withLockedValue { state in state.restraints.breakers.adopt(records.filter { directory[$0.key] != nil }) }
    }

    func recorded() {
        change { $0.recorded() }
    }

    /// A delivery that got a place is not sent after all.
    func withdraw(_ job: DeliveryJob) {
        free(job) { $0.withdraw(job.delivery.endpoint, isRetry: job.isRetry) }
    }

    var isClaiming: Bool { state.withLockedValue(\.table.isClaiming) }

    var nextWakeUp: Timestamp? { state.withLockedValue(\.table.nextWakeUp) }

    var snapshot: DeliverySnapshot {
        let now = time.wallNow
        let delays = alarm.delays
        return state.withLockedValue { state in
            DeliverySnapshot(
                isRunning: false, reserved: state.table.reserved, inFlight: state.table.inFlight, recording: state.table.recording,
                queued: state.stock.count, lanes: state.table.counts, breakers: state.restraints.breakers.statuses(now: now),
                counters: DeliveryCounters(), storeTrouble: nil, delays: delays)
        }
    }

    /// The place of a job becomes free.
    private func free(_ job: DeliveryJob, _ body: (inout LaneTable) -> Void) {
        change(touching: job.delivery.endpoint, body)
    }

    private func change(touching endpoint: EndpointName? = nil, _ body: (inout LaneTable) -> Void) {
        let isWorthWaking = state.withLockedValue { state in
            body(&state.table)
            if let endpoint { state.stock.touch(endpoint) }
            return state.table.wantsToClaim || state.stock.isTouched || state.isClosed
        }
        if isWorthWaking { alarm.ring() }
    }
}
