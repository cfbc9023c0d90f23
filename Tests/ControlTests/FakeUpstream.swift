import HTTPTypes
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import NIOCore

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

        init(_ status: Int = 200, _ body: String, type: String = "application/json") {
            self.status = status
            headers[.contentType] = type
            self.body = Array(body.utf8)
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
        for method in [HTTPRequest.Method.get, .post] {
            router.on("/**", method: method) { request, _ in
                let bytes = Array(try await request.body.collect(upTo: 64 * 1024 * 1024).readableBytesView)
                let asked = Asked(method: request.method.rawValue, uri: request.uri.description, headers: request.headers, body: bytes)
                log.withLockedValue { $0.append(asked) }
                let reply = await reply(asked)
                return Response(
                    status: HTTPResponse.Status(code: reply.status), headers: reply.headers,
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body))
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
