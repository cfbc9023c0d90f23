import NIOConcurrencyHelpers
import RingbackCore
import Spans
import Tracing

/// Makes spans and puts those that are sampled into a queue when they end.
///
/// Who continues a trace does as its beginning says; of the traces that begin here the given share is kept (OpenTelemetry's
/// `ParentBased(TraceIdRatioBased)`). Spans that are not kept carry ids all the same: whoever comes after them learns that it is not kept.
final class QueueingTracer: Tracer {
    typealias Span = QueuedSpan

    private let queue: SpanQueue
    private let clock: @Sendable () -> UInt64
    private let sample: Double
    private let dice: NIOLockedValueBox<any RandomNumberGenerator & Sendable>

    /// - Parameters:
    ///   - clock: Nanoseconds since 1970.
    ///   - sample: From 0 to 1.
    init(
        queue: SpanQueue, sample: Double, clock: @escaping @Sendable () -> UInt64, dice: some RandomNumberGenerator & Sendable
    ) {
        self.queue = queue
        self.sample = sample
        self.clock = clock
        self.dice = NIOLockedValueBox(dice)
    }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> QueuedSpan {
        let parent = context()
        let own = child(of: parent.trace)
        var context = parent
        context.trace = own
        return QueuedSpan(
            context: context, queue: own.isSampled ? queue : nil, clock: clock,
            FinishedSpan(context: own, parent: parent.trace?.spanID, name: operationName, kind: kind, startedAt: clock()))
    }

    private func child(of parent: TraceContext?) -> TraceContext {
        dice.withLockedValue { dice in
            // Zero is no id; it comes once in the age of the universe.
            let span = SpanID(dice.next() | 1)
            guard let span else { preconditionFailure("a number with a bit set is not zero") }
            if let parent {
                return TraceContext(traceID: parent.traceID, spanID: span, isSampled: parent.isSampled, state: parent.state)
            }
            guard let trace = TraceID(high: dice.next(), low: dice.next() | 1) else {
                preconditionFailure("a number with a bit set is not zero")
            }
            return TraceContext(traceID: trace, spanID: span, isSampled: Double(dice.next() >> 11) * 0x1.0p-53 < sample)
        }
    }

    func extract<Carrier, Extract>(_ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract)
    where Extract: Extractor, Extract.Carrier == Carrier {
        let parents = extractor.extract(key: "traceparent", from: carrier).map { [$0] } ?? []
        let states = extractor.extract(key: "tracestate", from: carrier).map { [$0] } ?? []
        context.trace = TraceContext(parents: parents, states: states)
    }

    func inject<Carrier, Inject>(_ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject)
    where Inject: Injector, Inject.Carrier == Carrier {
        for (name, value) in context.trace?.headers ?? [] { injector.inject(value, forKey: name, into: &carrier) }
    }

    /// The exporter sends what there is within a second anyway.
    func forceFlush() {}
}

/// A span under way.
final class QueuedSpan: Span {
    let context: InstrumentationContext
    /// `nil`: it is not kept.
    private let queue: SpanQueue?
    private let clock: @Sendable () -> UInt64
    /// `nil` after its end.
    private let state: NIOLockedValueBox<FinishedSpan?>

    init(context: InstrumentationContext, queue: SpanQueue?, clock: @escaping @Sendable () -> UInt64, _ span: FinishedSpan) {
        self.context = context
        self.queue = queue
        self.clock = clock
        state = NIOLockedValueBox(span)
    }

    var isRecording: Bool { queue != nil && state.withLockedValue { $0 != nil } }

    var operationName: String {
        get { state.withLockedValue { $0?.name ?? "" } }
        set { state.withLockedValue { $0?.name = newValue } }
    }

    var attributes: SpanAttributes {
        get { state.withLockedValue { $0?.attributes ?? [:] } }
        set { state.withLockedValue { $0?.attributes = newValue } }
    }

    func setStatus(_ status: SpanStatus) {
        state.withLockedValue { $0?.status = status }
    }

    // Nobody here makes events or links, and no library that could is given this tracer.
    func addEvent(_ event: SpanEvent) {}
    func addLink(_ link: SpanLink) {}

    func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        setStatus(SpanStatus(code: .error))
    }

    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let ended = state.withLockedValue { span in
            defer { span = nil }
            return span
        }
        guard let queue, var ended else { return }
        ended.endedAt = max(clock(), ended.startedAt)
        queue.add(ended)
    }
}
