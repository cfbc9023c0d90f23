package import ResponsesAPI
package import Transport

/// How a stream came to its end without telling the response's own. Only reasons to ask: none of them says anything about the response.
package enum StreamEnd: Sendable {
    /// It was read and then closed, dropped, or silent for too long.
    case closed
    /// The stream said itself that it is over, by `[DONE]`, and had not told the response's end.
    case announced
    /// The answer was an event stream without a single byte.
    case empty
    /// A line or event was over its bound; the text is for people.
    case tooLarge(String)
    /// The upstream ignored the wish for a stream and answered JSON: as good as a GET where it can be read, else `nil`.
    /// Kept apart, since every listener has room for an end.
    indirect case json(RetrieveAnswer?)
    case refused(status: Int)
    case notFound
    case unauthorized(status: Int)
    case rateLimited(retryAfter: Duration?)
    case unavailable(status: Int, retryAfter: Duration?)
    /// There was no answer at all.
    case failed(TransportError)
    /// It was never asked for: meanwhile other watches had learned that the upstream refuses streams.
    case unwelcome
}

extension StreamEnd {
    /// What to tell people about it; `nil` for what belongs to a normal day.
    var trouble: String? {
        switch self {
        case .json(.unusable(let detail)?): "the upstream's answer cannot be used: \(detail)"
        case .closed, .announced, .empty, .json, .refused, .unwelcome: nil
        case .tooLarge(let detail): "the stream was given up: \(detail)"
        case .notFound: "the upstream answered the stream request with 404"
        case .unauthorized(let status): "the upstream answered the stream request with \(status): check its api_key and the watch's headers"
        case .rateLimited: "the upstream answered the stream request with 429: its rate limit is reached"
        case .unavailable(let status, _): "the upstream answered the stream request with \(status)"
        case .failed(let error): "the stream could not be opened: \(error)"
        }
    }
}
