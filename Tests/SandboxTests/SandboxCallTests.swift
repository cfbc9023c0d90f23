import RawJSON
import RingbackCore
import RingbackTesting
import Sandbox
import Testing
import Transport

@Suite("The sandbox over HTTP", .timeLimit(.minutes(5)))
struct SandboxCallTests {
    @Test("answers a background create at once, with an id and the status queued")
    func backgroundCreate() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let answer = try await sandbox.post("/responses", SandboxUnderTest.body(["duration": "10s"]))
            #expect(answer.status == 200)
            #expect(answer.head["content-type"] == "application/json")
            let response = try answer.json()
            #expect(response["id"]?.string?.hasPrefix("resp_") == true)
            #expect(response["object"] == "response")
            #expect(response["status"] == "queued")
            #expect(response["background"] == true)
            #expect(response["model"] == "test")
            #expect(response["metadata"] == ["sandbox.duration": "10s"])
        }
    }

    @Test("answers a create without background when the response has ended")
    func foregroundCreate() async throws {
        try await SandboxUnderTest.lend { sandbox in
            async let pending = sandbox.post("/responses", SandboxUnderTest.body(["duration": "10s"], background: false))
            await sandbox.time.waitForSleeper()
            sandbox.time.advance(by: .seconds(10))
            let response = try await pending.json()
            #expect(response["status"] == "completed")
            #expect(response["background"] == false)
        }
    }

    @Test("shows a response growing from queued over in_progress to its whole output")
    func growth() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create(["duration": "10s", "output_bytes": "1000"])
            #expect(try await sandbox.response(id)["output"] == [])
            sandbox.time.advance(by: .seconds(5))
            let half = try await sandbox.response(id)
            #expect(half["status"] == "in_progress")
            #expect(half["completed_at"] ?? .null == .null)
            let begun = try #require(text(of: half))
            #expect((1..<1000).contains(begun.utf8.count))
            sandbox.time.advance(by: .seconds(60))
            let whole = try await sandbox.response(id)
            #expect(whole["status"] == "completed")
            #expect(text(of: whole)?.utf8.count == 1000)
            #expect(text(of: whole)?.hasPrefix(begun) == true)
            #expect(whole["completed_at"]?.double == (whole["created_at"]?.double ?? 0) + 10)
            #expect(whole["usage"]?["total_tokens"]?.integer == 262)
        }
    }

    @Test("ends a response as its script says, and gives the reason", arguments: TerminalStatus.allCases)
    func outcome(_ outcome: TerminalStatus) async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create(["outcome": outcome.rawValue, "duration": "3s"])
            sandbox.time.advance(by: .milliseconds(2999))
            #expect(try await sandbox.response(id)["status"] == "in_progress")
            sandbox.time.advance(by: .milliseconds(1))
            let response = try await sandbox.response(id)
            #expect(response["status"]?.string == outcome.rawValue)
            #expect((response["error"]?["message"]?.string != nil) == (outcome == .failed))
            #expect((response["incomplete_details"]?["reason"]?.string != nil) == (outcome == .incomplete))
        }
    }

    @Test("answers at /responses as at /v1/responses")
    func withoutVersion() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let bare = SandboxUnderTest(url: String(sandbox.url.dropLast(3)), time: sandbox.time, transport: sandbox.transport)
            let id = try await bare.create()
            #expect(try await sandbox.response(id)["id"]?.string == id)
        }
    }

    @Test("cancels a running response, once more without harm, but not a finished one")
    func cancel() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let running = try await sandbox.create(["duration": "10s"])
            sandbox.time.advance(by: .seconds(1))
            for _ in 0..<2 {
                let answer = try await sandbox.post("/responses/\(running)/cancel")
                #expect(answer.status == 200)
                #expect(try answer.json()["status"] == "cancelled")
            }
            sandbox.time.advance(by: .seconds(60))
            #expect(try await sandbox.response(running)["status"] == "cancelled")

            let finished = try await sandbox.create(["duration": "1s"])
            sandbox.time.advance(by: .seconds(1))
            let refusal = try await sandbox.post("/responses/\(finished)/cancel")
            #expect(refusal.status == 400)
            #expect(try refusal.message() == "Cannot cancel a completed response.")
            #expect(try await sandbox.response(finished)["status"] == "completed")
        }
    }

    @Test("no longer knows a response after forget_after, in any call")
    func forgets() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create(["duration": "1s", "forget_after": "5s"])
            sandbox.time.advance(by: .milliseconds(4999))
            #expect(try await sandbox.response(id)["status"] == "completed")
            sandbox.time.advance(by: .milliseconds(1))
            #expect(try await sandbox.get("/responses/\(id)").status == 404)
            #expect(try await sandbox.get("/responses/\(id)?stream=true").status == 404)
            #expect(try await sandbox.get("/responses/\(id)/input_items").status == 404)
            #expect(try await sandbox.post("/responses/\(id)/cancel").status == 404)
            #expect(try await sandbox.delete("/responses/\(id)").status == 404)
        }
    }

    @Test("answers 404 with the id for a response that never was")
    func unknown() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let answer = try await sandbox.get("/responses/resp_nobody")
            #expect(answer.status == 404)
            #expect(try answer.message().contains("resp_nobody"))
            #expect(try await sandbox.post("/responses/resp_nobody/cancel").status == 404)
        }
    }

    @Test("repeats in a response what the create call set")
    func repeatsSettings() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let body = """
                {"model": "m", "background": true, "instructions": "be short", "temperature": 0.25, "tool_choice": "required",
                 "tools": [{"type": "web_search"}], "metadata": {"team": "search"}}
                """
            let response = try await sandbox.post("/responses", body).json()
            #expect(response["instructions"] == "be short")
            #expect(response["temperature"]?.double == 0.25)
            #expect(response["tool_choice"] == "required")
            #expect(response["tools"] == [["type": "web_search"]])
            #expect(response["parallel_tool_calls"] == true)
            #expect(response["metadata"] == ["team": "search"])
        }
    }

    @Test("makes one response of two creates with one Idempotency-Key, when the dialect does", arguments: [true, false])
    func idempotency(honours: Bool) async throws {
        var dialect = Dialect.mka1
        dialect.honoursIdempotencyKeys = honours
        try await SandboxUnderTest.lend(dialect: dialect) { sandbox in
            var ids: [String] = []
            for key in ["a", "a", "b"] {
                let answer = try await sandbox.post(
                    "/responses", SandboxUnderTest.body([:]), headers: [(name: "Idempotency-Key", value: key)])
                ids.append(try #require(try answer.json()["id"]?.string))
            }
            #expect((ids[0] == ids[1]) == honours)
            #expect(ids[1] != ids[2])
        }
    }

    @Test("answers as many retrievals with 429 and Retry-After, at openai, as rate_limit says, streams among them")
    func rateLimit() async throws {
        try await SandboxUnderTest.lend(dialect: try #require(Dialect.named("openai"))) { sandbox in
            let id = try await sandbox.create(["rate_limit": "2"])
            for query in ["", "?stream=true"] {
                let answer = try await sandbox.get("/responses/\(id)\(query)")
                #expect(answer.status == 429)
                #expect(answer.head["retry-after"] == "1")
                #expect(try answer.json()["error"]?["code"] == "rate_limit_exceeded")
            }
            #expect(try await sandbox.get("/responses/\(id)").status == 200)
        }
    }

    @Test("deletes a response")
    func delete() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create()
            #expect(try await sandbox.get("/responses/\(id)/input_items").status == 200)
            let answer = try await sandbox.delete("/responses/\(id)")
            #expect(try answer.json()["deleted"] == true)
            #expect(try await sandbox.get("/responses/\(id)").status == 404)
        }
    }

    @Test(
        "refuses a create call it does not understand, and says what to write",
        arguments: [
            ("no json", "JSON object"), ("[]", "JSON object"), ("", "JSON object"), ("{\"input\": \"hi\"}", "'model'"),
            ("{\"model\": 5}", "'model'"), ("{\"model\": \"m\", \"background\": \"yes\"}", "'background'"),
            ("{\"model\": \"m\", \"stream\": 1}", "'stream'"), ("{\"model\": \"m\", \"metadata\": []}", "'metadata'"),
            ("{\"model\": \"m\", \"metadata\": {\"sandbox.rate_limit\": 2}}", "'sandbox.rate_limit' has to be a string"),
            ("{\"model\": \"m\", \"metadata\": {\"sandbox.durration\": \"2s\"}}", "'sandbox.durration' is not known"),
            ("{\"model\": \"m\", \"metadata\": {\"sandbox.duration\": \"2\"}}", "500ms, 3s or 2m"),
            ("{\"model\": \"m\", \"metadata\": {\"sandbox.outcome\": \"done\"}}", "completed, failed, incomplete, cancelled"),
        ])
    func badCreate(body: String, hint: String) async throws {
        try await SandboxUnderTest.lend { sandbox in
            let answer = try await sandbox.post("/responses", body)
            #expect(answer.status == 400)
            #expect(try answer.message().contains(hint), "it says: \(answer.text)")
        }
    }

    @Test("asks every call for its key when it has one")
    func apiKey() async throws {
        try await SandboxUnderTest.lend(apiKey: Secret("sk-test")) { sandbox in
            #expect(try await sandbox.get("/responses/resp_1").status == 401)
            #expect(try await sandbox.get("/responses/resp_1", headers: [(name: "Authorization", value: "Bearer sk-other")]).status == 401)
            #expect(try await sandbox.get("/responses/resp_1", headers: [(name: "Authorization", value: "Bearer sk-test")]).status == 404)
            let refusal = try await sandbox.post("/responses", SandboxUnderTest.body([:]))
            #expect(refusal.status == 401)
            #expect(try refusal.message().contains("key"))
        }
    }

    private func text(of response: JSON) -> String? {
        response["output"]?[0]?["content"]?[0]?["text"]?.string
    }
}
