package import ResponsesAPI

/// What one stream request taught about its upstream. Trouble that passes teaches nothing and is none.
package enum StreamLesson: Sendable, Hashable {
    /// A stream came, with at least one byte.
    case streamed
    /// The first `sequence_number` of a stream that was to begin after another one.
    case began(at: Int64)
    /// The answer to the stream request for a running response was the response itself: the parameter is not known there.
    case ignored
    /// An event stream came without a byte.
    case empty
    case refused(status: Int, StreamRefusal)

    /// - Parameter refusal: What the words of a refusal said.
    init?(_ end: StreamEnd, refusal: StreamRefusal) {
        switch end {
        case .empty:
            self = .empty
        case .json(.response(let response)?):
            // A response that has ended may be answered so by a vendor that streams running ones.
            guard response.terminalStatus == nil else { return nil }
            self = .ignored
        case .refused(let status):
            self = .refused(status: status, refusal)
        case .json, .closed, .announced, .tooLarge, .notFound, .unauthorized, .rateLimited, .unavailable, .failed, .unwelcome:
            return nil
        }
    }

    /// What came, for a sentence that begins with what was asked.
    var answer: String {
        switch self {
        case .streamed, .began: "a stream"
        case .ignored: "JSON instead of a stream"
        case .empty: "a stream without a byte"
        case .refused(let status, _): "HTTP \(status)"
        }
    }
}
