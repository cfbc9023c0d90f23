import DequeModule
import HeapModule
package import RingbackCore
package import Store

/// Who may send how much at once, and for whom the store should be asked.
///
/// Each endpoint has a *lane* with its own places, so that a slow or dead one never delays another. Four rules guard the places in all:
/// callbacks, which anybody can register, hold at most half of them, and so do retries; the last quarter goes only to endpoints that have
/// nothing under way, one place each; and an attempt whose outcome is not on record yet still counts, so that memory stays bounded while the
/// store is away.
///
/// First attempts go before retries, see ``Lane``. Redriven and replayed deliveries are retries here. A rate limit is kept by a token per
/// delivery, taken with its place; a lane without a token waits for one only while it has work, so an idle lane costs no wake-up.
package struct LaneTable: Sendable {
    package struct Bounds: Sendable, Hashable {
        /// Reserved, under way and waiting to be recorded, over all lanes.
        package var inAll: Int
        /// Lanes in memory. Work for endpoints beyond it is found by a later look at the store.
        package var lanes: Int
        /// Times kept at which a lane is to be looked at. Later ones are found by a regular look at the store.
        package var wakeUps: Int

        package init(inAll: Int = 1_000, lanes: Int = 20_000, wakeUps: Int = 50_000) {
            self.inAll = inAll
            self.lanes = lanes
            self.wakeUps = wakeUps
        }

        var callbacks: Int { (inAll + 1) / 2 }
        var retries: Int { (inAll + 1) / 2 }
        var keptForIdleLanes: Int { inAll / 4 }
    }

    /// A time further away than this is not kept: the regular look finds it, late by a small part of the wait.
    package static let horizon: Duration = .seconds(600)

    private struct WakeUp: Hashable, Comparable {
        let time: Timestamp
        let endpoint: EndpointName

        static func < (left: Self, right: Self) -> Bool {
            (left.time, left.endpoint) < (right.time, right.endpoint)
        }
    }

    /// A lane without a token waits at least so long, and then finds several: a fast rate does not cost a claim per delivery.
    package static let shortestPause: Duration = .milliseconds(20)

    private let bounds: Bounds
    /// Of endpoints that have a rate limit now.
    private var buckets: [EndpointName: TokenBucket] = [:]
    /// Under which name the bucket of an endpoint is that shares it with the others at its destination.
    private var sharedBuckets: [EndpointName: EndpointName] = [:]
    private var lanes: [EndpointName: Lane] = [:]
    /// Lanes that want to claim, in the order in which they asked. Callbacks stand apart: when their half is used up nobody walks past
    /// them.
    private var readyEndpoints: Deque<EndpointName> = []
    private var readyCallbacks: Deque<EndpointName> = []
    private var wakeUps: Heap<WakeUp> = []
    private var knownWakeUps: Set<WakeUp> = []
    private var busyCallbacks = 0
    /// Under way, or asked for by the claim under way.
    private var busyRetries = 0
    package private(set) var reserved = 0
    package private(set) var inFlight = 0
    package private(set) var recording = 0
    package private(set) var isClaiming = false

    package init(_ bounds: Bounds = Bounds()) {
        self.bounds = bounds
    }

    // MARK: Places for new events

    /// Takes one place for a delivery that is about to be born.
    ///
    /// A lane with first attempts waiting in the store gives none: whoever is new goes behind those who wait.
    package mutating func reserve(_ endpoint: EndpointName, _ allowance: LaneAllowance, now: Timestamp) -> Bool {
        var lane = lanes[endpoint] ?? Lane()
        if let digest = allowance.digest {
            announce(endpoint, lane, for: digest, now: now)
            return false
        }
        guard !lane.firstsMayWait, allowance.notBefore.map({ $0 <= now }) ?? true else { return false }
        guard freePlaces(of: endpoint, lane, places: allowance.places) > 0 else { return false }
        guard lanes[endpoint] != nil || lanes.count < bounds.lanes else { return false }
        guard tokens(of: endpoint, allowance, now: now) > 0 else { return false }
        buckets[bucket(of: endpoint)]?.take(1)
        lane.reserved += 1
        lanes[endpoint] = lane
        reserved += 1
        if endpoint.isCallback { busyCallbacks += 1 }
        return true
    }

    /// Gives a reserved place back.
    package mutating func cancel(_ endpoint: EndpointName) {
        guard var lane = lanes[endpoint], lane.reserved > 0 else { return }
        lane.reserved -= 1
        reserved -= 1
        buckets[bucket(of: endpoint)]?.giveBack(1)
        freed(endpoint, lane)
    }

    /// Turns a reserved place into a delivery under way.
    package mutating func accept(_ endpoint: EndpointName, isRetry: Bool) {
        var lane = lanes[endpoint] ?? Lane()
        if lane.reserved > 0 {
            lane.reserved -= 1
            reserved -= 1
        } else if endpoint.isCallback {
            busyCallbacks += 1
        }
        lane.inFlight += 1
        inFlight += 1
        if isRetry {
            lane.retriesInFlight += 1
            busyRetries += 1
        }
        lanes[endpoint] = lane
    }

    // MARK: Places that become free

    /// The receiver is done; the outcome still has to be recorded (``recorded()``).
    package mutating func attemptEnded(_ endpoint: EndpointName, isRetry: Bool) {
        recording += 1
        withdraw(endpoint, isRetry: isRetry)
    }

    package mutating func recorded() {
        recording -= 1
    }

    /// A delivery under way is not sent after all.
    package mutating func withdraw(_ endpoint: EndpointName, isRetry: Bool) {
        guard var lane = lanes[endpoint], lane.inFlight > 0 else { return }
        lane.inFlight -= 1
        inFlight -= 1
        if isRetry {
            lane.retriesInFlight -= 1
            busyRetries -= 1
        }
        freed(endpoint, lane)
    }

    // MARK: Reasons to ask the store

    /// There may be something due for this endpoint.
    ///
    /// - Parameter onlyForRetries: Whether it is known that no first attempt is among it.
    package mutating func look(at endpoint: EndpointName, onlyForRetries: Bool = false) {
        var lane = lanes[endpoint] ?? Lane()
        switch lane.look {
        case .nothing:
            guard lanes[endpoint] != nil || lanes.count < bounds.lanes else { return }
            lane.look = .ready
            enqueue(endpoint)
        case .asking:
            lane.heardOfFirsts = lane.heardOfFirsts || !onlyForRetries
            lane.heardOfRetries = true
        case .blocked where !lane.firstsMayWait && !onlyForRetries:
            // It may have a place that is kept for first attempts.
            lane.look = .ready
            enqueue(endpoint)
        case .paused where lane.gathering?.isFull == true:
            lane.look = .ready
            enqueue(endpoint)
        case .ready, .blocked, .paused:
            break
        }
        lane.firstsMayWait = lane.firstsMayWait || !onlyForRetries
        lane.retriesMayWait = true
        lanes[endpoint] = lane
    }

    /// Something falls due for this endpoint at `time`.
    package mutating func look(at endpoint: EndpointName, from time: Timestamp, now: Timestamp) {
        guard time > now else {
            look(at: endpoint)
            let known = lanes[endpoint]?.dueSince ?? time
            lanes[endpoint]?.dueSince = min(known, time)
            return
        }
        remember(WakeUp(time: time, endpoint: endpoint), now: now)
    }

    /// Lanes that had no place, whose endpoint was disabled, or whose time had not come are considered again.
    package mutating func lookAtBlockedLanes() {
        for (endpoint, lane) in lanes where lane.look == .blocked || lane.look == .paused {
            lanes[endpoint]?.look = .ready
            enqueue(endpoint)
        }
    }

    /// Forgets the buckets of endpoints that are no more.
    package mutating func keepBuckets(where isKnown: (EndpointName) -> Bool) {
        sharedBuckets = sharedBuckets.filter { isKnown($0.key) }
        let shared = Set(sharedBuckets.values)
        buckets = buckets.filter { isKnown($0.key) || shared.contains($0.key) }
    }

    /// The next time at which a lane is to be looked at.
    package var nextWakeUp: Timestamp? { wakeUps.min?.time }

    /// Whether a claim could bring something, should a place be free.
    package var wantsToClaim: Bool { !isClaiming && !(readyEndpoints.isEmpty && readyCallbacks.isEmpty) }

    // MARK: Claims

    /// Takes the free places of lanes with due work and says what to claim for them; at most one claim at a time.
    ///
    /// - Parameters:
    ///   - rows: At most so many deliveries.
    ///   - laneCount: At most so many lanes.
    ///   - allowance: What an endpoint may take now.
    /// - Returns: Empty when there is nothing to claim now.
    package mutating func beginClaim(
        now: Timestamp, rows: Int, laneCount: Int, allowance: (EndpointName) -> LaneAllowance
    ) -> [DeliveryClaim.Lane] {
        wakeUp(now: now)
        guard wantsToClaim else { return [] }
        var claim: [DeliveryClaim.Lane] = []
        var rowsLeft = rows
        // Callbacks keep half of the lanes, so that many busy endpoints cannot starve them, nor they the endpoints.
        let laneCountForEndpoints = laneCount - min(readyCallbacks.count, laneCount / 2)
        for _ in 0..<readyEndpoints.count where claim.count < laneCountForEndpoints && rowsLeft > 0 && !isFull {
            guard let endpoint = readyEndpoints.popFirst() else { break }
            ask(endpoint, allowance(endpoint), now: now, rowsLeft: &rowsLeft, claim: &claim)
        }
        for _ in 0..<readyCallbacks.count where claim.count < laneCount && rowsLeft > 0 && !isFull && busyCallbacks < bounds.callbacks {
            guard let endpoint = readyCallbacks.popFirst() else { break }
            ask(endpoint, allowance(endpoint), now: now, rowsLeft: &rowsLeft, claim: &claim)
        }
        isClaiming = !claim.isEmpty
        return claim
    }

    /// The claim's answer.
    ///
    /// - Parameter found: How many deliveries, and how many retries among them, came for each endpoint; `nil` when the store failed.
    package mutating func endClaim(_ claim: [DeliveryClaim.Lane], found: [EndpointName: (deliveries: Int, retries: Int)]?) {
        isClaiming = false
        for asked in claim {
            guard var lane = lanes[asked.endpoint] else { continue }
            let (deliveries, retries) = found?[asked.endpoint] ?? (0, 0)
            let unused = asked.limit - deliveries
            lane.inFlight -= unused
            inFlight -= unused
            if asked.endpoint.isCallback { busyCallbacks -= unused }
            // A digest took a single token, for its one message.
            buckets[bucket(of: asked.endpoint)]?.giveBack(lane.asksForDigest ? (deliveries == 0 ? 1 : 0) : unused)
            lane.retriesInFlight += retries
            busyRetries -= asked.retryLimit - retries
            // When the store failed nothing was learned.
            if found != nil { lane.learn(asked, deliveries: deliveries, retries: retries) }
            lane.asksForDigest = false
            let wantsMore = lane.firstsMayWait || lane.retriesMayWait
            lane.look = wantsMore ? .ready : .nothing
            if wantsMore { enqueue(asked.endpoint) }
            keep(asked.endpoint, lane)
        }
    }

    /// The lanes in memory, for gauges.
    package var counts: [DeliverySnapshot.LaneCount] {
        lanes.map { endpoint, lane in
            DeliverySnapshot.LaneCount(
                endpoint: endpoint, reserved: lane.reserved, inFlight: lane.inFlight, hasWorkWaiting: lane.look != .nothing)
        }
    }

    // MARK: Inside

    private var busy: Int { reserved + inFlight + recording }

    private var isFull: Bool { busy >= bounds.inAll }

    private func freePlaces(of endpoint: EndpointName, _ lane: Lane, places: Int) -> Int {
        let own = places - lane.busy
        let shared = bounds.inAll - busy - bounds.keptForIdleLanes
        if endpoint.isCallback { return max(0, min(own, shared, bounds.callbacks - busyCallbacks)) }
        let kept = lane.busy == 0 && !isFull ? 1 : 0
        return max(0, min(own, max(shared, kept)))
    }

    private mutating func ask(
        _ endpoint: EndpointName, _ allowance: LaneAllowance, now: Timestamp, rowsLeft: inout Int, claim: inout [DeliveryClaim.Lane]
    ) {
        guard var lane = lanes[endpoint], lane.look == .ready else { return }
        if let notBefore = allowance.notBefore, notBefore > now { return pause(endpoint, until: notBefore, now: now) }
        if let digest = allowance.digest {
            return ask(endpoint, lane, for: digest, allowance, now: now, rowsLeft: &rowsLeft, claim: &claim)
        }
        let isFullForRetries = lane.room(forRetries: .max, places: allowance.places) == 0
        guard allowance.places > lane.busy, lane.firstsMayWait || !isFullForRetries else {
            lanes[endpoint]?.look = .blocked
            return
        }
        let tokens = tokens(of: endpoint, allowance, now: now)
        guard tokens > 0 else {
            return pause(endpoint, until: max(buckets[bucket(of: endpoint)]?.nextToken ?? now, now + Self.shortestPause), now: now)
        }
        let free = min(freePlaces(of: endpoint, lane, places: allowance.places), rowsLeft, tokens)
        let forRetries = lane.room(forRetries: min(free, max(0, bounds.retries - busyRetries)), places: allowance.places)
        let limit = lane.firstsMayWait ? free : forRetries
        // The places in all are used up for it: it asks again, behind the others, as soon as one is free.
        guard limit > 0 else { return enqueue(endpoint) }
        claim.append(
            DeliveryClaim.Lane(
                endpoint: endpoint, limit: limit,
                reservedForRetries: min(forRetries, lane.reservedForRetries(of: limit, places: allowance.places)), retryLimit: forRetries))
        rowsLeft -= limit
        lane.inFlight += limit
        inFlight += limit
        busyRetries += forRetries
        if endpoint.isCallback { busyCallbacks += limit }
        buckets[bucket(of: endpoint)]?.take(limit)
        lane.look = .asking
        lane.heardOfFirsts = false
        lane.heardOfRetries = false
        lanes[endpoint] = lane
    }

    // MARK: Digests

    /// An event is about to be recorded that gathers with others. Nothing of such an endpoint is born leased: it waits in the store.
    private mutating func announce(_ endpoint: EndpointName, _ lane: Lane, for digest: Digest, now: Timestamp) {
        guard lanes[endpoint] != nil || lanes.count < bounds.lanes else { return }
        var lane = lane
        if lane.gathering == nil { lane.gathering = Gathering(digest, since: now) }
        lane.gathering?.add()
        lanes[endpoint] = lane
    }

    /// Asks for one message: first attempts when enough have gathered or waited long enough, else retries, never both. Under a stream of
    /// full digests a retry comes after each of them.
    private mutating func ask(
        _ endpoint: EndpointName, _ lane: Lane, for digest: Digest, _ allowance: LaneAllowance, now: Timestamp, rowsLeft: inout Int,
        claim: inout [DeliveryClaim.Lane]
    ) {
        var lane = lane
        guard allowance.places > 0, lane.busy == 0 else {
            lanes[endpoint]?.look = .blocked
            return
        }
        if lane.firstsMayWait, lane.gathering == nil { lane.gathering = Gathering(digest, since: min(lane.dueSince ?? now, now)) }
        lanes[endpoint] = lane
        let isGathered = lane.firstsMayWait && lane.gathering?.isDue(now: now) == true
        let isForRetries = lane.retriesMayWait && (!isGathered || lane.isRetrysTurn)
        guard isGathered || isForRetries else { return pause(endpoint, until: lane.gathering?.until ?? now, now: now) }
        guard tokens(of: endpoint, allowance, now: now) > 0 else {
            return pause(endpoint, until: max(buckets[bucket(of: endpoint)]?.nextToken ?? now, now + Self.shortestPause), now: now)
        }
        let shared = min(bounds.inAll - busy, isForRetries ? bounds.retries - busyRetries : .max)
        // A set that failed together has to come together.
        let limit = min(digest.maximum, shared)
        guard limit > 0, limit <= rowsLeft || claim.isEmpty else { return enqueue(endpoint) }
        claim.append(
            DeliveryClaim.Lane(
                endpoint: endpoint, limit: limit, reservedForRetries: isForRetries ? limit : 0, retryLimit: isForRetries ? limit : 0,
                firstLimit: isForRetries ? 0 : limit))
        rowsLeft -= limit
        lane.inFlight += limit
        inFlight += limit
        if isForRetries { busyRetries += limit }
        buckets[bucket(of: endpoint)]?.take(1)
        lane.look = .asking
        lane.asksForDigest = true
        lane.heardOfFirsts = false
        lane.heardOfRetries = false
        lanes[endpoint] = lane
    }

    private mutating func pause(_ endpoint: EndpointName, until time: Timestamp, now: Timestamp) {
        lanes[endpoint]?.look = .paused
        // A time that is not kept costs no more than a wait until the regular look.
        remember(WakeUp(time: time, endpoint: endpoint), now: now)
    }

    /// Any number where there is no limit.
    private mutating func tokens(of endpoint: EndpointName, _ allowance: LaneAllowance, now: Timestamp) -> Int {
        guard let rate = allowance.rate else {
            if !buckets.isEmpty { buckets[endpoint] = nil }
            if !sharedBuckets.isEmpty { sharedBuckets[endpoint] = nil }
            return .max
        }
        let shared = allowance.destination.map { EndpointName(trusted: "destination:" + $0) }
        if shared != nil || !sharedBuckets.isEmpty { sharedBuckets[endpoint] = shared }
        return buckets[bucket(of: endpoint), default: TokenBucket(rate, now: now)].tokens(rate, now: now)
    }

    private func bucket(of endpoint: EndpointName) -> EndpointName {
        sharedBuckets[endpoint] ?? endpoint
    }

    private mutating func wakeUp(now: Timestamp) {
        while let next = wakeUps.min, next.time <= now {
            wakeUps.removeMin()
            knownWakeUps.remove(next)
            if lanes[next.endpoint]?.look == .paused {
                lanes[next.endpoint]?.look = .ready
                enqueue(next.endpoint)
            }
            look(at: next.endpoint)
        }
    }

    private mutating func remember(_ wakeUp: WakeUp, now: Timestamp) {
        guard wakeUp.time - now <= Self.horizon, knownWakeUps.count < bounds.wakeUps, knownWakeUps.insert(wakeUp).inserted else { return }
        wakeUps.insert(wakeUp)
    }

    private mutating func enqueue(_ endpoint: EndpointName) {
        if endpoint.isCallback { readyCallbacks.append(endpoint) } else { readyEndpoints.append(endpoint) }
    }

    private mutating func freed(_ endpoint: EndpointName, _ lane: Lane) {
        var lane = lane
        if endpoint.isCallback { busyCallbacks -= 1 }
        if lane.look == .blocked {
            lane.look = .ready
            enqueue(endpoint)
        }
        keep(endpoint, lane)
    }

    /// A lane with nothing under way and nothing to look for is forgotten: there is one for each callback ever seen.
    private mutating func keep(_ endpoint: EndpointName, _ lane: Lane) {
        lanes[endpoint] = lane.busy == 0 && lane.look == .nothing && lane.gathering == nil ? nil : lane
    }
}
