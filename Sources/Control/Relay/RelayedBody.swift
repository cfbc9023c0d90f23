import Hummingbird
import NIOCore
import RingbackCore
import Transport

/// What of an upstream's answer is still to be passed on to the client. Lives as long as somebody may still read it: one that is let go
/// unread, because the client asked by HEAD or has left already, ends the transfer too.
final class RelayedBody: Sendable {
    /// As the upstream announced it.
    let contentLength: Int?
    /// What was read of the body before it was passed on.
    private let opening: ByteBuffer
    private let pipe: RelayPipe
    private let client: ClientConnection?
    private let time: any TimeSource

    init(contentLength: Int?, opening: ByteBuffer, _ pipe: RelayPipe, client: ClientConnection?, time: any TimeSource) {
        self.contentLength = contentLength
        self.opening = opening
        self.pipe = pipe
        self.client = client
        self.time = time
    }

    deinit {
        pipe.abandon()
    }

    var responseBody: ResponseBody {
        ResponseBody(contentLength: contentLength) { [self] writer in
            // A client that takes nothing keeps its writer waiting, whatever becomes of the pipe: so its connection is closed, too.
            try await pipe.lent(to: client, time: time, brokenOff: { [client] in client?.close() }) {
                if opening.readableBytes > 0 { try await writer.write(opening) }
                var unsettled = 0
                while let bytes = try await pipe.next() {
                    try await writer.write(bytes)
                    unsettled += bytes.readableBytes
                    // Not after each event of a stream: waiting for the loop costs as much as an event does.
                    guard unsettled >= RelayLimits.waitingBytes else { continue }
                    await client?.settle()
                    unsettled = 0
                }
            }
            // Only a body that ended properly is given a proper end: what broke off throws, and the client's connection breaks off as well.
            try await writer.finish(nil)
        }
    }
}
