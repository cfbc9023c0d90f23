import DequeModule
import NIOConcurrencyHelpers
import RingbackCore

/// Spans that have ended and wait to be sent. When the collector does not keep up, new ones are dropped and counted: tracing must never
/// hold up what is traced, nor fill the memory.
final class SpanQueue: Sendable {
    /// About 4 MB.
    static let maximumSpans = 8_192
    /// So many are sent at once, without waiting for more.
    static let batch = 512

    private struct State {
        var spans: Deque<FinishedSpan> = []
        var counts = SpanCounts()
    }

    private let alarm: Alarm
    private let state = NIOLockedValueBox(State())

    /// - Parameter alarm: Rung when there is something after there was nothing, and again for a whole batch.
    init(alarm: Alarm) {
        self.alarm = alarm
    }

    func add(_ span: FinishedSpan) {
        let isWorthWaking = state.withLockedValue { state in
            guard state.spans.count < Self.maximumSpans else {
                state.counts.dropped[.queueFull, default: 0] += 1
                return false
            }
            state.spans.append(span)
            return state.spans.count == 1 || state.spans.count == Self.batch
        }
        if isWorthWaking { alarm.ring() }
    }

    func next() -> [FinishedSpan] {
        state.withLockedValue { state in
            let batch = Array(state.spans.prefix(Self.batch))
            state.spans.removeFirst(batch.count)
            return batch
        }
    }

    var count: Int { state.withLockedValue(\.spans.count) }

    func count(sent: Int) {
        state.withLockedValue { $0.counts.sent += sent }
    }

    func count(dropped: Int, _ reason: SpanCounts.Reason) {
        state.withLockedValue { $0.counts.dropped[reason, default: 0] += dropped }
    }

    var counts: SpanCounts { state.withLockedValue(\.counts) }
}

/// What became of spans since the start; for metrics.
package struct SpanCounts: Sendable, Hashable {
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// They came faster than they could be sent.
        case queueFull = "queue_full"
        /// The collector was not reached, or did not take them, for too long.
        case unavailable
        /// The collector refused them.
        case refused
    }

    package var sent = 0
    package var dropped: [Reason: Int] = [:]
}
