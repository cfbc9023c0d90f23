import RingbackCore
import Tracing

/// A span that has ended, as it is sent.
struct FinishedSpan: Sendable {
    let context: TraceContext
    /// `nil` at the beginning of a trace.
    let parent: SpanID?
    var name: String
    let kind: SpanKind
    let startedAt: UInt64
    var endedAt: UInt64 = 0
    var attributes: SpanAttributes = [:]
    var status: SpanStatus?
}
