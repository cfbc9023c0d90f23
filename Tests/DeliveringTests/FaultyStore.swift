import NIOConcurrencyHelpers
import RingbackCore
import Store

/// A store that fails when a test says so, tells what was asked of it, and otherwise passes everything on.
final class FaultyStore: Store {
    enum Task: Sendable, Hashable {
        case claim
        case look
        case record
        case release
        case setDisabled
        case response
        case breaker
    }

    private struct State {
        /// Thrown one by one.
        var faults: [Task: [StoreError]] = [:]
        var isDead = false
        var isDeaf = false
    }

    private let store: any Store
    private let state = NIOLockedValueBox(State())

    /// The sizes of successful claims.
    let claims = Journal<Int>()
    let looks = Journal<[EndpointName: Timestamp]>()
    /// Outcomes that are on record.
    let records = Journal<AttemptResultRow>()
    /// Outcomes that came too late.
    let lateRecords = Journal<AttemptResultRow>()
    let failures = Journal<Task>()

    init(_ store: any Store) {
        self.store = store
    }

    func fail(_ task: Task, times: Int, with error: StoreError = .noSpace) {
        state.withLockedValue { $0.faults[task, default: []] += Array(repeating: error, count: times) }
    }

    func heal() {
        state.withLockedValue { $0.faults = [:] }
    }

    /// From now on it is as if the process that uses this store were dead.
    func die() {
        state.withLockedValue { $0.isDead = true }
    }

    /// From now on no hint gets through.
    func loseHints() {
        state.withLockedValue { $0.isDeaf = true }
    }

    private func pass(_ task: Task) throws(StoreError) {
        let error: StoreError? = state.withLockedValue { state in
            if state.isDead { return .closed }
            guard state.faults[task]?.isEmpty == false else { return nil }
            return state.faults[task]?.removeFirst()
        }
        guard let error else { return }
        failures.append(task)
        throw error
    }

    func claimDeliveries(_ claim: DeliveryClaim) async throws(StoreError) -> [DeliveryJob] {
        try pass(.claim)
        let jobs = try await store.claimDeliveries(claim)
        claims.append(jobs.count)
        return jobs
    }

    func nextDue() async throws(StoreError) -> [EndpointName: Timestamp] {
        try pass(.look)
        let times = try await store.nextDue()
        looks.append(times)
        return times
    }

    func record(_ result: AttemptResultRow) async throws(StoreError) -> RecordedAttempt? {
        try pass(.record)
        let recorded = try await store.record(result)
        if recorded != nil { records.append(result) } else { lateRecords.append(result) }
        return recorded
    }

    func releaseDeliveries(_ deliveries: [(id: DeliveryID, lease: Lease)], dueAt: Timestamp) async throws(StoreError) {
        try pass(.release)
        try await store.releaseDeliveries(deliveries, dueAt: dueAt)
    }

    func setDisabled(_ name: EndpointName, reason: String?, now: Timestamp) async throws(StoreError) {
        try pass(.setDisabled)
        try await store.setDisabled(name, reason: reason, now: now)
    }

    func response(of event: EventID) async throws(StoreError) -> [UInt8]? {
        try pass(.response)
        return try await store.response(of: event)
    }

    func suggestLook(_ ids: [WatchID]) { store.suggestLook(ids) }
    var latestChange: ChangeMark { store.latestChange }
    func changes(after mark: ChangeMark, limit: Int) async throws(StoreError) -> ChangePage? {
        try await store.changes(after: mark, limit: limit)
    }
    func changeSignals() -> AsyncStream<Void> { store.changeSignals() }
    func hints() -> AsyncStream<StoreHint> {
        state.withLockedValue(\.isDeaf) ? AsyncStream { $0.finish() } : store.hints()
    }
}

