/// Lets one change happen at a time, in the order of their arrival.
///
/// A change of an endpoint reads it, writes it and publishes it; of two that overlap the later one would undo what the earlier one wrote, and
/// a secret that was just shown would be lost.
actor OneAtATime {
    private var isTaken = false
    /// Bounded by the server's connections: each waits for one answer.
    private var waiters: [CheckedContinuation<Void, Never>] = []

    /// Runs `body` when all earlier callers are done. A cancelled caller keeps its place in the queue.
    nonisolated func alone<Value: Sendable>(_ body: () async throws -> Value) async rethrows -> Value {
        await take()
        do {
            let value = try await body()
            await leave()
            return value
        } catch {
            await leave()
            throw error
        }
    }

    private func take() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiters.append($0) }
    }

    private func leave() {
        guard !waiters.isEmpty else {
            isTaken = false
            return
        }
        // The place passes from hand to hand, so nobody can slip in between.
        waiters.removeFirst().resume()
    }
}
