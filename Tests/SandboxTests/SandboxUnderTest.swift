import Curl
import Hummingbird
import Logging
import RawJSON
import RingbackCore
import RingbackTesting
import Sandbox
import ServiceLifecycle
import Testing
import Transport

/// A sandbox on a real port whose clock stands still until a test moves it.
struct SandboxUnderTest: Sendable {
    /// The base URL, with `/v1`.
    let url: String
    let time: ManualTime
    let transport: any Transport

    /// Lends a running sandbox to `body` and takes it down afterwards: gracefully, whatever streams are open.
    static func lend(
        dialect: Dialect = .mka1, apiKey: Secret? = nil, _ body: @escaping @Sendable (SandboxUnderTest) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let time = ManualTime()
        let transport = try CurlTransport(options: CurlTransportOptions(name: "sandbox-test"), logger: logger)
        let upstream = SandboxUpstream(dialect: dialect, time: time)
        let webhooks = NativeWebhooks(upstream: upstream, transport: transport)
        let routes = SandboxRoutes(upstream: upstream, apiKey: apiKey, webhooks: webhooks)
        let (ports, announcement) = AsyncStream<Int>.makeStream()
        let server = LocalServer(router: routes.router(), name: "sandbox", logger: logger) { announcement.yield($0) }
        let services = ServiceGroup(services: [server, webhooks], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { announcement.finish() }
                try await services.run()
            }
            let port = try #require(await ports.first { _ in true }, "the sandbox did not start")
            do {
                try await body(SandboxUnderTest(url: "http://127.0.0.1:\(port)/v1", time: time, transport: transport))
            } catch {
                await transport.shutdown()
                throw error
            }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            await transport.shutdown()
        }
    }
}

/// A whole answer of the sandbox.
struct SandboxAnswer: Sendable {
    let status: Int
    let head: TransferHead
    let text: String

    func json() throws -> JSON { try JSON(parsing: Array(text.utf8)) }

    /// The message of an error in any of the shapes dialects have.
    func message() throws -> String {
        let json = try json()
        let message = json["error"]?["message"]?.string ?? json["error"]?.string ?? json["detail"]?.string
        return try #require(message, "no message in \(text)")
    }
}

extension SandboxUnderTest {
    func get(_ path: String, headers: [(name: String, value: String)] = []) async throws -> SandboxAnswer {
        try await send(TransferRequest(method: .get, url: url + path, headers: headers))
    }

    func post(
        _ path: String, _ body: String = "", headers: [(name: String, value: String)] = []
    ) async throws -> SandboxAnswer {
        var request = request(posting: body, to: path)
        request.headers += headers
        return try await send(request)
    }

    func getJSON(_ path: String, headers: [(name: String, value: String)] = []) async throws -> JSON {
        try await get(path, headers: headers).json()
    }

    func postJSON(_ path: String, headers: [(name: String, value: String)] = []) async throws -> JSON {
        try await post(path, headers: headers).json()
    }

    func delete(_ path: String) async throws -> SandboxAnswer {
        try await send(TransferRequest(method: .delete, url: url + path))
    }

    /// Creates a background response and answers its id.
    func create(_ script: [String: String] = [:]) async throws -> String {
        let answer = try await post("/responses", Self.body(script))
        try #require((200...202).contains(answer.status), "the sandbox answered \(answer.status): \(answer.text)")
        return try #require(try answer.json()["id"]?.string)
    }

    /// Creates a background response with `stream: true` and leaves its stream open.
    func createStreaming(_ script: [String: String] = [:]) -> OpenStream {
        OpenStream(request(posting: Self.body(script, stream: true), to: "/responses"), transport: transport)
    }

    /// Opens `GET ?stream=true`.
    func stream(_ id: String, after number: Int64? = nil) -> OpenStream {
        let cursor = number.map { "&starting_after=\($0)" } ?? ""
        let request = TransferRequest(
            method: .get, url: "\(url)/responses/\(id)?stream=true\(cursor)", limits: TransferLimits(total: nil, bodyBytes: nil))
        return OpenStream(request, transport: transport)
    }

    /// The response object as it is now.
    func response(_ id: String) async throws -> JSON {
        let answer = try await get("/responses/\(id)")
        try #require(answer.status == 200, "the sandbox answered \(answer.status): \(answer.text)")
        return try answer.json()
    }

    /// The body of a create call whose metadata is a script; the keys without `sandbox.`.
    ///
    /// - Parameter more: Further members, each with a comma behind it.
    static func body(_ script: [String: String], background: Bool = true, stream: Bool = false, more: String = "") -> String {
        let metadata = script.sorted { $0.key < $1.key }.map { "\"sandbox.\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
        return """
            {\(more)"model": "test", "input": "hi", "background": \(background), "stream": \(stream), "stream_events": true,
             "metadata": {\(metadata)}}
            """
    }

    private func request(posting body: String, to path: String) -> TransferRequest {
        TransferRequest(
            method: .post, url: url + path, headers: [(name: "Content-Type", value: "application/json")], body: Array(body.utf8))
    }

    private func send(_ request: TransferRequest) async throws -> SandboxAnswer {
        let answer = try await transport.perform(request)
        return SandboxAnswer(status: answer.head.status, head: answer.head, text: String(decoding: answer.body, as: UTF8.self))
    }
}
