import NIOConcurrencyHelpers
import RingbackCore
import RingbackTesting

/// A clock that stands still until it is moved, and knows how many sleep by it.
final class CountingTime: TimeSource {
    private let time = ManualTime()
    private let count = NIOLockedValueBox(0)

    var now: Moment { time.now }
    var wallNow: Timestamp { time.wallNow }
    var sleeperCount: Int { count.withLockedValue { $0 } }

    /// Moves to the earliest moment somebody sleeps for.
    func advanceToNextDeadline() {
        guard let deadline = time.nextDeadline else { return }
        time.advance(by: max(deadline - time.now, .zero))
    }

    func sleep(until deadline: Moment) async throws {
        count.withLockedValue { $0 += 1 }
        defer { count.withLockedValue { $0 -= 1 } }
        try await time.sleep(until: deadline)
    }
}
