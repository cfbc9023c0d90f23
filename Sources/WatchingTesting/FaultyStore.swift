import NIOConcurrencyHelpers
package import RingbackCore
package import Store

/// A store that can be told to fail for a while.
package final class FaultyStore: Store {
    private let store: any Store
    private let failures = NIOLockedValueBox<(left: Int, error: StoreError)>((0, .noSpace))

    package init(_ store: any Store) {
        self.store = store
    }

    /// The next `count` attempts to write down what happened to a watch fail.
    package func fail(_ count: Int, with error: StoreError = .noSpace) {
        failures.withLockedValue { $0 = (count, error) }
    }

    package var failuresLeft: Int { failures.withLockedValue(\.left) }

    private func check() throws(StoreError) {
        let error: StoreError? = failures.withLockedValue { failures in
            guard failures.left > 0 else { return nil }
            failures.left -= 1
            return failures.error
        }
        if let error { throw error }
    }

    package func end(_ ending: WatchEnding) async throws(StoreError) -> RecordedEvent? {
        try check()
        return try await store.end(ending)
    }

    package func record(_ notice: WatchNotice) async throws(StoreError) -> RecordedEvent? {
        try check()
        return try await store.record(notice)
    }

    // Everything else is passed on.

    package func register(_ watch: NewWatch, now: Timestamp) async throws(StoreError) -> Registration {
        try await store.register(watch, now: now)
    }
    package func watch(_ id: WatchID) async throws(StoreError) -> Watch? { try await store.watch(id) }
    package func watches(_ filter: WatchFilter, page: PageRequest) async throws(StoreError) -> Page<Watch> {
        try await store.watches(filter, page: page)
    }
    package func claimWatches(for node: NodeID, now: Timestamp, limit: Int) async throws(StoreError) -> [ClaimedWatch] {
        try await store.claimWatches(for: node, now: now, limit: limit)
    }
    package func saveProgress(_ progress: [WatchProgress], now: Timestamp) async throws(StoreError) {
        try await store.saveProgress(progress, now: now)
    }
    package func stopWatch(_ id: WatchID, now: Timestamp) async throws(StoreError) -> Watch? { try await store.stopWatch(id, now: now) }
    package func releaseWatches(_ watches: [(id: WatchID, lease: Lease)]) async throws(StoreError) {
        try await store.releaseWatches(watches)
    }
    package func closeSecondLooks(_ watches: [(id: WatchID, lease: Lease)]) async throws(StoreError) {
        try await store.closeSecondLooks(watches)
    }
    package func response(of watch: WatchID) async throws(StoreError) -> [UInt8]? { try await store.response(of: watch) }
    package func missingResponse(of watch: WatchID) async throws(StoreError) -> MissingResponse? {
        try await store.missingResponse(of: watch)
    }
    package func openWatchCount() async throws(StoreError) -> Int { try await store.openWatchCount() }

    package func claimDeliveries(_ claim: DeliveryClaim) async throws(StoreError) -> [DeliveryJob] {
        try await store.claimDeliveries(claim)
    }
    package func nextDue() async throws(StoreError) -> [EndpointName: Timestamp] { try await store.nextDue() }
    package func record(_ result: AttemptResultRow) async throws(StoreError) -> RecordedAttempt? { try await store.record(result) }
    package func releaseDeliveries(_ deliveries: [(id: DeliveryID, lease: Lease)], dueAt: Timestamp) async throws(StoreError) {
        try await store.releaseDeliveries(deliveries, dueAt: dueAt)
    }
    package func delivery(_ id: DeliveryID) async throws(StoreError) -> Delivery? { try await store.delivery(id) }
    package func attempts(of delivery: DeliveryID) async throws(StoreError) -> [Attempt] { try await store.attempts(of: delivery) }
    package func deliveries(_ filter: DeliveryFilter, page: PageRequest) async throws(StoreError) -> Page<Delivery> {
        try await store.deliveries(filter, page: page)
    }
    package func retryDelivery(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> Delivery? {
        try await store.retryDelivery(id, now: now)
    }
    package func abandonDelivery(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> Delivery? {
        try await store.abandonDelivery(id, now: now)
    }
    package func redrive(
        _ filter: DeadLetterFilter, dryRun: Bool, after cursor: PageCursor?, limit: Int?, now: Timestamp
    ) async throws(StoreError) -> Redriven {
        try await store.redrive(filter, dryRun: dryRun, after: cursor, limit: limit, now: now)
    }
    package func replayCandidates(
        for endpoint: EndpointName, since: Timestamp, until: Timestamp, after cursor: PageCursor?, limit: Int
    ) async throws(StoreError) -> [ReplayCandidate] {
        try await store.replayCandidates(for: endpoint, since: since, until: until, after: cursor, limit: limit)
    }
    package func replay(_ events: [EventID], to endpoint: EndpointName, missingOnly: Bool, now: Timestamp) async throws(StoreError) -> Int {
        try await store.replay(events, to: endpoint, missingOnly: missingOnly, now: now)
    }
    package func deadLetters(_ filter: DeadLetterFilter, page: PageRequest) async throws(StoreError) -> Page<Delivery> {
        try await store.deadLetters(filter, page: page)
    }
    package func pendingDeliveryCount() async throws(StoreError) -> Int { try await store.pendingDeliveryCount() }

    package func record(_ event: Event, recipients: [Recipient], now: Timestamp) async throws(StoreError) -> RecordedEvent? {
        try await store.record(event, recipients: recipients, now: now)
    }
    package func event(_ id: EventID) async throws(StoreError) -> Event? { try await store.event(id) }
    package func events(_ filter: EventFilter, page: PageRequest) async throws(StoreError) -> Page<Event> {
        try await store.events(filter, page: page)
    }
    package func response(of event: EventID) async throws(StoreError) -> [UInt8]? { try await store.response(of: event) }
    package func resend(_ event: EventID, to endpoint: EndpointName, now: Timestamp) async throws(StoreError) -> Delivery? {
        try await store.resend(event, to: endpoint, now: now)
    }

    package func storedEndpoints() async throws(StoreError) -> [Endpoint] { try await store.storedEndpoints() }
    package func addEndpoint(_ endpoint: Endpoint, now: Timestamp) async throws(StoreError) -> Bool {
        try await store.addEndpoint(endpoint, now: now)
    }
    package func updateEndpoint(_ endpoint: Endpoint, now: Timestamp) async throws(StoreError) -> Bool {
        try await store.updateEndpoint(endpoint, now: now)
    }
    package func removeEndpoint(_ name: EndpointName, now: Timestamp) async throws(StoreError) -> Bool {
        try await store.removeEndpoint(name, now: now)
    }
    package func setDisabled(_ name: EndpointName, reason: String?, now: Timestamp) async throws(StoreError) {
        try await store.setDisabled(name, reason: reason, now: now)
    }
    package func admit(_ key: IdempotencyKey, digest: [UInt8], now: Timestamp) async throws(StoreError) -> IdempotencyAdmission {
        try await store.admit(key, digest: digest, now: now)
    }

    package func finish(_ key: IdempotencyKey, with answer: KeptAnswer?) async throws(StoreError) {
        try await store.finish(key, with: answer)
    }

    package func disabledEndpoints() async throws(StoreError) -> [EndpointName: String] { try await store.disabledEndpoints() }
    package func breakers() async throws(StoreError) -> [EndpointName: BreakerRecord] { try await store.breakers() }
    package func saveBreaker(_ record: BreakerRecord, of endpoint: EndpointName, now: Timestamp) async throws(StoreError) {
        try await store.saveBreaker(record, of: endpoint, now: now)
    }

    package func rememberedManners() async throws(StoreError) -> [RememberedManners] { try await store.rememberedManners() }
    package func sinkRecord(of watch: WatchID, at endpoint: EndpointName) async throws(StoreError) -> SinkRecord? {
        try await store.sinkRecord(of: watch, at: endpoint)
    }
    package func keep(_ record: SinkRecord, now: Timestamp) async throws(StoreError) { try await store.keep(record, now: now) }
    package func remember(_ manners: RememberedManners) async throws(StoreError) { try await store.remember(manners) }

    package func open(_ intent: CreateIntent, by node: NodeID, atMost maximum: Int) async throws(StoreError) -> Bool {
        try await store.open(intent, by: node, atMost: maximum)
    }
    package func close(_ intent: IntentID) async throws(StoreError) { try await store.close(intent) }
    package func register(_ watch: NewWatch, resolving intent: IntentID, now: Timestamp) async throws(StoreError) -> Registration? {
        try await store.register(watch, resolving: intent, now: now)
    }
    package func intents(of node: NodeID, now: Timestamp, limit: Int) async throws(StoreError) -> [CreateIntent] {
        try await store.intents(of: node, now: now, limit: limit)
    }
    package func withholdResponse(of watch: WatchID) async throws(StoreError) { try await store.withholdResponse(of: watch) }
    package func isResponseWithheld(of watch: WatchID) async throws(StoreError) -> Bool { try await store.isResponseWithheld(of: watch) }

    package func heartbeat(_ node: NodeID, now: Timestamp, until: Timestamp) async throws(StoreError) {
        try await store.heartbeat(node, now: now, until: until)
    }
    package func suggestLook(_ ids: [WatchID]) { store.suggestLook(ids) }
    package var latestChange: ChangeMark { store.latestChange }
    package func changes(after mark: ChangeMark, limit: Int) async throws(StoreError) -> ChangePage? {
        try await store.changes(after: mark, limit: limit)
    }
    package func changeSignals() -> AsyncStream<Void> { store.changeSignals() }
    package func hints() -> AsyncStream<StoreHint> { store.hints() }
    package func checkReadiness() async throws(StoreError) { try await store.checkReadiness() }
    package func purge(
        deliveredBefore: Timestamp, deadBefore: Timestamp, responsesBefore: Timestamp, watchesBefore: Timestamp, limit: Int
    ) async throws(StoreError) -> Bool {
        try await store.purge(
            deliveredBefore: deliveredBefore, deadBefore: deadBefore, responsesBefore: responsesBefore, watchesBefore: watchesBefore,
            limit: limit)
    }
    package func close() async { await store.close() }
}
