package import RingbackCore
package import Transport

/// How an upstream answered a stream request, from the answer's head alone.
package enum StreamAnswer: Sendable, Hashable {
    /// Server-sent events follow; perhaps none, which says nothing.
    case events
    /// 2xx with anything else: the vendor ignores `stream`. A GET tells more.
    case json
    /// This response is not streamed, or not now: 400 and its like, 501, and 3xx.
    case refused(status: Int)
    case notFound
    case unauthorized(status: Int)
    case rateLimited(retryAfter: Duration?)
    case unavailable(status: Int, retryAfter: Duration?)

    /// - Parameter now: For a `Retry-After` that is a date.
    package init(head: TransferHead, now: Timestamp) {
        self =
            switch AnswerClass(head, now: now) {
            case .success: Self.isEventStream(head["content-type"]) ? .events : .json
            case .notFound: .notFound
            case .unauthorized: .unauthorized(status: head.status)
            case .rateLimited(let retryAfter): .rateLimited(retryAfter: retryAfter)
            case .unavailable(let retryAfter): .unavailable(status: head.status, retryAfter: retryAfter)
            case .refused: .refused(status: head.status)
            }
    }

    /// Media types are compared without case, and without their parameters (RFC 9110, section 8.3.1).
    private static func isEventStream(_ contentType: String?) -> Bool {
        guard let type = contentType?.prefix(while: { $0 != ";" }) else { return false }
        return type.lowercased().split(whereSeparator: \.isWhitespace) == ["text/event-stream"]
    }
}
