import Hummingbird
import NIOCore
import Store

/// The feed as the body of an answer. Nobody listens before it is written: an answer to HEAD never is.
struct FeedBody: Sendable {
    let feed: ChangeFeed
    let mark: ChangeMark?
    let client: ClientConnection?

    var responseBody: ResponseBody {
        ResponseBody { writer in
            if let listener = feed.listen(after: mark, drop: { client?.close() }) {
                client?.whenGone { listener.end() }
                defer {
                    client?.whenGone(nil)
                    feed.leave(listener)
                }
                while let bytes = try await listener.next() {
                    try await writer.write(ByteBuffer(bytes: bytes))
                    await client?.settle()
                }
            }
            try await writer.finish(nil)
        }
    }
}
