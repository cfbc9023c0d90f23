import RawJSON
import RingbackCore
import RingbackTesting
import Sandbox
import Testing
import Transport

/// How vendors differ, as far as Ringback has to cope with it.
@Suite("A dialect of the sandbox", .timeLimit(.minutes(2)))
struct DialectTests {
    @Test("has its own kind of ids", arguments: [("openai", "resp_"), ("litellm", "litellm_poll_"), ("agentserver", "caresp_")])
    func ids(dialect: String, prefix: String) async throws {
        try await lend(dialect) { sandbox in
            let id = try await sandbox.create()
            #expect(id.hasPrefix(prefix))
        }
    }

    @Test("refuses to stream what was not created streaming", arguments: ["openai", "perplexity", "agentserver"])
    func streamsOnlyIfCreatedStreaming(dialect: String) async throws {
        try await lend(dialect) { sandbox in
            let id = try await sandbox.create(["duration": "10s"])
            var refused = sandbox.stream(id)
            #expect(try await refused.status() == 400)
            #expect(await refused.body().contains("stream=true"))

            var created = sandbox.createStreaming(["duration": "10s"])
            let streaming = try #require(try await created.events(1).first?.json()["response"]?["id"]?.string)
            await created.close()
            sandbox.time.advance(by: .seconds(5))
            var resumed = sandbox.stream(streaming, after: 0)
            #expect(try await resumed.events(1).first?.number() == 1)
            await resumed.close()
        }
    }

    @Test("answers JSON where a stream was asked for", arguments: ["ogx", "litellm"])
    func answersJSON(dialect: String) async throws {
        try await lend(dialect) { sandbox in
            let id = try await sandbox.create(["duration": "10s"])
            var stream = sandbox.stream(id)
            #expect(try await stream.status() == 200)
            #expect(stream.head?["content-type"] == "application/json")
            #expect(try await JSON(parsing: Array(stream.body().utf8))["status"] == "queued")
        }
    }

    @Test("answers the head of a stream and then nothing, at vllm, unless the response was created streaming")
    func answersNothing() async throws {
        try await lend("vllm") { sandbox in
            let id = try await sandbox.create(["duration": "10s"])
            var stream = sandbox.stream(id)
            #expect(try await stream.status() == 200)
            #expect(stream.head?["content-type"] == "text/event-stream")
            #expect(await stream.body().isEmpty)
        }
    }

    @Test("ends a cancelled response's stream without a word", arguments: ["openai", "perplexity", "agentserver"])
    func cancelledStreamEnds(dialect: String) async throws {
        try await lend(dialect) { sandbox in
            var stream = sandbox.createStreaming(["duration": "1h"])
            let beginning = try await stream.events(2)
            let id = try #require(try beginning.first?.json()["response"]?["id"]?.string)
            await sandbox.time.waitForSleeper()
            #expect(try await sandbox.post("/responses/\(id)/cancel").status == 200)
            #expect(try await stream.rest().isEmpty)
            #expect(stream.error == nil)
            #expect(try await sandbox.response(id)["status"] == "cancelled")
        }
    }

    @Test("leaves a cancelled response's stream open and silent, at vllm")
    func cancelledStreamIsSilent() async throws {
        try await lend("vllm") { sandbox in
            var stream = sandbox.createStreaming(["duration": "1h"])
            let beginning = try await stream.events(2)
            let id = try #require(try beginning.first?.json()["response"]?["id"]?.string)
            #expect(try await sandbox.post("/responses/\(id)/cancel").status == 200)
            // What the stream waits for now is nothing that the response could still do.
            let future = sandbox.time.now + Script.maximumDuration
            while sandbox.time.nextDeadline != future, !Task.isCancelled { await Task.yield() }
            #expect(sandbox.time.nextDeadline == future)
            #expect(!stream.isOver)
            await stream.close()
        }
    }

    @Test("answers a cancel briefly, and creates at /agent too, at perplexity")
    func perplexity() async throws {
        try await lend("perplexity") { sandbox in
            let created = try await sandbox.post("/agent", SandboxUnderTest.body(["duration": "1h"]))
            let id = try #require(try created.json()["id"]?.string)
            let answer = try await sandbox.post("/responses/\(id)/cancel")
            #expect(try answer.json() == ["response_id": .string(id), "status": "cancelling"])
        }
        try await lend("openai") { sandbox in
            let answer = try await sandbox.post("/agent", SandboxUnderTest.body([:]))
            #expect(answer.status == 404)
        }
    }

    @Test("says queued until the end, and calls a truncated response completed, at vllm")
    func vllm() async throws {
        try await lend("vllm") { sandbox in
            var stream = sandbox.createStreaming(["duration": "10s", "outcome": "incomplete"])
            let first = try #require(try await stream.events(1).first)
            let id = try #require(try first.json()["response"]?["id"]?.string)
            sandbox.time.advance(by: .seconds(9))
            #expect(try await sandbox.response(id)["status"] == "queued")
            sandbox.time.advance(by: .seconds(1))
            let last = try #require(try await stream.rest().last)
            #expect(try last.type() == "response.completed")
            #expect(try last.status() == "incomplete")
        }
    }

    @Test("leaves out the event lines and ends with [DONE], at litellm")
    func litellm() async throws {
        try await lend("litellm") { sandbox in
            var stream = sandbox.createStreaming(["duration": "10s"])
            let first = try await stream.events(1)
            sandbox.time.advance(by: .seconds(10))
            let events = try await first + stream.rest()
            #expect(events.allSatisfy { $0.name == nil })
            #expect(events.last?.data == "[DONE]")
            #expect(try events.dropLast().last?.type() == "response.completed")
        }
    }

    @Test("writes errors as a detail", arguments: ["ogx", "litellm"])
    func detailErrors(dialect: String) async throws {
        try await lend(dialect) { sandbox in
            let answer = try await sandbox.get("/responses/resp_nobody")
            #expect(answer.status == 404)
            #expect(try answer.json().members?.map(\.key) == ["detail"])
        }
    }

    @Test("writes times as whole seconds, or with a fraction", arguments: [("mka1", true), ("openai", false)])
    func times(dialect: String, hasFraction: Bool) async throws {
        try await lend(dialect) { sandbox in
            sandbox.time.advance(by: .milliseconds(500))
            let created = try #require(try await sandbox.response(sandbox.create())["created_at"])
            #expect(created.double == (hasFraction ? 1_790_000_000.5 : 1_790_000_000))
            #expect((created.integer == nil) == hasFraction)
        }
    }

    private func lend(_ name: String, _ body: @escaping @Sendable (SandboxUnderTest) async throws -> Void) async throws {
        try await SandboxUnderTest.lend(dialect: try #require(Dialect.named(name)), body)
    }
}
