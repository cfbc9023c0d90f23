import RawJSON
import RingbackCore
import RingbackTesting
import Sandbox
import Testing
import Transport

@Suite("A vendor that one rents", .timeLimit(.minutes(5)))
struct RentedVendorTests {
    // MARK: MKA1

    @Test("mka1 tells a finished response in one terminal event, wherever one wants to start")
    func mka1Finished() async throws {
        try await lend("mka1") { sandbox in
            let id = try await sandbox.create(["duration": "1s"])
            sandbox.time.advance(by: .seconds(1))
            for start in [nil, 0, 1000] as [Int64?] {
                var stream = sandbox.stream(id, after: start)
                #expect(try await stream.rest().map { try $0.type() } == ["response.completed"])
            }
        }
    }

    @Test("mka1 tells deltas of a polled response only if the create call asked for them", arguments: [true, false])
    func mka1StreamEvents(asked: Bool) async throws {
        try await lend("mka1") { sandbox in
            let body = "{\"model\": \"m\", \"background\": true, \"stream_events\": \(asked)}"
            let id = try #require(try await sandbox.post("/responses", body).json()["id"]?.string)
            var stream = sandbox.stream(id)
            let beginning = try await stream.events(1)
            sandbox.time.advance(by: .seconds(1))
            let events = try await beginning + stream.rest()
            let types = try events.map { try $0.type() }
            #expect(types.contains("response.output_text.delta") == asked)
            #expect(try events.map { try $0.number() } == Array(0..<Int64(events.count)))
        }
    }

    @Test("mka1 hides what was made for one user from everybody else")
    func mka1Users() async throws {
        try await lend("mka1") { sandbox in
            let alice = [(name: "X-On-Behalf-Of", value: "alice")]
            let created = try await sandbox.post("/responses", SandboxUnderTest.body([:]), headers: alice)
            let id = try #require(try created.json()["id"]?.string)
            #expect(try await sandbox.get("/responses/\(id)", headers: alice).status == 200)
            #expect(try await sandbox.get("/responses/\(id)").status == 404)
            #expect(try await sandbox.get("/responses/\(id)", headers: [(name: "X-On-Behalf-Of", value: "bob")]).status == 404)
            #expect(try await sandbox.post("/responses/\(id)/cancel").status == 404)
            #expect(try await sandbox.getJSON("/responses")["data"] == [])
            #expect(try await sandbox.getJSON("/responses", headers: alice)["data"]?[0]?["id"]?.string == id)
        }
    }

    @Test("mka1 answers 429 with a text for an error and no Retry-After")
    func mka1RateLimit() async throws {
        try await lend("mka1") { sandbox in
            let answer = try await sandbox.get("/responses/\(sandbox.create(["rate_limit": "1"]))")
            #expect(answer.status == 429)
            #expect(answer.text == "{\"error\":\"Rate limit exceeded\"}")
            #expect(answer.head["retry-after"] == nil)
        }
    }

    @Test("mka1 says background false of a cancelled background response, and writes times with a fraction")
    func mka1Object() async throws {
        try await lend("mka1") { sandbox in
            sandbox.time.advance(by: .milliseconds(500))
            let id = try await sandbox.create(["duration": "1h"])
            #expect(try await sandbox.response(id)["background"] == true)
            #expect(try await sandbox.response(id)["created_at"]?.double == 1_790_000_000.5)
            #expect(try await sandbox.postJSON("/responses/\(id)/cancel")["background"] == false)
        }
    }

    // MARK: OpenAI

    @Test("openai streams for 5 minutes after creation, and forgets 10 minutes after the end")
    func openaiWindows() async throws {
        try await lend("openai") { sandbox in
            let id = try await sandbox.startStreaming(["duration": "1m"])
            sandbox.time.advance(by: .seconds(299))
            var stream = sandbox.stream(id, after: 2)
            #expect(try await stream.rest().first?.number() == 3)
            sandbox.time.advance(by: .seconds(1))
            let refusal = try await sandbox.get("/responses/\(id)?stream=true")
            #expect(refusal.status == 400)
            #expect(try refusal.message().contains("more than 5 minutes old"))
            sandbox.time.advance(by: .seconds(359))
            #expect(try await sandbox.get("/responses/\(id)").status == 200)
            sandbox.time.advance(by: .seconds(1))
            #expect(try await sandbox.get("/responses/\(id)").status == 404)
        }
    }

