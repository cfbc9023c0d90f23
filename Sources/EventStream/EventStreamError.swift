/// Why a stream of events cannot be read further. The reader stays in this state; the stream is to be ended.
package enum EventStreamError: Error, Sendable, Hashable {
    /// A line is longer than the limit, in bytes.
    case lineTooLong(limit: Int)
    /// The data of one event is longer than the limit, in bytes.
    case eventTooLong(limit: Int)
}

extension EventStreamError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .lineTooLong(let limit): "the stream sent a line of more than \(limit) bytes"
        case .eventTooLong(let limit): "the stream sent an event with more than \(limit) bytes of data"
        }
    }
}
