import Control
import NIOConcurrencyHelpers
import RingbackCore
import RingbackTesting
import Store
import StoreSQLite
import Testing

@Suite("A relayed stream", .timeLimit(.minutes(5)))
struct RelayStreamTests {
    private static let watchID = WatchID(upstream: .main, response: ResponseID(trusted: "resp_1"))
    private static let create = #"{"model":"gpt-x","input":"hi","background":true,"stream":true}"#
    private static let foreground = #"{"model":"gpt-x","input":"hi","stream":true}"#
    private static let queued = #","sequence_number":0,"response":{"id":"resp_1","status":"queued","model":"gpt-x"}"#

    /// Lends a proxy before an upstream that answers every call with `script`.
    private static func with(
        _ script: StreamScript, idleTimeout: Duration = .seconds(75),
        _ body: @escaping @Sendable (ControlUnderTest, FakeUpstream) async throws -> Void
    ) async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(script) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            options.idleTimeout = idleTimeout
            try await ControlUnderTest.with(options) { try await body($0, upstream) }
        }
    }

    @Test("of a created response is on record before its first event is passed on, and goes through byte for byte")
    func createsStreaming() async throws {
        let script = StreamScript()
        try await Self.with(script) { control, upstream async throws in
            let headers = [("Ringback-Endpoints", "my-app"), ("Accept-Encoding", "gzip")]
            let client = try await OpenAnswer.open(port: control.probe.port, "POST", "/v1/responses", headers: headers, body: Self.create)
            script.send(": hello\n\ndata: {\"type\":\"keepalive\",\"sequence_number\":0}\n\n")
            script.send(event: "response.queued", Self.queued)
            let head = try await client.read(until: "\r\n\r\n")
            #expect(head.contains("Ringback-Watch: \(Self.watchID)") && head.contains("text/event-stream"))
            let watch = try #require(try await control.store.watch(Self.watchID))
            #expect(watch.endpoints == [.app] && watch.model == "gpt-x" && watch.createdStreaming == true)
            let opening = try await client.read(until: "}}\n\n\r\n")
            #expect(opening.contains(": hello\n\ndata: {\"type\":\"keepalive\""))
            #expect(upstream.asked.first?.header("accept-encoding") == nil)
            #expect(upstream.asked.first?.body == Array(Self.create.utf8))
            // One event in, one event out: nothing waits for more.
            for number in 1...3 {
                script.send(event: "response.output_text.delta", ",\"delta\":\"\(number) \\u00e9\"")
                #expect(try await client.read(until: "}\n\n\r\n").contains("\"\(number) \\u00e9\""))
            }
            script.end()
            #expect(try await client.read(until: "0\r\n\r\n").hasSuffix("0\r\n\r\n"))
            client.close()
            let intents = try await control.store.intents(of: ControlUnderTest.node, now: control.time.wallNow, limit: 10)
            #expect(intents.isEmpty)
        }
    }

    @Test("of a created response runs on at the upstream when its client leaves")
    func clientLeavesCreate() async throws {
        let script = StreamScript()
        try await Self.with(script) { control, _ async throws in
            let client = try await OpenAnswer.open(port: control.probe.port, "POST", "/v1/responses", body: Self.create)
            script.send(event: "response.queued", Self.queued)
            _ = try await client.read(until: "}}\n\n\r\n")
            client.close()
            // More than pipe and sockets hold: only a reader that reads on takes it all.
            let bulk = [UInt8](repeating: UInt8(ascii: "x"), count: 1024 * 1024)
            for _ in 0..<32 { script.send(bulk) }
            let taken = { script.bytesTaken >= 32 * bulk.count }
            while !taken() { try await Task.sleep(for: .milliseconds(10)) }
            script.end()
        }
    }

    @Test("of a created response is registered even when its client leaves before there is an id")
    func clientLeavesBeforeID() async throws {
        let script = StreamScript()
        try await Self.with(script) { control, upstream async throws in
            let client = try await OpenAnswer.open(port: control.probe.port, "POST", "/v1/responses", body: Self.create)
            while upstream.asked.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            client.close()
            script.send(event: "response.created", Self.queued)
            while try await control.store.watch(Self.watchID) == nil { try await Task.sleep(for: .milliseconds(5)) }
            script.end()
        }
    }

    @Test(
        "that names no response is passed on unwatched",
        arguments: [
            "event: error\ndata: {\"type\":\"error\",\"message\":\"no\"}\n\n", "data: [DONE]\n\n",
            "data: {\"type\":\"response.weird\"}\n\n", ": nothing\n\n",
        ])
    func unnamed(_ text: String) async throws {
        let script = StreamScript()
        try await Self.with(script) { control, _ async throws in
            script.send(text)
            script.end()
            let answer = try await control.probe.send("POST", "/v1/responses", body: Self.create)
            #expect(answer.status == 200)
            #expect(answer.text == text)
            #expect(answer.headers["ringback-watch"] == nil)
            #expect(try await control.store.openWatchCount() == 0)
        }
    }

    @Test("that names no response within the bound is passed on unwatched while it still comes")
    func unnamedAtLength() async throws {
        let script = StreamScript()
        try await Self.with(script) { control, _ async throws in
            let comment = ": " + String(repeating: "x", count: 998) + "\n"
            for _ in 0..<1100 { script.send(comment) }
            let client = try await OpenAnswer.open(port: control.probe.port, "POST", "/v1/responses", body: Self.create)
            #expect(try await client.read(until: "\r\n\r\n").contains("200"))
            script.end()
            #expect(try await client.read(until: "0\r\n\r\n").count > 1100 * 1000)
            client.close()
            #expect(try await control.store.openWatchCount() == 0)
        }
    }

    /// A client that has read the first event of a retrieval (`GET`) or of a foreground create (`POST`).
    private static func reader(_ method: String, of script: StreamScript, port: Int) async throws -> OpenAnswer {
        let target = method == "GET" ? "/v1/responses/resp_1?stream=true" : "/v1/responses"
        let client = try await OpenAnswer.open(port: port, method, target, body: method == "GET" ? nil : foreground)
        script.send(event: "response.created", queued)
        _ = try await client.read(until: "}}\n\n\r\n")
        return client
    }

    @Test("that breaks off at the upstream breaks off at the client, and has no proper end", arguments: ["POST", "GET"])
    func breaksOff(_ method: String) async throws {
        let script = StreamScript()
        try await Self.with(script) { control, _ async throws in
            let client = try await Self.reader(method, of: script, port: control.probe.port)
            script.send(event: "response.in_progress")
            script.cut()
            let rest = try await client.rest()
            #expect(rest.contains("response.in_progress") && !rest.contains("0\r\n\r\n"))
            client.close()
        }
    }

    @Test("ends at the upstream when its client leaves, if it is a foreground create or a retrieval", arguments: ["POST", "GET"])
    func clientLeaves(_ method: String) async throws {
        let script = StreamScript()
        try await Self.with(script) { control, _ async throws in
            let client = try await Self.reader(method, of: script, port: control.probe.port)
            client.close()
            try await script.readerLeft()
        }
    }

    @Test("holds its upstream back when its client does not read")
    func backPressure() async throws {
        let script = StreamScript()
        try await Self.with(script) { control, _ async throws in
            // The end of the connection is to tell the end of the answer.
            let client = try await OpenAnswer.open(
                port: control.probe.port, "GET", "/v1/responses/resp_1?stream=true", headers: [("Connection", "close")])
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 64 * 1024)
            let total = 64 * 1024 * 1024
            for _ in 0..<(total / piece.count) { script.send(piece) }
            script.end()
            // The sockets' buffers fill up, and then nothing moves any more: that is seen as the same count again and again.
            var (last, still) = (-1, 0)
            while still < 20 {
                try await Task.sleep(for: .milliseconds(10))
                let taken = script.bytesTaken
                still = taken == last && taken > 0 ? still + 1 : 0
                last = taken
            }
            #expect(last < total / 2, "\(last) bytes went on although nobody read them")
            let rest = try await client.rest()
            #expect(rest.utf8.count > total)
            client.close()
        }
    }

    @Test("may be silent for longer than a connection may be idle")
    func silence() async throws {
        let script = StreamScript()
        try await Self.with(script, idleTimeout: .milliseconds(50)) { control, _ async throws in
            let client = try await OpenAnswer.open(port: control.probe.port, "GET", "/v1/responses/resp_1?stream=true")
            script.send(event: "response.created", Self.queued)
            _ = try await client.read(until: "}}\n\n\r\n")
            try await Task.sleep(for: .milliseconds(300))
            script.send(event: "response.in_progress")
            _ = try await client.read(until: "response.in_progress\"}\n\n\r\n")
            client.close()
        }
    }

    @Test("with its query goes to the upstream as it was asked for, and its answer passes whatever it is")
    func retrieves() async throws {
        let script = StreamScript()
        try await Self.with(script) { control, upstream async throws in
            script.send(event: "response.completed", Self.queued)
            script.end()
            let answer = try await control.probe.send("GET", "/v1/responses/resp_1?stream=true&starting_after=3")
            #expect(answer.text.hasPrefix("event: response.completed\n"))
            #expect(upstream.asked.first?.uri == "/v1/responses/resp_1?stream=true&starting_after=3")
        }
    }

    @Test("is not begun again by the same Idempotency-Key while it runs, and its answer is not kept")
    func idempotency() async throws {
        let script = StreamScript()
        try await Self.with(script) { control, upstream async throws in
            script.send(event: "response.queued", Self.queued)
            script.end()
            let key = [("Idempotency-Key", "k")]
            #expect(try await control.probe.send("POST", "/v1/responses", headers: key, body: Self.create).status == 200)
            #expect(upstream.asked.first?.header("idempotency-key") == "k")
        }
    }
}
