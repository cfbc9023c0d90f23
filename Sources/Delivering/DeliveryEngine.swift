package import Logging
package import RingbackCore
package import Spans
package import Store

/// The sender: takes deliveries that are due, tries them, and records what came of it, until they are delivered or dead.
///
/// The decisions are made by ``DeliveryMachine`` (what an answer means), ``LaneTable`` (who may send) and ``Breaker`` (whether the receiver
/// is worth a try); this actor carries them out. Each attempt is a child task of ``run()``. What is acknowledged is in the store only: a crash at any line loses nothing, since an attempt
/// without a recorded outcome is made again, with the same event id, when its lease runs out.
package actor DeliveryEngine {
    /// The door for whoever records events; also what to call when the directory was changed.
    nonisolated package let places: DeliveryPlaces

    nonisolated let node: NodeID
    nonisolated let store: any Store
    nonisolated let directory: EndpointDirectory
    nonisolated let time: any TimeSource
    nonisolated let dice: Dice
    nonisolated let logger: Logger
    /// `nil`: nobody wants spans.
    nonisolated let spans: SpanSource?
    nonisolated let options: DeliveryEngineOptions
    nonisolated private let alarm: Alarm
    nonisolated private let loop: (any TaskExecutor)?
    nonisolated private let makeDestination: @Sendable (Endpoint) throws -> any Destination

    var destinations: DestinationCache
    /// Every delivery of which this node has an attempt under way or an outcome in memory, with the newest lease it holds on it.
    var inHand: [DeliveryID: Lease] = [:]
    /// Claimed or handed over, but not sent: to be given back.
    var unsent: [(id: DeliveryID, lease: Lease)] = []
    var counters = DeliveryCounters()
    /// How the endpoints did lately; callbacks have none.
    var histories: [EndpointName: AttemptHistory] = [:]
    var storeTroubles: [StoreTask: StoreError] = [:]
    var claimBackoff = Backoff.store
    /// No claim before this moment, after one failed.
    var claimPause = Moment(nanoseconds: .min)
    var nextLook = Moment(nanoseconds: .min)
    var isLooking = false
    var isReleasing = false
    var digestSets = DigestSets()
    /// Outcomes that wait to hear which deliveries a claim under way brings.
    private var claimWaiters: [CheckedContinuation<Void, Never>] = []
    private var isRunning = false
    /// As of the last look.
    var queueAges: [EndpointName: Duration] = [:]

    /// - Parameters:
    ///   - loop: Where attempts run: the loop of the transport that carries them saves a thread switch per step. `nil`: the global pool.
    ///   - makeDestination: Called once per endpoint definition, for callbacks once per attempt; must not block. What it throws is shown to
    ///     people with the attempt, and the delivery is tried again later.
    package init(
        node: NodeID, store: any Store, directory: EndpointDirectory, time: any TimeSource, dice: Dice, logger: Logger,
        spans: SpanSource? = nil, options: DeliveryEngineOptions = DeliveryEngineOptions(), loop: (any TaskExecutor)? = nil,
        makeDestination: @escaping @Sendable (Endpoint) throws -> any Destination
    ) {
        self.node = node
        self.store = store
        self.directory = directory
        self.time = time
        self.dice = dice
        self.logger = logger
        self.spans = spans
        self.options = options
        self.loop = loop
        self.makeDestination = makeDestination
        alarm = Alarm(time: time)
        places = DeliveryPlaces(
            node: node, directory: directory, time: time, alarm: alarm, bounds: LaneTable.Bounds(inAll: options.maximumInFlightInAll))
        destinations = DestinationCache(make: makeDestination)
    }

    /// Works until the task is cancelled, once per engine; returns when nothing of it is left.
    ///
    /// On cancellation nothing new is claimed, what was not begun is given back to the store, and running attempts have
    /// ``DeliveryEngineOptions/drainLimit`` to finish before they are cancelled and given back too.
    package func run() async {
        precondition(!isRunning, "a sender runs once")
        isRunning = true
        // Cancelling a task cancels its children at once, but running attempts are to finish. So the work is a task of its own, which hears
        // of the cancellation by the closed places; it is awaited right here.
        let work = Task(executorPreference: loop) { await self.work() }
        await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            places.close()
        }
        isRunning = false
    }

    /// Sends an event to an endpoint at once, through the same destination as every delivery, and leaves no trace in the store.
    ///
    /// - Parameter response: The response object the event is about, for payloads that carry it.
    /// - Returns: The attempt, numbered 1. Cancelling the task ends it soon, as a failure.
    nonisolated package func test(_ endpoint: Endpoint, event: Event, response: [UInt8]? = nil) async -> Attempt {
        let startedAt = time.wallNow
        let start = time.now
        let id = DeliveryID(event: event.id, endpoint: endpoint.name)
        let delivery = Delivery(
            id: id, event: event.id, eventType: event.type, endpoint: endpoint.name, watch: event.watch, response: event.response,
            status: .delivering, attempts: 0, attemptsInAll: 0, nextAttemptAt: nil, deadReason: nil, createdAt: startedAt,
            deliveredAt: nil, updatedAt: startedAt)
        let job = DeliveryJob(
            delivery: delivery, lease: Lease(node: node, epoch: 0), leasedUntil: startedAt + endpoint.leaseLength, event: event,
            response: response, metadata: [:], callback: nil)
        let report: AttemptReport
        do {
            report = try await makeDestination(endpoint).attempt(job, number: 1, startedAt: startedAt)
        } catch {
            report = AttemptReport(unusable: error)
        }
        if let detail = report.operatorDetail {
            logger.notice("A test event was refused.", metadata: ["endpoint.name": "\(endpoint.name)", "attempt.detail": "\(detail)"])
        }
        return Attempt(
            number: 1, startedAt: startedAt, report: report, isSuccess: AttemptReading(report).isSuccess, elapsed: time.now - start)
    }

    /// The directory was changed, or an endpoint was enabled: returns when that has taken effect here.
    package func endpointsChanged() async {
        await adoptBreakers()
        places.endpointsChanged()
        histories = histories.filter { directory[$0.key] != nil }
    }

    /// How an endpoint did lately, for people.
    package func history(of endpoint: EndpointName) -> AttemptHistory { histories[endpoint] ?? AttemptHistory() }

    package func snapshot() -> DeliverySnapshot {
        var snapshot = places.snapshot
        snapshot.isRunning = isRunning
        snapshot.counters = counters
        snapshot.queueAges = queueAges
        snapshot.storeTrouble = storeTroubles.values.first
        return snapshot
    }

    private func work() async {
        // Listening begins before the first look, so that nothing falls between the two.
        let hints = store.hints()
        // Before anything is claimed: what was open when the process before this one ended is open still.
        await adoptBreakers()
        await withDiscardingTaskGroup { group in
            group.addTask(executorPreference: loop) { await self.listen(to: hints) }
            while !places.isClosed {
                receive(in: &group)
                startStoreTasks(in: &group)
                await alarm.wait(until: nextTurn)
            }
            await drain(&group)
        }
        // What was handed over during the last moments.
        returnUnbegun(places.take().returned)
        await releaseUnsent(patience: Self.lastReleasePatience)
    }

    nonisolated private func listen(to hints: AsyncStream<StoreHint>) async {
        for await hint in hints {
            switch hint {
            case .deliveriesDue(let endpoints): places.look(at: endpoints)
            case .retriesDue(let endpoints): places.look(at: endpoints, onlyForRetries: true)
            case .endpointsChanged: await endpointsChanged()
            case .watchesRegistered, .watchesStopped, .watchesWorthALook: break
            }
        }
    }

    /// Waits until every claim that was made so far has arrived.
    func claimsToArrive() async {
        await withCheckedContinuation { continuation in
            claimWaiters.append(continuation)
            alarm.ring()
        }
    }

    private func receive(in group: inout DiscardingTaskGroup) {
        // Asked before the queue is emptied: a claim that ends in between is in the queue of the next turn.
        let hasClaimArrived = !places.isClaiming
        let (ready, returned) = places.take()
        startAll(ready, in: &group)
        returnUnbegun(returned)
        guard hasClaimArrived else { return }
        for waiter in claimWaiters { waiter.resume() }
        claimWaiters = []
    }

    private func startAll(_ jobs: [DeliveryJob], in group: inout DiscardingTaskGroup) {
        var gathered: [EndpointName: [DeliveryJob]] = [:]
        for job in jobs {
            let endpoint = job.delivery.endpoint
            if !endpoint.isCallback, directory[endpoint]?.digest != nil {
                gathered[endpoint, default: []].append(job)
            } else if mayStart(job) {
                start([job], in: &group)
            }
        }
        for (endpoint, jobs) in gathered { startDigest(jobs, to: endpoint, in: &group) }
    }

    /// One message about as many of these as belong together; the others are given back.
    private func startDigest(_ jobs: [DeliveryJob], to endpoint: EndpointName, in group: inout DiscardingTaskGroup) {
        let startable = jobs.filter { mayStart($0) }
        guard !startable.isEmpty, let digest = directory[endpoint]?.digest else {
            for job in startable { giveBack(job) }
            return
        }
        let chosen = digestSets.next(of: startable.prefix(digest.maximum).map(\.delivery.id), to: endpoint)
        let others = startable.filter { !chosen.contains($0.delivery.id) }
        if !others.isEmpty {
            for job in others { giveBack(job) }
            places.look(at: [endpoint])
        }
        start(startable.filter { chosen.contains($0.delivery.id) }, in: &group)
    }

    /// - Parameter jobs: One, or those of a digest.
    private func start(_ jobs: [DeliveryJob], in group: inout DiscardingTaskGroup) {
        guard let first = jobs.first else { return }
        if let ticket = places.begin(first) {
            for job in jobs { inHand[job.delivery.id] = job.lease }
            group.addTask(executorPreference: loop) {
                if jobs.count == 1 { await self.deliver(first, ticket) } else { await self.deliver(together: jobs, ticket) }
            }
        } else {
            // The circuit breaker opened while they were on their way: they wait with the others, and nothing is counted.
            counters.heldBack += jobs.count
            for job in jobs { giveBack(job) }
            places.look(at: [first.delivery.endpoint])
        }
    }

    /// - Returns: `false` when the delivery is not to be tried now; it is then dealt with.
    private func mayStart(_ job: DeliveryJob) -> Bool {
        let id = job.delivery.id
        let endpoint = job.delivery.endpoint
        if let lease = inHand[id] {
            // The lease ran out while this very node still had the delivery in hand, and a claim brought it back: it is not tried a second
            // time, its one outcome is recorded under the newer lease.
            if lease.epoch < job.lease.epoch { inHand[id] = job.lease }
            places.withdraw(job)
        } else if places.isClosed {
            giveBack(job)
        } else if job.leasedUntil <= time.wallNow {
            // Late, for example after the wall clock jumped: whoever claims it next may send it.
            places.withdraw(job)
            places.look(at: [endpoint])
        } else if directory[endpoint]?.isEnabled == false || job.leasedUntil - time.wallNow < self.endpoint(of: job)?.attemptLength ?? .zero
        {
            // The rest of the lease would not last for the attempt when it waited long for a place.
            giveBack(job)
            places.look(at: [endpoint])
        } else {
            return true
        }
        return false
    }

    private func startStoreTasks(in group: inout DiscardingTaskGroup) {
        if time.now >= claimPause, let claim = places.beginClaim(rows: options.claimRows, lanes: options.claimLanes) {
            group.addTask(executorPreference: loop) { await self.claim(claim) }
        }
        if !isLooking, time.now >= nextLook {
            isLooking = true
            group.addTask(executorPreference: loop) { await self.look() }
        }
        if !isReleasing, !unsent.isEmpty {
            group.addTask(executorPreference: loop) { await self.releaseUnsent(patience: self.options.recordingPatience) }
        }
    }

    private var nextTurn: Moment? {
        var turn = isLooking ? Moment.distantFuture : nextLook
        if let wakeUp = places.nextWakeUp { turn = min(turn, max(claimPause, time.now + (wakeUp - time.wallNow))) }
        if claimPause > time.now { turn = min(turn, claimPause) }
        return turn == .distantFuture ? nil : turn
    }

    /// Waits for what is under way; what was not begun is given back at once, so that another node may have it.
    private func drain(_ group: inout DiscardingTaskGroup) async {
        let deadline = time.now + options.drainLimit
        var isCutShort = false
        logger.info("The sender stops: it waits for the attempts under way.", metadata: ["attempts.running": "\(inHand.count)"])
        while true {
            receive(in: &group)
            await releaseUnsent(patience: .zero)
            if inHand.isEmpty, !places.isClaiming, !isLooking { break }
            if !isCutShort, time.now >= deadline {
                isCutShort = true
                logger.warning(
                    "Attempts did not finish in time and are cancelled; they are made again after the next start.",
                    metadata: ["attempts.running": "\(inHand.count)"])
                group.cancelAll()
            }
            await alarm.wait(until: isCutShort ? nil : deadline)
        }
        group.cancelAll()
    }
}