// Passed on as it is.
extension FaultyStore {
    func register(_ watch: NewWatch, now: Timestamp) async throws(StoreError) -> Registration { try await store.register(watch, now: now) }
    func watch(_ id: WatchID) async throws(StoreError) -> Watch? { try await store.watch(id) }
    func watches(_ filter: WatchFilter, page: PageRequest) async throws(StoreError) -> Page<Watch> {
        try await store.watches(filter, page: page)
    }
    func claimWatches(for node: NodeID, now: Timestamp, limit: Int) async throws(StoreError) -> [ClaimedWatch] {
        try await store.claimWatches(for: node, now: now, limit: limit)
    }
    func saveProgress(_ progress: [WatchProgress], now: Timestamp) async throws(StoreError) {
        try await store.saveProgress(progress, now: now)
    }
    func end(_ ending: WatchEnding) async throws(StoreError) -> RecordedEvent? { try await store.end(ending) }
    func record(_ notice: WatchNotice) async throws(StoreError) -> RecordedEvent? { try await store.record(notice) }
    func stopWatch(_ id: WatchID, now: Timestamp) async throws(StoreError) -> Watch? { try await store.stopWatch(id, now: now) }
    func releaseWatches(_ watches: [(id: WatchID, lease: Lease)]) async throws(StoreError) { try await store.releaseWatches(watches) }
    func closeSecondLooks(_ watches: [(id: WatchID, lease: Lease)]) async throws(StoreError) { try await store.closeSecondLooks(watches) }
    func response(of watch: WatchID) async throws(StoreError) -> [UInt8]? { try await store.response(of: watch) }
    func missingResponse(of watch: WatchID) async throws(StoreError) -> MissingResponse? { try await store.missingResponse(of: watch) }
    func openWatchCount() async throws(StoreError) -> Int { try await store.openWatchCount() }
    func delivery(_ id: DeliveryID) async throws(StoreError) -> Delivery? { try await store.delivery(id) }
    func attempts(of delivery: DeliveryID) async throws(StoreError) -> [Attempt] { try await store.attempts(of: delivery) }
    func deliveries(_ filter: DeliveryFilter, page: PageRequest) async throws(StoreError) -> Page<Delivery> {
        try await store.deliveries(filter, page: page)
    }
    func retryDelivery(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> Delivery? {
        try await store.retryDelivery(id, now: now)
    }
    func abandonDelivery(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> Delivery? {
        try await store.abandonDelivery(id, now: now)
    }
    func redrive(
        _ filter: DeadLetterFilter, dryRun: Bool, after cursor: PageCursor?, limit: Int?, now: Timestamp
    ) async throws(StoreError) -> Redriven {
        try await store.redrive(filter, dryRun: dryRun, after: cursor, limit: limit, now: now)
    }
    func replayCandidates(
        for endpoint: EndpointName, since: Timestamp, until: Timestamp, after cursor: PageCursor?, limit: Int
    ) async throws(StoreError) -> [ReplayCandidate] {
        try await store.replayCandidates(for: endpoint, since: since, until: until, after: cursor, limit: limit)
    }
    func replay(_ events: [EventID], to endpoint: EndpointName, missingOnly: Bool, now: Timestamp) async throws(StoreError) -> Int {
        try await store.replay(events, to: endpoint, missingOnly: missingOnly, now: now)
    }
    func deadLetters(_ filter: DeadLetterFilter, page: PageRequest) async throws(StoreError) -> Page<Delivery> {
        try await store.deadLetters(filter, page: page)
    }
    func pendingDeliveryCount() async throws(StoreError) -> Int { try await store.pendingDeliveryCount() }
    func record(_ event: Event, recipients: [Recipient], now: Timestamp) async throws(StoreError) -> RecordedEvent? {
        try await store.record(event, recipients: recipients, now: now)
    }
    func event(_ id: EventID) async throws(StoreError) -> Event? { try await store.event(id) }
    func events(_ filter: EventFilter, page: PageRequest) async throws(StoreError) -> Page<Event> {
        try await store.events(filter, page: page)
    }
    func resend(_ event: EventID, to endpoint: EndpointName, now: Timestamp) async throws(StoreError) -> Delivery? {
        try await store.resend(event, to: endpoint, now: now)
    }
    func storedEndpoints() async throws(StoreError) -> [Endpoint] { try await store.storedEndpoints() }
    func addEndpoint(_ endpoint: Endpoint, now: Timestamp) async throws(StoreError) -> Bool {
        try await store.addEndpoint(endpoint, now: now)
    }
    func updateEndpoint(_ endpoint: Endpoint, now: Timestamp) async throws(StoreError) -> Bool {
        try await store.updateEndpoint(endpoint, now: now)
    }
    func removeEndpoint(_ name: EndpointName, now: Timestamp) async throws(StoreError) -> Bool {
        try await store.removeEndpoint(name, now: now)
    }
    func admit(_ key: IdempotencyKey, digest: [UInt8], now: Timestamp) async throws(StoreError) -> IdempotencyAdmission {
        try await store.admit(key, digest: digest, now: now)
    }

    func finish(_ key: IdempotencyKey, with answer: KeptAnswer?) async throws(StoreError) {
        try await store.finish(key, with: answer)
    }

    func disabledEndpoints() async throws(StoreError) -> [EndpointName: String] { try await store.disabledEndpoints() }
    func breakers() async throws(StoreError) -> [EndpointName: BreakerRecord] { try await store.breakers() }
    func saveBreaker(_ record: BreakerRecord, of endpoint: EndpointName, now: Timestamp) async throws(StoreError) {
        try pass(.breaker)
        try await store.saveBreaker(record, of: endpoint, now: now)
    }
    func rememberedManners() async throws(StoreError) -> [RememberedManners] { try await store.rememberedManners() }
    func remember(_ manners: RememberedManners) async throws(StoreError) { try await store.remember(manners) }
    func sinkRecord(of watch: WatchID, at endpoint: EndpointName) async throws(StoreError) -> SinkRecord? {
        try await store.sinkRecord(of: watch, at: endpoint)
    }
    func keep(_ record: SinkRecord, now: Timestamp) async throws(StoreError) { try await store.keep(record, now: now) }

    func open(_ intent: CreateIntent, by node: NodeID, atMost maximum: Int) async throws(StoreError) -> Bool {
        try await store.open(intent, by: node, atMost: maximum)
    }
    func close(_ intent: IntentID) async throws(StoreError) { try await store.close(intent) }
    func register(_ watch: NewWatch, resolving intent: IntentID, now: Timestamp) async throws(StoreError) -> Registration? {
        try await store.register(watch, resolving: intent, now: now)
    }
    func intents(of node: NodeID, now: Timestamp, limit: Int) async throws(StoreError) -> [CreateIntent] {
        try await store.intents(of: node, now: now, limit: limit)
    }
    func withholdResponse(of watch: WatchID) async throws(StoreError) { try await store.withholdResponse(of: watch) }
    func isResponseWithheld(of watch: WatchID) async throws(StoreError) -> Bool { try await store.isResponseWithheld(of: watch) }

    func heartbeat(_ node: NodeID, now: Timestamp, until: Timestamp) async throws(StoreError) {
        try await store.heartbeat(node, now: now, until: until)
    }
    func checkReadiness() async throws(StoreError) { try await store.checkReadiness() }
    func purge(
        deliveredBefore: Timestamp, deadBefore: Timestamp, responsesBefore: Timestamp, watchesBefore: Timestamp, limit: Int
    ) async throws(StoreError) -> Bool {
        try await store.purge(
            deliveredBefore: deliveredBefore, deadBefore: deadBefore, responsesBefore: responsesBefore, watchesBefore: watchesBefore,
            limit: limit)
    }
    func close() async { await store.close() }
}