    @Test("openai's times pass sixty times as fast when one asks for it; a script's do not")
    func openaiScaled() async throws {
        let dialect = try #require(Dialect.named("openai")).scaled(by: 60)
        try await SandboxUnderTest.lend(dialect: dialect) { sandbox in
            let id = try await sandbox.create(["duration": "3s"])
            sandbox.time.advance(by: .seconds(12))
            #expect(try await sandbox.response(id)["status"] == "completed")
            sandbox.time.advance(by: .seconds(1))
            #expect(try await sandbox.get("/responses/\(id)").status == 404)
        }
    }

    @Test("openai says in events with numbers of their own that a silent stream is alive")
    func openaiKeepAlive() async throws {
        try await lend("openai") { sandbox in
            var stream = sandbox.createStreaming(["duration": "2m", "delta_interval": "2m"])
            let beginning = try await stream.events(1)
            sandbox.time.advance(by: .seconds(120))
            let events = try await beginning + stream.rest()
            let types = try events.map { try $0.type() }
            #expect(types.count { $0 == "keepalive" } == 3)
            #expect(try events.map { try $0.number() } == Array(0..<Int64(events.count)))
        }
    }

    @Test("openai says when to poll again, and how much is left")
    func openaiHeaders() async throws {
        try await lend("openai") { sandbox in
            let id = try await sandbox.create(["duration": "1s"])
            let running = try await sandbox.get("/responses/\(id)")
            #expect(running.head["openai-poll-after-ms"] == "2000")
            #expect(running.head["x-ratelimit-remaining-requests"] == "4999")
            #expect(running.head["x-request-id"]?.hasPrefix("req_") == true)
            sandbox.time.advance(by: .seconds(1))
            #expect(try await sandbox.get("/responses/\(id)").head["openai-poll-after-ms"] == nil)
        }
    }

    @Test("ends a cancelled response's stream without a word", arguments: ["openai", "azure-agents", "perplexity"])
    func cancelledStream(vendor: String) async throws {
        try await lend(vendor) { sandbox in
            var stream = sandbox.createStreaming(["duration": "1h"])
            let id = try #require(try await stream.events(1).first?.json()["response"]?["id"]?.string)
            await sandbox.time.waitForSleeper()
            #expect(try await sandbox.post("/responses/\(id)/cancel").status == 200)
            sandbox.time.advance(by: .seconds(1))
            let rest = try await stream.rest().filter { $0.comment == nil }.map { try $0.type() }
            #expect(!rest.contains("response.cancelled"))
            #expect(stream.error == nil)
            #expect(try await sandbox.response(id)["status"] == "cancelled")
        }
    }

    @Test("azure has figures that mean nothing, takes the key from api-key, and may complete what it cancelled")
    func azure() async throws {
        let dialect = try #require(Dialect.named("azure"))
        try await SandboxUnderTest.lend(dialect: dialect, apiKey: Secret("sk")) { sandbox in
            let key = [(name: "api-key", value: "sk")]
            let script = SandboxUnderTest.body(["duration": "10s", "ignore_cancel": "true", "rate_limit": "1"])
            let id = try #require(try await sandbox.post("/responses", script, headers: key).json()["id"]?.string)
            let limited = try await sandbox.get("/responses/\(id)", headers: key)
            #expect(limited.status == 429)
            #expect(limited.head["retry-after"] == nil)
            #expect(limited.head["x-ratelimit-remaining-requests"] == "-1")
            #expect(limited.head["x-ratelimit-reset-requests"] == "0")
            #expect(try await sandbox.postJSON("/responses/\(id)/cancel", headers: key)["status"] == "cancelled")
            #expect(try await sandbox.getJSON("/responses/\(id)", headers: key)["status"] == "cancelled")
            sandbox.time.advance(by: .seconds(10))
            #expect(try await sandbox.getJSON("/responses/\(id)", headers: key)["status"] == "completed")
        }
    }

