package import RingbackCore
package import Tracing

/// Makes spans of what the bridge does. Whoever may make some holds one as an optional: without it tracing costs a comparison with `nil`.
///
/// Parents are given one by one, and not by the task as swift-distributed-tracing likes it: a watch is no task, and its spans begin and end
/// in different callbacks, processes even.
package struct SpanSource: Sendable {
    /// On which side of a call a span stands.
    package enum Role: Sendable {
        /// What a client asked for.
        case server
        /// A call to somebody else.
        case client
        case inside
    }

    private let tracer: any Tracer

    package init(_ tracer: any Tracer) {
        self.tracer = tracer
    }

    /// Begins a span now.
    ///
    /// - Parameters:
    ///   - parent: What it belongs to; `nil` begins a trace.
    ///   - fields: What it is about: the fields that log lines have, too.
    package func start(
        _ name: String, _ role: Role, in parent: TraceContext?, about fields: [String: String] = [:]
    ) -> OpenSpan {
        let span = tracer.startSpan(name, context: InstrumentationContext(parent), ofKind: role.kind)
        if span.isRecording { span.updateAttributes { attributes in for (key, value) in fields { attributes[key] = value } } }
        return OpenSpan(span)
    }
}

extension SpanSource.Role {
    fileprivate var kind: SpanKind {
        switch self {
        case .server: .server
        case .client: .client
        case .inside: .internal
        }
    }
}

/// A span that is to be ended once.
package struct OpenSpan: Sendable {
    private let span: any Span

    init(_ span: any Span) {
        self.span = span
    }

    /// What the span's children, here and elsewhere, belong to.
    package var context: TraceContext? { span.context.trace }

    /// Ends it now.
    ///
    /// - Parameters:
    ///   - failure: What went wrong, from a closed list; `nil` when all is well.
    ///   - fields: What has become known.
    package func end(failure: String? = nil, _ fields: [String: String] = [:]) {
        if span.isRecording {
            span.updateAttributes { attributes in for (key, value) in fields { attributes[key] = value } }
            if let failure { span.setStatus(SpanStatus(code: .error, message: failure)) }
        }
        span.end()
    }
}

extension InstrumentationContext {
    package init(_ trace: TraceContext?) {
        self = .topLevel
        self.trace = trace
    }

    /// Where whatever runs in this context belongs.
    package var trace: TraceContext? {
        get { self[TraceKey.self] }
        set { self[TraceKey.self] = newValue }
    }
}

private enum TraceKey: InstrumentationContextKey {
    typealias Value = TraceContext
}
