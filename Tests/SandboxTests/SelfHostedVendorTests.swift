import RawJSON
import RingbackCore
import RingbackTesting
import Sandbox
import Testing
import Transport

@Suite("A vendor that one runs oneself", .timeLimit(.minutes(5)))
struct SelfHostedVendorTests {
    // MARK: vLLM

    @Test("vllm says queued, without any output, until the end")
    func vllmQueued() async throws {
        try await lend("vllm") { sandbox in
            let id = try await sandbox.create(["duration": "10s"])
            sandbox.time.advance(by: .seconds(9))
            let running = try await sandbox.response(id)
            #expect(running["status"] == "queued")
            #expect(running["output"] == [])
            #expect(running["error"] == nil)
            #expect(running["completed_at"] == nil)
            sandbox.time.advance(by: .seconds(1))
            #expect(try await sandbox.response(id)["output"] != [])
        }
    }

    @Test("vllm calls a truncated response completed in its stream, with the type last")
    func vllmIncomplete() async throws {
        try await lend("vllm") { sandbox in
            var stream = sandbox.createStreaming(["duration": "10s", "outcome": "incomplete"])
            let beginning = try await stream.events(1)
            sandbox.time.advance(by: .seconds(10))
            let events = try await beginning + stream.rest()
            #expect(try events.last?.type() == "response.completed")
            #expect(try events.last?.status() == "incomplete")
            #expect(try events.allSatisfy { try $0.json().members?.last?.key == "type" })
        }
    }

    @Test("vllm leaves streams open and silent after a cancel, and beyond the end", arguments: [true, false])
    func vllmSilence(cancels: Bool) async throws {
        try await lend("vllm") { sandbox in
            var stream: OpenStream
            if cancels {
                stream = sandbox.createStreaming(["duration": "1h"])
                let id = try #require(try await stream.events(1).first?.json()["response"]?["id"]?.string)
                #expect(try await sandbox.post("/responses/\(id)/cancel").status == 200)
            } else {
                let id = try await sandbox.startStreaming(["duration": "1s"])
                sandbox.time.advance(by: .seconds(1))
                stream = sandbox.stream(id, after: 9999)
                #expect(try await stream.status() == 200)
            }
            // What the stream waits for now is nothing that the response could still do.
            let future = sandbox.time.now + Script.maximumDuration
            while sandbox.time.nextDeadline != future, !Task.isCancelled { await Task.yield() }
            #expect(sandbox.time.nextDeadline == future)
            #expect(!stream.isOver)
            await stream.close()
        }
    }

    @Test("vllm needs store for background, and takes stream=1 for a yes")
    func vllmStore() async throws {
        try await lend("vllm") { sandbox in
            let refusal = try await sandbox.post("/responses", SandboxUnderTest.body([:], more: "\"store\": false, "))
            #expect(refusal.status == 400)
            #expect(try refusal.json()["error"]?["code"] == 400)
            let id = try await sandbox.startStreaming(["duration": "1s"])
            sandbox.time.advance(by: .seconds(1))
            let answer = try await sandbox.get("/responses/\(id)?stream=1")
            #expect(answer.head["content-type"]?.hasPrefix("text/event-stream") == true)
            #expect(try await sandbox.get("/responses/\(id)/input_items").status == 404)
        }
    }

    @Test("forgets everything in a restart", arguments: ["vllm", "sglang", "mistralrs"])
    func restartForgets(vendor: String) async throws {
        try await lend(vendor) { sandbox in
            let id = try await sandbox.create(["duration": "10s", "restart_after": "5s"])
            sandbox.time.advance(by: .milliseconds(4999))
            #expect(try await sandbox.get("/responses/\(id)").status == 200)
            sandbox.time.advance(by: .milliseconds(1))
            #expect(try await sandbox.get("/responses/\(id)").status == 404)
        }
    }

    // MARK: OGX

    @Test("shows no output before the end", arguments: ["ogx", "llama-stack"])
    func ogxOutput(vendor: String) async throws {
        try await lend(vendor) { sandbox in
            let id = try await sandbox.create(["duration": "10s"])
            sandbox.time.advance(by: .seconds(9))
            #expect(try await sandbox.response(id)["status"] == "in_progress")
            #expect(try await sandbox.response(id)["output"] == [])
            #expect(try await sandbox.response(id)["background"]?.bool == (vendor == "ogx"))
            sandbox.time.advance(by: .seconds(1))
            #expect(try await sandbox.response(id)["output"] != [])
            #expect(try await sandbox.response(id)["background"] == true)
        }
    }

    @Test("ogx refuses background with stream, in yet another shape")
    func ogxStream() async throws {
        try await lend("ogx") { sandbox in
            let answer = try await sandbox.post("/responses", SandboxUnderTest.body([:], stream: true))
            #expect(answer.status == 400)
            #expect(try answer.json()["error"]?.members?.map(\.key) == ["message"])
        }
    }

    @Test("ogx fails what runs longer than 300 seconds")
    func ogxLimit() async throws {
        try await lend("ogx") { sandbox in
            let id = try await sandbox.create(["duration": "10m"])
            sandbox.time.advance(by: .seconds(300))
            #expect(try await sandbox.response(id)["status"] == "failed")
        }
    }

    @Test("says in_progress for ever after a restart, until somebody cancels", arguments: ["ogx", "azure-agents"])
    func restartFreezes(vendor: String) async throws {
        try await lend(vendor) { sandbox in
            let id = try await sandbox.create(["duration": "10s", "restart_after": "5s"])
            sandbox.time.advance(by: .seconds(24 * 3600))
            #expect(try await sandbox.response(id)["status"] == "in_progress")
            #expect(try await sandbox.post("/responses/\(id)/cancel").status == 200)
            #expect(try await sandbox.response(id)["status"] == "cancelled")
        }
    }

