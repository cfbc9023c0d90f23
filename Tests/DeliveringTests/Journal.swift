import NIOConcurrencyHelpers

/// What happened, in order; a test can wait until there are so many entries.
final class Journal<Entry: Sendable>: Sendable {
    private struct State {
        var entries: [Entry] = []
        var nextToken = 0
        var waiters: [Int: (count: Int, continuation: CheckedContinuation<Void, any Error>)] = [:]
    }

    private let state = NIOLockedValueBox(State())

    var entries: [Entry] { state.withLockedValue(\.entries) }

    /// - Returns: The number of entries with this one.
    @discardableResult
    func append(_ entry: Entry) -> Int {
        let (count, woken) = state.withLockedValue { state in
            state.entries.append(entry)
            let count = state.entries.count
            let woken = state.waiters.filter { $0.value.count <= count }
            for token in woken.keys { state.waiters[token] = nil }
            return (count, woken.values)
        }
        for waiter in woken { waiter.continuation.resume() }
        return count
    }

    /// The first `count` entries, as soon as there are so many; the test's time limit ends a wait that is in vain.
    @discardableResult
    func first(_ count: Int) async throws -> [Entry] {
        let token = state.withLockedValue { state in
            state.nextToken += 1
            return state.nextToken
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let end: Result<Void, any Error>? = state.withLockedValue { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.entries.count >= count { return .success(()) }
                    state.waiters[token] = (count, continuation)
                    return nil
                }
                if let end { continuation.resume(with: end) }
            }
        } onCancel: {
            state.withLockedValue { $0.waiters.removeValue(forKey: token) }?.continuation.resume(throwing: CancellationError())
        }
        return Array(entries.prefix(count))
    }
}

/// A door that is shut until a test opens it.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var nextToken = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = NIOLockedValueBox(State())

    func open() {
        let waiters = state.withLockedValue { state in
            state.isOpen = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until the door is open or the task is cancelled.
    func wait() async {
        let token = state.withLockedValue { state in
            state.nextToken += 1
            return state.nextToken
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayPass = state.withLockedValue { state in
                    guard !state.isOpen, !Task.isCancelled else { return true }
                    state.waiters[token] = continuation
                    return false
                }
                if mayPass { continuation.resume() }
            }
        } onCancel: {
            state.withLockedValue { $0.waiters.removeValue(forKey: token) }?.resume()
        }
    }
}

/// Returns as soon as `condition` holds; the test's time limit ends a wait that is in vain.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() {
        try Task.checkCancellation()
        await Task.yield()
    }
}
