import RingbackCore
import Transport

/// What a status code asks of whoever called, the same for every call.
enum AnswerClass {
    case success
    /// 404, and 410: the response is not known there, or no longer.
    case notFound
    case unauthorized
    case rateLimited(retryAfter: Duration?)
    /// Worth asking again later: 408, 425 and 5xx but for 501.
    case unavailable(retryAfter: Duration?)
    /// Asking the same again gives the same: other 4xx, 501, by which Databricks says that it cannot cancel, and 3xx, since redirects are not
    /// followed. 1xx never arrives here.
    case refused

    init(_ head: TransferHead, now: Timestamp) {
        self =
            switch head.status {
            case 200...299: .success
            case 404, 410: .notFound
            case 401, 403: .unauthorized
            case 429: .rateLimited(retryAfter: RateLimitHint.retryAfter(head, now: now))
            case 408, 425, 500, 502...: .unavailable(retryAfter: RateLimitHint.retryAfter(head, now: now))
            default: .refused
            }
    }
}