    // MARK: Azure's agents

    @Test("azure-agents replays a finished response, from anywhere, for 10 minutes; beyond the end there is nothing")
    func agentsReplay() async throws {
        try await lend("azure-agents") { sandbox in
            let id = try await sandbox.startStreaming(["duration": "1s"])
            sandbox.time.advance(by: .seconds(1))
            var whole = sandbox.stream(id)
            let events = try await whole.rest()
            #expect(try events.first?.number() == 0)
            var rest = sandbox.stream(id, after: 3)
            #expect(try await rest.rest() == Array(events.dropFirst(4)))
            var beyond = sandbox.stream(id, after: 9999)
            #expect(try await beyond.status() == 200)
            #expect(try await beyond.rest().isEmpty)
            #expect(beyond.error == nil)
            sandbox.time.advance(by: .seconds(600))
            let late = try await sandbox.get("/responses/\(id)?stream=true")
            #expect(late.status == 400)
            #expect(try late.message().contains("TTL has expired"))
            #expect(try await sandbox.get("/responses/\(id)").status == 200)
        }
    }

    @Test("azure-agents takes only the word true for a yes, and refuses a number that is none")
    func agentsQuery() async throws {
        try await lend("azure-agents") { sandbox in
            let id = try await sandbox.startStreaming(["duration": "1h"])
            #expect(try await sandbox.get("/responses/\(id)?stream=1").head["content-type"] == "application/json")
            #expect(try await sandbox.get("/responses/\(id)?stream=true&starting_after=abc").status == 400)
        }
    }

    @Test("azure-agents says in comments that a silent stream is alive")
    func agentsKeepAlive() async throws {
        try await lend("azure-agents") { sandbox in
            var stream = sandbox.createStreaming(["duration": "1h", "keepalive": "5s"])
            let created = try await stream.events(1)
            #expect(try created.map { try $0.number() } == [0])
            sandbox.time.advance(by: .milliseconds(300))
            let begun = try await stream.events(4)
            #expect(begun.count == 4)
            await sandbox.time.waitForSleeper()
            #expect(sandbox.time.nextDeadline == Moment(nanoseconds: 0) + .milliseconds(5300))
            sandbox.time.advance(by: .seconds(5))
            let comment = try await stream.events(1)
            #expect(comment.map(\.comment) == ["keep-alive"])
            await stream.close()
        }
    }

    @Test("azure-agents waits 10 seconds for a run that does not heed a cancel, and calls it failed in its stream")
    func agentsDeaf() async throws {
        try await lend("azure-agents") { sandbox in
            var stream = sandbox.createStreaming(["duration": "1h", "delta_interval": "1h", "ignore_cancel": "true"])
            let id = try #require(try await stream.events(1).first?.json()["response"]?["id"]?.string)
            sandbox.time.advance(by: .seconds(1))
            _ = try await stream.events(4)
            await sandbox.time.waitForSleeper()
            async let pending = sandbox.post("/responses/\(id)/cancel")
            let end = Moment(nanoseconds: 0) + .seconds(11)
            while sandbox.time.nextDeadline != end, !Task.isCancelled { await Task.yield() }
            #expect(try await sandbox.response(id)["status"] == "in_progress")
            sandbox.time.advance(by: .seconds(10))
            let answer = try await pending.json()
            #expect(answer["status"] == "cancelled")
            #expect(answer["output"] == [])
            let last = try #require(try await stream.rest().last)
            #expect(try last.type() == "response.failed")
            #expect(try last.status() == "cancelled")
        }
    }

    @Test("sends a path that ends with a slash elsewhere", arguments: ["azure-agents", "ogx"])
    func slash(vendor: String) async throws {
        try await lend(vendor) { sandbox in
            let answer = try await sandbox.get("/responses/?limit=1")
            #expect(answer.status == 307)
            #expect(answer.head["location"] == "/v1/responses?limit=1")
        }
    }

