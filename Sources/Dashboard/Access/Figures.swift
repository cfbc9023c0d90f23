import RingbackCore
import Store

/// The few numbers every overview shows, counted for all viewers together and at most once a second: counting a large store is not free.
actor Figures {
    struct Counts: Sendable {
        let watches: Int
        let waiting: Int
        let dead: Int
    }

    private static let freshness: Duration = .seconds(1)
    /// A count that takes long is good for longer: it may take up so much of a reader's time.
    private static let share = 20

    private let store: any Store
    private let time: any TimeSource
    private var latest: (counts: Counts, until: Moment)?
    private var isCounting = false

    init(store: any Store, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    func counts() async throws -> Counts {
        // While somebody counts, the others take what there is.
        if let latest, isCounting || time.now < latest.until { return latest.counts }
        isCounting = true
        defer { isCounting = false }
        let start = time.now
        let counts = Counts(
            watches: try await store.openWatchCount(), waiting: try await store.pendingDeliveryCount(),
            dead: try await store.redrive(DeadLetterFilter(), dryRun: true, now: time.wallNow).matched)
        let now = time.now
        latest = (counts, now + max(Self.freshness, (now - start) * Self.share))
        return counts
    }
}
