import Curl
import Glibc
import NIOConcurrencyHelpers
import ResponsesAPI
import RingbackCore
import RingbackTesting
import SocketTesting
import Store
import StoreSQLite
import Testing
import Transport
import Watching
import WatchingTesting

@Suite("What vendors do on the wire", .timeLimit(.minutes(5)))
struct WireTests {
    private static let sse = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"

    private static func chunk(_ text: String) -> String {
        String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n"
    }

    private static func object(_ status: String) -> String {
        answer(#"{"id":"resp_1","object":"response","status":"\#(status)"}"#, headers: "Content-Type: application/json\r\n")
    }

    @Test("Row 7: a stream that is cut with no byte leads to polling")
    func row7() async throws {
        try await withVendor { request, count, connection in
            if request.path.contains("stream=true") {
                // The header of a chunked answer, and then the end of the connection: curl's error 18.
                connection.send(Self.sse)
                return false
            }
            return connection.send(Self.object(count < 4 ? "queued" : "completed"))
        } body: { bench in
            try await bench.expectEvent(.responseCompleted)
            #expect(bench.requests.filter { $0.contains("stream=true") }.count == 1)
            #expect(bench.requests.count == 4)
        }
    }

    @Test("Row 13: a stream that is closed in order after a cancel, without a word of it, leads to a GET")
    func row13() async throws {
        try await withVendor { request, _, connection in
            guard request.path.contains("stream=true") else { return connection.send(Self.object("cancelled")) }
            connection.send(Self.sse + Self.chunk(frame("response.in_progress", #"{"type":"response.in_progress","sequence_number":0}"#)))
            return connection.send("0\r\n\r\n")
        } body: { bench in
            try await bench.expectEvent(.responseCancelled)
        }
    }

    @Test("Row 35: an empty reason phrase is no obstacle, to a stream or to a GET", arguments: [true, false])
    func row35EmptyReason(_ streams: Bool) async throws {
        try await withVendor { request, _, connection in
            if request.path.contains("stream=true"), streams {
                let event = frame("response.completed", #"{"type":"response.completed","response":{"id":"resp_1","status":"completed"}}"#)
                connection.send(Self.sse.replacing("200 OK", with: "200 ") + Self.chunk(event))
                return connection.send("0\r\n\r\n")
            }
            return connection.send(Self.object("completed").replacing("200 OK", with: "200 "))
        } body: { bench in
            try await bench.expectEvent(.responseCompleted)
        }
    }

    @Test("Row 35: a 307 is not followed, and named as what is wrong")
    func row35Redirect() async throws {
        let isMended = NIOLockedValueBox(false)
        try await withVendor { request, _, connection in
            guard !isMended.withLockedValue({ $0 }) else { return connection.send(Self.object("completed")) }
            return connection.send(
                answer("", status: "307 Temporary Redirect", headers: "Location: http://127.0.0.1:1/v1/responses/resp_1/\r\n"))
        } body: { bench in
            while try await bench.store.watch(bench.watch)?.lastError?.contains("redirect") != true {
                try Task.checkCancellation()
                await Task.yield()
            }
            isMended.withLockedValue { $0 = true }
            try await bench.expectEvent(.responseCompleted)
        }
    }

    @Test("Row 35: a flood of headers is let through")
    func row35Flood() async throws {
        let flood = (0..<300).map { "llm_provider-x-ratelimit-\($0): \(String(repeating: "9", count: 90))\r\n" }.joined()
        try await withVendor { request, _, connection in
            if request.path.contains("stream=true") {
                let event = frame(#"{"type":"response.completed","response":{"id":"resp_1","status":"completed"}}"#)
                connection.send(Self.sse.replacing("\r\n\r\n", with: "\r\n" + flood + "\r\n") + Self.chunk(event))
                return connection.send("0\r\n\r\n")
            }
            return connection.send(Self.object("completed"))
        } body: { bench in
            try await bench.expectEvent(.responseCompleted)
            #expect(bench.requests.count == 1)
        }
    }

    @Test("Row 36: the base URL's query and the watch's own headers go with every call")
    func row36() async throws {
        try await withVendor(base: "/openai/v1?api-version=preview", headers: [HeaderField("X-On-Behalf-Of", Secret("acme"))]) {
            request, _, connection in
            guard request.head.contains("X-On-Behalf-Of: acme"), request.head.contains("api-key: k") else {
                return connection.send(answer(#"{"error":"not yours"}"#, status: "404 Not Found"))
            }
            if request.path.contains("stream=true") { return connection.send(answer("{}", status: "400 Bad Request")) }
            return connection.send(Self.object("completed"))
        } body: { bench in
            try await bench.expectEvent(.responseCompleted)
            #expect(
                bench.requests == [
                    "/openai/v1/responses/resp_1?api-version=preview&stream=true", "/openai/v1/responses/resp_1?api-version=preview",
                ])
        }
    }

    @Test("Row 38: a connection that stays open after the terminal event is ended by Ringback")
    func row38() async throws {
        let (closings, closed) = AsyncStream.makeStream(of: Void.self)
        try await withVendor { _, _, connection in
            let event = frame("response.completed", #"{"type":"response.completed","response":{"id":"resp_1","status":"completed"}}"#)
            connection.send(Self.sse + Self.chunk(event))
            _ = connection.waitForClose()
            closed.yield()
            return false
        } body: { bench in
            try await bench.expectEvent(.responseCompleted)
            #expect(await closings.first { true } != nil)
        }
    }
}

/// An engine with a real transport and clock, and a vendor of plain sockets.
struct WireBench {
    let store: any Store
    let intake: RecordingIntake
    let watch: WatchID
    fileprivate let paths: NIOLockedValueBox<[String]>

    /// The paths that were asked for, in order.
    var requests: [String] { paths.withLockedValue { $0 } }

    func expectEvent(_ type: EventType) async throws {
        #expect(try await intake.next().event.type == type)
    }
}

/// - Parameter serve: Answers a request; told how many there were, this one included. The connection is closed when it returns `false`.
func withVendor(
    base: String = "/v1", headers: [HeaderField] = [],
    serve: @escaping @Sendable (Connection.Request, Int, Connection) -> Bool,
    body: (WireBench) async throws -> Void
) async throws {
    let paths = NIOLockedValueBox<[String]>([])
    let server = try TestServer(
        .serve { connection in
            while let request = connection.readRequest() {
                let count = paths.withLockedValue { paths in
                    paths.append(request.path)
                    return paths.count
                }
                guard serve(request, count, connection) else { return }
            }
        })
    defer { server.stop() }
    let upstream = EngineBench.upstream {
        $0.baseURL = server.url + base
        $0.apiKey = Secret("k")
        $0.apiKeyHeader = "api-key"
        $0.pollInterval = .milliseconds(20)
    }
    try await withTemporaryDirectory { directory in
        let time = SystemTime()
        let store = try openStore(in: directory, time: time)
        let transport = try CurlTransport(options: CurlTransportOptions(name: "wire"))
        let node = NodeID("node-1")
        let intake = RecordingIntake(node: node)
        var options = WatchEngineOptions()
        options.progressInterval = .milliseconds(20)
        let engine = WatchEngine(
            node: node, upstreams: [upstream], transport: transport, store: store, directory: EndpointDirectory([EngineBench.endpoint]),
            intake: intake, time: time, dice: Dice(SeededGenerator(seed: 1)), logger: silentLogger, options: options
        )
        let new = NewWatch(upstream: upstream.name, response: ResponseID(trusted: "resp_1"), headers: headers)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await engine.run() }
            defer { group.cancelAll() }
            _ = try await store.register(new, now: time.wallNow)
            try await body(WireBench(store: store, intake: intake, watch: new.id, paths: paths))
        }
        await transport.shutdown()
        await store.close()
    }
}