    // MARK: LiteLLM

    @Test("litellm shows its output growing, and forgets an hour after the creation, even what it never finished")
    func litellmGrowth() async throws {
        try await lend("litellm") { sandbox in
            let id = try await sandbox.create(["duration": "10s", "restart_after": "5s"])
            sandbox.time.advance(by: .seconds(5))
            let text = try await sandbox.response(id)["output"]?[0]?["content"]?[0]?["text"]?.string
            #expect(text?.isEmpty == false)
            sandbox.time.advance(by: .seconds(3594))
            #expect(try await sandbox.response(id)["status"] == "in_progress")
            sandbox.time.advance(by: .seconds(1))
            let answer = try await sandbox.get("/responses/\(id)")
            #expect(answer.status == 404)
            #expect(try answer.message() == "Polling response \(id) not found or expired")
        }
    }

    @Test("lets a cancelled run go on and completes it after all", arguments: ["litellm", "mistralrs"])
    func completesAfterCancel(vendor: String) async throws {
        try await lend(vendor) { sandbox in
            let id = try await sandbox.create(["duration": "10s"])
            sandbox.time.advance(by: .seconds(5))
            #expect(try await sandbox.postJSON("/responses/\(id)/cancel")["status"] == "cancelled")
            sandbox.time.advance(by: .milliseconds(4999))
            #expect(try await sandbox.response(id)["status"] == "cancelled")
            sandbox.time.advance(by: .milliseconds(1))
            #expect(try await sandbox.response(id)["status"] == "completed")
        }
    }

    @Test("litellm turns a completed response into a cancelled one")
    func litellmOverwrites() async throws {
        try await lend("litellm") { sandbox in
            let id = try await sandbox.create(["duration": "1s"])
            sandbox.time.advance(by: .seconds(1))
            #expect(try await sandbox.response(id)["status"] == "completed")
            #expect(try await sandbox.post("/responses/\(id)/cancel").status == 200)
            sandbox.time.advance(by: .seconds(60))
            #expect(try await sandbox.response(id)["status"] == "cancelled")
        }
    }

    @Test("answers a wrong key, and an id it did not give, with 400", arguments: ["litellm", "litellm-native"])
    func litellmErrors(vendor: String) async throws {
        let dialect = try #require(Dialect.named(vendor))
        try await SandboxUnderTest.lend(dialect: dialect, apiKey: Secret("sk")) { sandbox in
            let wrong = try await sandbox.get("/responses/resp_1")
            #expect(wrong.status == 400)
            #expect(try wrong.message() == "No connected db.")
            let foreign = try await sandbox.get("/responses/resp_1", headers: [(name: "Authorization", value: "Bearer sk")])
            #expect(foreign.status == 400)
            #expect(try foreign.message().contains("no healthy deployments"))
            #expect(foreign.head["llm_provider-x-request-id"]?.isEmpty == false)
        }
    }

    @Test("litellm-native shows another id at every look, and takes each of them")
    func nativeIDs() async throws {
        try await lend("litellm-native") { sandbox in
            let id = try await sandbox.create(["duration": "1h"])
            #expect(id.count == 453)
            let second = try #require(try await sandbox.response(id)["id"]?.string)
            let third = try #require(try await sandbox.response(second)["id"]?.string)
            #expect(Set([id, second, third]).count == 3)
            let cancelled = try #require(try await sandbox.post("/responses/\(third)/cancel").json()["id"]?.string)
            #expect(cancelled.count == 55, "it is the id that the server behind the proxy gave")
            #expect(try await sandbox.response(id)["status"] == "cancelled")
            #expect(try await sandbox.get("/responses/\(cancelled)").status == 400)
        }
    }

    @Test("litellm-native makes up a failure after a cancel, while the response says cancelled")
    func nativeMadeUpFailure() async throws {
        try await lend("litellm-native") { sandbox in
            var stream = sandbox.createStreaming(["duration": "1h"])
            let first = try #require(try await stream.events(1).first)
            #expect(first.name == nil)
            let id = try #require(try first.json()["response"]?["id"]?.string)
            await sandbox.time.waitForSleeper()
            #expect(try await sandbox.post("/responses/\(id)/cancel").status == 200)
            let rest = try await stream.rest()
            let failure = try #require(rest.dropLast().last)
            #expect(failure.name == "response.failed")
            #expect(try failure.json()["response"]?["error"]?["message"]?.string?.contains("before any terminal event") == true)
            #expect(rest.last?.data == "[DONE]")
            #expect(try await sandbox.response(id)["status"] == "cancelled")
        }
    }

    @Test("litellm ends a foreground stream with [DONE]")
    func litellmDone() async throws {
        try await lend("litellm") { sandbox in
            async let answer = sandbox.post("/responses", SandboxUnderTest.body(["duration": "1s"], background: false, stream: true))
            await sandbox.time.waitForSleeper()
            sandbox.time.advance(by: .seconds(1))
            let text = try await answer.text
            #expect(text.hasSuffix("data: [DONE]\n\n"))
            #expect(!text.contains("event:"))
        }
    }

    private func lend(_ vendor: String, _ body: @escaping @Sendable (SandboxUnderTest) async throws -> Void) async throws {
        try await SandboxUnderTest.lend(dialect: try #require(Dialect.named(vendor)), body)
    }
}
