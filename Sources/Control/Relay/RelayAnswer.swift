import HTTPTypes
import NIOCore
import RingbackCore
import Transport

/// An upstream's answer as far as it was read before it is passed on.
struct RelayAnswer: Sendable {
    let head: TransferHead
    /// The body's beginning; all of it when ``isWhole``.
    var opening = ByteBuffer()
    var isWhole = false
    let pipe: RelayPipe

    /// The answer for the client: status, end-to-end headers, and the body byte for byte.
    func answer(for call: Call, time: any TimeSource) -> Answer {
        var answer = Answer(status: HTTPResponse.Status(code: head.status), headers: RelayHeaders.answered(head))
        if isWhole {
            answer.body = Array(opening.readableBytesView)
        } else {
            let length = head["content-length"].flatMap { Int($0) }
            answer.relayed = RelayedBody(contentLength: length, opening: opening, pipe, client: call.client, time: time)
        }
        return answer
    }
}
