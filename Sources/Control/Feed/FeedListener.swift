import NIOConcurrencyHelpers
import RingbackCore
import Store

/// One who listens to the feed: a place in it.
///
/// One task asks for what comes next; the feed wakes it, and drops it when its connection takes nothing.
final class FeedListener: Sendable {
    private struct State {
        /// `nil` before the first answer.
        var place: ChangeMark?
        var waiter: CheckedContinuation<Void, Never>?
        /// Something may have come since the last look.
        var isWoken = false
        var owesHeartbeat = false
        var hasEnded = false
        /// Since when its connection has not taken what it was given.
        var writingSince: Moment?
    }

    let number: Int
    private let feed: ChangeFeed
    private let wanted: ChangeMark?
    private let latest: ChangeMark
    /// Closes its connection.
    private let drop: @Sendable () -> Void
    private let state = NIOLockedValueBox(State())

    init(number: Int, feed: ChangeFeed, wanted: ChangeMark?, latest: ChangeMark, drop: @escaping @Sendable () -> Void) {
        self.number = number
        self.feed = feed
        self.wanted = wanted
        self.latest = latest
        self.drop = drop
    }

    /// What to write next; waits for it. Notes that it is being written.
    ///
    /// - Returns: `nil` when it is over.
    func next() async throws -> [UInt8]? {
        state.withLockedValue { $0.writingSince = nil }
        while let bytes = try await look() {
            guard bytes.isEmpty else {
                state.withLockedValue { $0.writingSince = feed.time.now }
                return bytes
            }
            await wait()
        }
        return nil
    }

    /// - Returns: Nothing when there is nothing yet; `nil` when it is over.
    private func look() async throws -> [UInt8]? {
        let (place, hasEnded) = state.withLockedValue { state in
            state.isWoken = false
            return (state.place, state.hasEnded)
        }
        if hasEnded || Task.isCancelled { return nil }
        guard let place else { return begin() }
        if let piece = feed.state.withLockedValue({ $0.kept?.piece(after: place.number) }) {
            move(to: ChangeMark(journal: place.journal, number: piece.reached))
            if !piece.bytes.isEmpty { return piece.bytes }
            let owesHeartbeat = state.withLockedValue { state in
                defer { state.owesHeartbeat = false }
                return state.owesHeartbeat
            }
            return owesHeartbeat ? FeedFrame.heartbeat : []
        }
        return try await catchUp(from: place)
    }

    private func begin() -> [UInt8] {
        guard let wanted, wanted != latest else {
            move(to: latest)
            return FeedFrame.opening + FeedFrame.ready(latest)
        }
        guard wanted.journal == latest.journal, wanted.number <= latest.number else {
            move(to: latest)
            return FeedFrame.opening + FeedFrame.reset(latest, .restarted)
        }
        move(to: wanted)
        return FeedFrame.opening + FeedFrame.ready(wanted)
    }

    /// Reads by itself what is between its place and what is kept ready for all: once, after it was away.
    private func catchUp(from place: ChangeMark) async throws -> [UInt8] {
        let from = feed.state.withLockedValue { $0.kept?.from } ?? place.number
        guard from > place.number else { return [] }
        guard let page = try await feed.store.changes(after: place, limit: FeedLimits.changesPerRead) else {
            let latest = feed.store.latestChange
            move(to: latest)
            return FeedFrame.reset(latest, .tooFarBehind)
        }
        move(to: page.reached)
        let bytes = try page.changes.flatMap { try FeedFrame.change($0) }
        // All of it was deleted since: the next look finds what follows.
        return bytes.isEmpty ? FeedFrame.heartbeat : bytes
    }

    private func move(to mark: ChangeMark) {
        state.withLockedValue { $0.place = mark }
    }

    // MARK: Waiting

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLockedValue { state in
                    guard !state.isWoken, !state.hasEnded else { return true }
                    state.waiter = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            end()
        }
    }

    func wake() {
        change { $0.isWoken = true }
    }

    func end() {
        change { $0.hasEnded = true }
    }

    /// A heartbeat's time has passed.
    func tick(_ now: Moment) {
        let isStuck = change { state in
            // Also owed to one that is writing: it is due when that is done.
            state.owesHeartbeat = true
            state.isWoken = true
            return state.writingSince.map { now - $0 >= FeedLimits.patience } ?? false
        }
        guard isStuck else { return }
        end()
        drop()
    }

    @discardableResult
    private func change<Value>(_ body: (inout State) -> Value) -> Value {
        let (value, waiter) = state.withLockedValue { state in
            let value = body(&state)
            defer { state.waiter = nil }
            return (value, state.waiter)
        }
        waiter?.resume()
        return value
    }
}
