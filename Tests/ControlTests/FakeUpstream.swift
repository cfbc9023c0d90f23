import HTTPTypes
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A vendor's API that answers what a test says, and remembers what it was asked.
struct FakeUpstream: Sendable {
    struct Asked: Sendable {
        let method: String
        let uri: String
        let headers: HTTPFields
        let body: [UInt8]

        /// - Parameter name: In lower case.
        func header(_ name: String) -> String? {
            headers.first { $0.name.canonicalName == name }?.value
        }
    }

    struct Reply: Sendable {
        var status = 200
        var headers: HTTPFields = [.contentType: "application/json"]
        var body: [UInt8]
        /// The body's pieces as the test gives them; then `body` counts for nothing.
        var script: StreamScript?

        init(_ status: Int = 200, _ body: String, type: String = "application/json") {
            self.status = status
            headers[.contentType] = type
            self.body = Array(body.utf8)
        }

        init(_ script: StreamScript, type: String = "text/event-stream") {
            headers[.contentType] = type
            body = []
            self.script = script
        }
    }

    let port: Int
    private let log: NIOLockedValueBox<[Asked]>

    var asked: [Asked] { log.withLockedValue { $0 } }

    static func with(
        _ reply: @escaping @Sendable (Asked) async -> Reply, _ body: @escaping @Sendable (FakeUpstream) async throws -> Void
    ) async throws {
        let log = NIOLockedValueBox<[Asked]>([])
        let router = Router()
        for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
            router.on("/**", method: method) { request, _ in
                let bytes = Array(try await request.body.collect(upTo: 64 * 1024 * 1024).readableBytesView)
                let asked = Asked(method: request.method.rawValue, uri: request.uri.description, headers: request.headers, body: bytes)
                log.withLockedValue { $0.append(asked) }
                let reply = await reply(asked)
                return Response(
                    status: HTTPResponse.Status(code: reply.status), headers: reply.headers,
                    body: reply.script?.body ?? ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body))
                )
            }
        }
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                bound.yield(channel.localAddress?.port ?? 0)
                bound.finish()
            },
            logger: Logger(label: "upstream") { _ in SwiftLogNoOpLogHandler() }
        )
        try await running(application, ports: ports) { port in
            try await body(FakeUpstream(port: port, log: log))
        }
    }
}

/// A stream that a test writes by hand, and whose reader it watches.
final class StreamScript: Sendable {
    private enum Piece: Sendable {
        case bytes([UInt8])
        case end
        case cut
    }

    private struct Cut: Error {}

    private let pieces: AsyncStream<Piece>
    private let script: AsyncStream<Piece>.Continuation
    private let state = NIOLockedValueBox<(bytesTaken: Int, hasReaderLeft: Bool)>((0, false))

    init() {
        (pieces, script) = AsyncStream.makeStream()
    }

    func send(_ text: String) { script.yield(.bytes(Array(text.utf8))) }
    func send(_ bytes: [UInt8]) { script.yield(.bytes(bytes)) }
    /// One event of the Responses API.
    func send(event type: String, _ rest: String = "") { send("event: \(type)\ndata: {\"type\":\"\(type)\"\(rest)}\n\n") }
    /// The proper end.
    func end() { script.yield(.end) }
    /// The connection breaks off.
    func cut() { script.yield(.cut) }

    /// How many bytes the reader's connection has taken.
    var bytesTaken: Int { state.withLockedValue(\.bytesTaken) }

    /// Returns when the reader has closed its connection, which a sender only notices by sending.
    func readerLeft() async throws {
        while !state.withLockedValue(\.hasReaderLeft) {
            send(": is anybody there?\n\n")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    fileprivate var body: ResponseBody {
        ResponseBody { [self] writer in
            for await piece in pieces {
                switch piece {
                case .bytes(let bytes):
                    do {
                        try await writer.write(ByteBuffer(bytes: bytes))
                        // Until the connection's loop has taken it over, a full connection does not show: a busy loop would let us write on.
                        for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() { try await loop.submit {}.get() }
                    } catch {
                        state.withLockedValue { $0.hasReaderLeft = true }
                        throw error
                    }
                    state.withLockedValue { $0.bytesTaken += bytes.count }
                case .end: return try await writer.finish(nil)
                case .cut: throw Cut()
                }
            }
            try await writer.finish(nil)
        }
    }
}
