package import RingbackCore
package import Transport

/// What the answer to a GET, a create or a cancel tells.
package enum RetrieveAnswer: Sendable, Hashable {
    case response(ResponseObject)
    /// 404 or 410. Whether that means "not yet", "no longer" or "never" is for the caller to judge.
    case notFound
    /// 401 or 403.
    case unauthorized(status: Int, message: String)
    /// 429.
    case rateLimited(retryAfter: Duration?)
    /// 408, 425 and 5xx but for 501.
    case unavailable(status: Int, message: String, retryAfter: Duration?)
    /// Every other 4xx, 501, and 3xx. A 400 that speaks of an unknown id is one too: vendors send it for many other reasons.
    case refused(status: Int, message: String)
    /// 2xx without a response object. The text is for people and holds none of the body.
    case unusable(String)

    /// - Parameters:
    ///   - body: As much of it as came. One that is too large to be held may still tell how the response is.
    ///   - failure: What ended the transfer early; `nil` when it came to its end. A body that is held has to be whole.
    ///   - now: For a `Retry-After` that is a date.
    package init(head: TransferHead, body: AnswerBody, endedBy failure: TransportError? = nil, now: Timestamp) {
        guard body.held == nil, case .success = AnswerClass(head, now: now) else {
            self.init(head: head, body: body.held ?? [], now: now)
            return
        }
        switch body.outlined(endedBy: failure) {
        case .success(let response): self = .response(response)
        case .failure(let reason): self = .unusable("\(reason)")
        }
    }

    /// - Parameters:
    ///   - body: The whole body.
    ///   - now: For a `Retry-After` that is a date.
    package init(head: TransferHead, body: [UInt8], now: Timestamp) {
        switch AnswerClass(head, now: now) {
        case .success: self = Self.reading(head, body)
        case .notFound: self = .notFound
        case .unauthorized: self = .unauthorized(status: head.status, message: Self.message(head, body))
        case .rateLimited(let retryAfter): self = .rateLimited(retryAfter: retryAfter)
        case .unavailable(let wait): self = .unavailable(status: head.status, message: Self.message(head, body), retryAfter: wait)
        case .refused: self = .refused(status: head.status, message: Self.message(head, body))
        }
    }

    private static func reading(_ head: TransferHead, _ body: [UInt8]) -> RetrieveAnswer {
        if let response = ResponseObject(json: body) { return .response(response) }
        guard !body.isEmpty else { return .unusable("HTTP \(head.status) with an empty body instead of a response object") }
        let type = head["content-type"].flatMap(ReadableText.init)?.text ?? "no content type"
        return .unusable(
            "HTTP \(head.status) with \(body.count) bytes (\(type)) that are not a response object: is base_url that of a Responses API?"
        )
    }

    private static func message(_ head: TransferHead, _ body: [UInt8]) -> String {
        if let message = ErrorMessage.read(body: body) { return message }
        if (300...399).contains(head.status) { return "a redirect, which is not followed: write the address it leads to as base_url" }
        return "the answer gives no reason"
    }
}
