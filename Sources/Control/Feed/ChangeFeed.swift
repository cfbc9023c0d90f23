package import Logging
import NIOConcurrencyHelpers
package import RingbackCore
package import Store

/// The live feed of what changes in the store, read once for all who listen.
///
/// While somebody listens, one task reads the changes as they come and keeps the newest ones as text. A listener is no more than a place in
/// them: it takes what follows its place when its connection has room, so that a slow one costs nothing and holds nobody up. Who falls behind
/// what is kept reads on by itself, who falls behind what the store's journal remembers is told to look at everything anew, and who takes
/// nothing at all is dropped.
package final class ChangeFeed: Sendable {
    struct Kept {
        var texts: [(number: Int64, bytes: [UInt8])] = []
        var bytes = 0
        /// `texts` hold everything after `from` up to `reached`.
        var from: Int64
        var reached: Int64
    }

    struct State {
        var kept: Kept?
        var listeners: [Int: FeedListener] = [:]
        var nextListener = 0
        var isFinished = false
    }

    let store: any ChangeStore
    let time: any TimeSource
    let logger: Logger
    let state = NIOLockedValueBox(State())
    private let arrivals: Alarm

    package init(store: any ChangeStore, time: any TimeSource, logger: Logger) {
        self.store = store
        self.time = time
        self.logger = logger
        arrivals = Alarm(time: time)
    }

    /// Serves listeners until cancelled or the store is closed; then all of them are let go.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.follow() }
            group.addTask { await self.lookAfterListeners() }
            await group.next()
            group.cancelAll()
        }
        finish()
    }

    /// Whether one more may listen.
    var hasRoom: Bool { state.withLockedValue { !$0.isFinished && $0.listeners.count < FeedLimits.listeners } }

    /// - Parameter mark: The place after which it wants to hear everything; `nil`: from now on.
    /// - Returns: `nil` when there are too many, or the feed has ended.
    func listen(after mark: ChangeMark?, drop: @escaping @Sendable () -> Void) -> FeedListener? {
        let listener: FeedListener? = state.withLockedValue { state in
            guard !state.isFinished, state.listeners.count < FeedLimits.listeners else { return nil }
            let latest = store.latestChange
            // Nobody was listening: reading begins here. What is between a listener's own place and this one it reads by itself.
            if state.kept == nil { state.kept = Kept(from: latest.number, reached: latest.number) }
            state.nextListener += 1
            let listener = FeedListener(number: state.nextListener, feed: self, wanted: mark, latest: latest, drop: drop)
            state.listeners[listener.number] = listener
            return listener
        }
        if listener != nil { arrivals.ring() }
        return listener
    }

    func leave(_ listener: FeedListener) {
        state.withLockedValue { state in
            state.listeners[listener.number] = nil
            if state.listeners.isEmpty { state.kept = nil }
        }
    }

    // MARK: Reading

    private func follow() async {
        for await _ in store.changeSignals() {
            while !Task.isCancelled {
                do {
                    guard try await readOn() else { break }
                } catch {
                    logger.warning("What changed could not be read for the live feed", metadata: ["error": "\(error)"])
                    // Cancelled: the loop says so.
                    try? await time.sleep(until: time.now + FeedLimits.retryWait)
                }
            }
        }
    }

    /// - Returns: Whether there may be more.
    private func readOn() async throws -> Bool {
        guard let reached = state.withLockedValue({ $0.kept?.reached }) else { return false }
        let mark = ChangeMark(journal: store.latestChange.journal, number: reached)
        guard let page = try await store.changes(after: mark, limit: FeedLimits.changesPerRead) else {
            // More came at once than the journal holds: everybody is too far behind.
            skip(to: store.latestChange)
            return true
        }
        let texts = try page.changes.map { (number: $0.mark.number, bytes: try FeedFrame.change($0)) }
        keep(texts, after: reached, upTo: page.reached.number)
        return page.reached.number > reached
    }

    private func keep(_ texts: [(number: Int64, bytes: [UInt8])], after: Int64, upTo reached: Int64) {
        let waiting = state.withLockedValue { state in
            // Everybody left meanwhile, and perhaps somebody else came, for whom reading begins elsewhere.
            guard state.kept?.reached == after else { return [FeedListener]() }
            state.kept?.append(texts, upTo: reached)
            return Array(state.listeners.values)
        }
        for listener in waiting { listener.wake() }
    }

    private func skip(to mark: ChangeMark) {
        let waiting = state.withLockedValue { state in
            if state.kept != nil { state.kept = Kept(from: mark.number, reached: mark.number) }
            return Array(state.listeners.values)
        }
        for listener in waiting { listener.wake() }
    }

    // MARK: Looking after listeners

    private func lookAfterListeners() async {
        while !Task.isCancelled {
            // One clock for all of them, and none while there is nobody.
            await arrivals.wait(until: nil)
            while !Task.isCancelled, !state.withLockedValue(\.listeners.isEmpty) {
                guard (try? await time.sleep(until: time.now + FeedLimits.heartbeat)) != nil else { return }
                let now = time.now
                for listener in state.withLockedValue({ Array($0.listeners.values) }) { listener.tick(now) }
            }
        }
    }

    private func finish() {
        let listeners = state.withLockedValue { state in
            state.isFinished = true
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.end() }
    }
}

extension ChangeFeed.Kept {
    fileprivate mutating func append(_ new: [(number: Int64, bytes: [UInt8])], upTo reached: Int64) {
        texts += new
        bytes += new.reduce(0) { $0 + $1.bytes.count }
        self.reached = reached
        var surplus = 0
        while texts.count - surplus > FeedLimits.keptChanges || bytes > FeedLimits.keptBytes {
            bytes -= texts[surplus].bytes.count
            from = texts[surplus].number
            surplus += 1
        }
        texts.removeFirst(surplus)
    }

    /// What follows a place, up to about ``FeedLimits/pieceBytes``.
    ///
    /// - Returns: `nil` when it is not kept any more, or not yet.
    func piece(after number: Int64) -> (bytes: [UInt8], reached: Int64)? {
        guard number >= from, number <= reached else { return nil }
        // The numbers grow, so the place is found by halving.
        var (low, high) = (0, texts.count)
        while low < high {
            let middle = (low + high) / 2
            if texts[middle].number <= number { low = middle + 1 } else { high = middle }
        }
        var piece: [UInt8] = []
        for text in texts[low...] {
            piece += text.bytes
            if piece.count >= FeedLimits.pieceBytes { return (piece, text.number) }
        }
        return (piece, reached)
    }
}