    @Test("azure-agents knows a response after a restart, but not how it goes on")
    func agentsRestart() async throws {
        try await lend("azure-agents") { sandbox in
            var stream = sandbox.createStreaming(["duration": "1h", "delta_interval": "1h", "restart_after": "10s"])
            let id = try #require(try await stream.events(1).first?.json()["response"]?["id"]?.string)
            sandbox.time.advance(by: .seconds(1))
            _ = try await stream.events(4)
            sandbox.time.advance(by: .seconds(9))
            #expect(try await stream.rest().isEmpty)
            #expect(stream.error != nil)
            sandbox.time.advance(by: .seconds(24 * 3600))
            #expect(try await sandbox.response(id)["status"] == "in_progress")
            #expect(try await sandbox.get("/responses/\(id)?stream=true").status == 400)
        }
    }

    // MARK: Perplexity and others

    @Test("perplexity creates at /agent, has events of its own, and fails without a response")
    func perplexityEvents() async throws {
        try await lend("perplexity") { sandbox in
            #expect(try await sandbox.post("/agent", SandboxUnderTest.body([:])).status == 200)
            var stream = sandbox.createStreaming(["duration": "1s", "outcome": "failed"])
            let beginning = try await stream.events(1)
            sandbox.time.advance(by: .seconds(1))
            let events = try await beginning + stream.rest()
            let types = try events.map { try $0.type() }
            #expect(types.contains("response.reasoning.search_queries"))
            let last = try #require(try events.last?.json())
            #expect(last["type"] == "response.failed")
            #expect(last["response"] == nil)
            #expect(last["error"]?["code"] == "server_error")
        }
        try await lend("openai") { sandbox in
            let answer = try await sandbox.post("/agent", SandboxUnderTest.body([:]))
            #expect(answer.status == 404)
        }
    }

    @Test("perplexity answers a cancel with an intention, and cancels a second later")
    func perplexityCancel() async throws {
        try await lend("perplexity") { sandbox in
            let id = try await sandbox.create(["duration": "1h"])
            for _ in 0..<2 {
                let answer = try await sandbox.post("/responses/\(id)/cancel")
                #expect(try answer.json() == ["response_id": .string(id), "status": "cancelling"])
            }
            #expect(try await sandbox.response(id)["status"] == "queued")
            sandbox.time.advance(by: .seconds(1))
            #expect(try await sandbox.response(id)["status"] == "cancelled")
        }
    }

    @Test("databricks tells several response.completed and ends a failure with a nested error and no [DONE]", arguments: [true, false])
    func databricks(fails: Bool) async throws {
        try await lend("databricks") { sandbox in
            var stream = sandbox.createStreaming(["duration": "1s", "outcome": fails ? "failed" : "completed"])
            let beginning = try await stream.events(1)
            sandbox.time.advance(by: .seconds(1))
            let events = try await beginning + stream.rest()
            #expect(events.allSatisfy { $0.name == nil })
            #expect((events.last?.data == "[DONE]") == !fails)
            let told = Self.objects(among: events)
            #expect(events.count - told.count == (fails ? 0 : 1))
            let types = try told.map { try $0.type() }
            #expect(types.count { $0 == "response.completed" } == (fails ? 1 : 2))
            if fails { #expect(try told.last?.json()["error"]?["code"] == "server_error") }
            #expect(types.last == (fails ? "error" : "response.completed"))
        }
    }

    /// Those events whose data is a JSON object.
    private static func objects(among events: [StreamedEvent]) -> [StreamedEvent] {
        events.filter { $0.data.hasPrefix("{") }
    }

    private func lend(_ vendor: String, _ body: @escaping @Sendable (SandboxUnderTest) async throws -> Void) async throws {
        try await SandboxUnderTest.lend(dialect: try #require(Dialect.named(vendor)), body)
    }
}

extension SandboxUnderTest {
    /// Creates a background response with `stream: true`, goes away after its first event, and answers its id.
    func startStreaming(_ script: [String: String]) async throws -> String {
        var stream = createStreaming(script)
        let first = try await stream.events(1).first
        await stream.close()
        return try #require(try first?.json()["response"]?["id"]?.string)
    }
}
