import NIOConcurrencyHelpers
package import RingbackCore
import RingbackTesting

/// A clock that stands still until it is moved, and knows how many sleep by it.
package final class CountingTime: TimeSource {
    private let time = ManualTime()
    private let count = NIOLockedValueBox(0)

    package init() {}

    package var now: Moment { time.now }
    package var wallNow: Timestamp { time.wallNow }
    package var sleeperCount: Int { count.withLockedValue { $0 } }

    /// Moves without regard to who sleeps.
    package func advance(by duration: Duration) { time.advance(by: duration) }

    /// Moves to the earliest moment somebody sleeps for.
    package func advanceToNextDeadline() {
        guard let deadline = time.nextDeadline else { return }
        time.advance(by: max(deadline - time.now, .zero))
    }

    package func sleep(until deadline: Moment) async throws {
        count.withLockedValue { $0 += 1 }
        defer { count.withLockedValue { $0 -= 1 } }
        try await time.sleep(until: deadline)
    }
}
