import Control
import RawJSON
import RingbackCore
import RingbackTesting
import Store
import StoreSQLite
import Testing

@Suite("Watches")
struct WatchRoutesTests {
    @Test("a registration answers 201, the same again 200 with the same watch")
    func registersOnce() async throws {
        try await ControlUnderTest.with { control async throws in
            let body = """
                {"response_id": "resp_1", "endpoints": ["my-app", "my-app"], "metadata": {"team": "search"}, "max_age": "2h",
                 "headers": {"X-On-Behalf-Of": "acme"},
                 "callback": {"url": "https://hooks.example.com/cb?token=hidden", "secret": "\(Endpoint.secret)", "payload": "full"}}
                """
            let created = try await control.probe.send("POST", "/v1/watches", headers: [("Content-Type", "application/json")], body: body)
            #expect(created.status == 201)
            let watch = try created.json()
            let id = try #require(watch["id"]?.string)
            #expect(id == WatchID(upstream: .main, response: ResponseID(trusted: "resp_1")).rawValue)
            #expect(created.headers["location"] == "/v1/watches/\(id)")
            #expect(watch["object"] == "watch")
            #expect(watch["upstream"] == "main")
            #expect(watch["response_id"] == "resp_1")
            #expect(watch["status"] == "queued")
            #expect(watch["endpoints"] == ["my-app"])
            #expect(watch["metadata"] == ["team": "search"])
            #expect(watch["max_age"] == "2h")
            #expect(watch["header_names"] == ["X-On-Behalf-Of"])
            #expect(watch["callback"]?["url"] == "https://hooks.example.com/cb")
            #expect(watch["callback"]?["signed"] == true)
            #expect(watch["created_at"] == .string(control.time.wallNow.rfc3339))
            for absent in ["terminal_at", "sequence_number", "model", "usage", "last_error"] {
                #expect(watch[absent] == .null, "\(absent)")
            }
            #expect(!created.text.contains("hidden") && !created.text.contains("whsec_") && !created.text.contains("acme"))

            let stored = try #require(try await control.store.watch(WatchID(trusted: id)))
            #expect(stored.callback?.secret?.reveal() == Endpoint.secret)
            #expect(stored.callback?.payload == .full)
            #expect(stored.headers.first?.value.reveal() == "acme")

            let again = try await control.probe.send("POST", "/v1/watches", body: #"{"response_id":"resp_1"}"#)
            #expect(again.status == 200)
            #expect(try again.json()["id"]?.string == id)

            let conflict = try await control.probe.send("POST", "/v1/watches", body: #"{"response_id":"resp_1","endpoints":["audit"]}"#)
            #expect(conflict.status == 409)
            #expect(try conflict.json()["detail"]?.string?.contains(id) == true)
        }
    }

    @Test(
        "a bad field is answered 400 with its pointer and what to write",
        arguments: [
            (#"{}"#, "#/response_id", "needed"),
            (#"{"response_id": 5}"#, "#/response_id", "string"),
            (#"{"response_id": "a/b"}"#, "#/response_id", "'/'"),
            (#"{"response_id": ""}"#, "#/response_id", "empty"),
            (#"{"response_id": "r", "respons_id": "r"}"#, "#/respons_id", "Did you mean 'response_id'?"),
            (#"{"response_id": "r", "response_id": "r"}"#, "#/response_id", "twice"),
            (#"{"response_id": "r", "upstream": "mian"}"#, "#/upstream", "Did you mean 'main'?"),
            (#"{"response_id": "r", "upstream": "zzzzzzzz"}"#, "#/upstream", "main, other"),
            (#"{"response_id": "r", "endpoints": ["my-app", "my-ap"]}"#, "#/endpoints/1", "Did you mean 'my-app'?"),
            (#"{"response_id": "r", "endpoints": "my-app"}"#, "#/endpoints", "list"),
            (#"{"response_id": "r", "callback": {}}"#, "#/callback/url", "needed"),
            (#"{"response_id": "r", "callback": "https://a.example"}"#, "#/callback", "object"),
            (#"{"response_id": "r", "callback": {"url": "htps://a.example"}}"#, "#/callback/url", "https://"),
            (#"{"response_id": "r", "callback": {"url": "https://u:p@a.example"}}"#, "#/callback/url", ""),
            (#"{"response_id": "r", "callback": {"url": "https://a.example", "secret": "abc"}}"#, "#/callback/secret", "ringback secret"),
            (#"{"response_id": "r", "callback": {"url": "https://a.example", "payload": "thinn"}}"#, "#/callback/payload", "'thin'"),
            (
                #"{"response_id": "r", "callback": {"url": "https://a.example", "payload": "cloudevent"}}"#, "#/callback/payload",
                "'cloudevents'"
            ),
            (
                #"{"response_id": "r", "callback": {"url": "https://a.example", "headers": {"webhook-id": "x"}}}"#,
                "#/callback/headers/webhook-id", "Ringback"
            ),
            (#"{"response_id": "r", "headers": {"X-A": "a\r\nX-B: b"}}"#, "#/headers/X-A", "line breaks"),
            (#"{"response_id": "r", "headers": {"X A": "a"}}"#, "#/headers/X A", "name"),
            (#"{"response_id": "r", "headers": {"Host": "a"}}"#, "#/headers/Host", "Ringback"),
            (#"{"response_id": "r", "metadata": {"a": 1}}"#, "#/metadata/a", "string"),
            (#"{"response_id": "r", "metadata": {"a/b~c": null}}"#, "#/metadata/a~1b~0c", "string"),
            (#"{"response_id": "r", "max_age": "2 hours"}"#, "#/max_age", "2h"),
            (#"{"response_id": "r", "max_age": "0s"}"#, "#/max_age", "1s"),
        ]
    )
    func refusesBadFields(_ body: String, _ pointer: String, _ words: String) async throws {
        try await ControlUnderTest.with { control async throws in
            let answer = try await control.probe.send("POST", "/v1/watches", body: body)
            #expect(answer.status == 400)
            #expect(answer.headers["content-type"] == "application/problem+json")
            let errors = try #require(try answer.json()["errors"]?.elements)
            let error = try #require(errors.first { $0["pointer"]?.string == pointer }, "\(answer.text)")
            #expect(error["detail"]?.string?.contains(words) == true, "\(answer.text)")
            #expect(try await control.store.openWatchCount() == 0)
        }
    }

    @Test("metadata has at most 16 keys, and keys and values of at most 512 bytes")
    func boundsMetadata() async throws {
        try await ControlUnderTest.with { control async throws in
            let many = (0...16).map { #""k\#($0)":"v""# }.joined(separator: ",")
            let long = String(repeating: "v", count: 513)
            for metadata in ["{\(many)}", #"{"k":"\#(long)"}"#, #"{"\#(long)":"v"}"#, #"{"":"v"}"#] {
                let answer = try await control.probe.send("POST", "/v1/watches", body: #"{"response_id":"r","metadata":\#(metadata)}"#)
                #expect(answer.status == 400)
            }
            let full = (0..<16).map { #""k\#($0)":"\#(String(repeating: "v", count: 512))""# }.joined(separator: ",")
            let answer = try await control.probe.send("POST", "/v1/watches", body: #"{"response_id":"r","metadata":{\#(full)}}"#)
            #expect(answer.status == 201)
        }
    }

    @Test("all problems of a request are told at once, and a secret that was wrong is never repeated")
    func tellsEverything() async throws {
        try await ControlUnderTest.with { control async throws in
            let body = #"{"upstream":"nope","callback":{"url":"x","secret":"my-wrong-secret"},"metadata":[],"extra":1}"#
            let answer = try await control.probe.send("POST", "/v1/watches", body: body)
            #expect(answer.status == 400)
            let pointers = try answer.json()["errors"]?.elements?.compactMap { $0["pointer"]?.string } ?? []
            #expect(Set(pointers) == ["#/extra", "#/response_id", "#/upstream", "#/callback/url", "#/callback/secret", "#/metadata"])
            #expect(!answer.text.contains("my-wrong-secret"))
        }
    }

    @Test("lists go page by page, newest first, without repeating or losing a watch")
    func pages() async throws {
        try await ControlUnderTest.with { control async throws in
            for index in 0..<7 {
                control.time.advance(by: .milliseconds(index % 2 == 0 ? 1 : 0))
                _ = try await control.probe.send("POST", "/v1/watches", body: #"{"response_id":"resp_\#(index)"}"#)
            }
            var seen: [String] = []
            var times: [String] = []
            var query = "limit=3"
            while true {
                let page = try await control.probe.send("GET", "/v1/watches?\(query)").json()
                let data = try #require(page["data"]?.elements)
                #expect(data.count <= 3)
                seen += data.compactMap { $0["response_id"]?.string }
                times += data.compactMap { $0["created_at"]?.string }
                #expect(page["has_more"]?.bool == (page["next_cursor"] != .null))
                guard let cursor = page["next_cursor"]?.string else { break }
                query = "limit=3&cursor=\(cursor)"
            }
            #expect(seen.sorted() == (0..<7).map { "resp_\($0)" })
            #expect(times == times.sorted(by: >))

            let one = try await control.probe.send("GET", "/v1/watches?status=&upstream=main&response_id=resp_3").json()
            #expect(one["data"]?.elements?.count == 1)
            #expect(try await control.probe.send("GET", "/v1/watches?status=completed").json()["data"] == [])
        }
    }

    @Test(
        "a bad query is answered 400 with its pointer",
        arguments: [
            ("limit=0", "#/limit", "500"), ("limit=501", "#/limit", "500"), ("limit=ten", "#/limit", "500"),
            ("cursor=abc", "#/cursor", "next_cursor"), ("stauts=queued", "#/stauts", "Did you mean 'status'?"),
            ("status=runing", "#/status", "stopped"), ("status=complete", "#/status", "Did you mean 'completed'?"),
            ("limit=1&limit=2", "#/limit", "twice"), ("status=%zz", "#", "percent"),
        ]
    )
    func refusesBadQueries(_ query: String, _ pointer: String, _ words: String) async throws {
        try await ControlUnderTest.with { control async throws in
            let answer = try await control.probe.send("GET", "/v1/watches?\(query)")
            #expect(answer.status == 400)
            let error = try #require(try answer.json()["errors"]?.elements?.first)
            #expect(error["pointer"]?.string == pointer)
            #expect(error["detail"]?.string?.contains(words) == true, "\(answer.text)")
        }
    }

    @Test("a watch can be looked at, with what the engine knows and has not written yet, and stopped")
    func showsAndStops() async throws {
        var options = ControlUnderTest.Options()
        options.live = LiveProgress(status: .inProgress, following: .stream, sequenceNumber: 42)
        try await ControlUnderTest.with(options) { control async throws in
            _ = try await control.probe.send("POST", "/v1/watches", body: #"{"response_id":"resp_1"}"#)
            let id = WatchID(upstream: .main, response: ResponseID(trusted: "resp_1"))
            let shown = try await control.probe.send("GET", "/v1/watches/\(id)")
            #expect(shown.status == 200)
            #expect(try shown.json()["sequence_number"] == 42)
            #expect(try shown.json()["following"] == "stream")
            #expect(try shown.json()["status"] == "in_progress")

            let unfinished = try await control.probe.send("GET", "/v1/watches/\(id)/response")
            #expect(unfinished.status == 404)

            let stopped = try await control.probe.send("DELETE", "/v1/watches/\(id)")
            #expect(stopped.status == 200)
            #expect(try stopped.json()["status"] == "stopped")
            // The live word is about an open watch only.
            #expect(try await control.probe.send("GET", "/v1/watches/\(id)").json()["status"] == "stopped")

            let reopened = try await control.probe.send("POST", "/v1/watches", body: #"{"response_id":"resp_1"}"#)
            #expect(reopened.status == 201)
            for method in ["GET", "DELETE"] {
                #expect(try await control.probe.send(method, "/v1/watches/watch_none").status == 404)
            }
        }
    }

    @Test("a response that will not come is answered 410 with what became of it, one that may come 404", .timeLimit(.minutes(5)))
    func missingResponses() async throws {
        try await ControlUnderTest.with { control async throws in
            func answer(_ response: String) async throws -> (status: Int, type: String?, detail: String) {
                let id = WatchID(upstream: .main, response: ResponseID(trusted: response))
                let answer = try await control.probe.send("GET", "/v1/watches/\(id)/response")
                let problem = try answer.json()
                return (answer.status, problem["type"]?.string, problem["detail"]?.string ?? "")
            }
            _ = try await control.probe.send("POST", "/v1/watches", body: #"{"response_id":"resp_running"}"#)
            let running = try await answer("resp_running")
            #expect(running.status == 404 && running.detail.contains("not finished yet"), "\(running)")
            let id = WatchID(upstream: .main, response: ResponseID(trusted: "resp_running"))
            _ = try await control.probe.send("DELETE", "/v1/watches/\(id)")
            let stopped = try await answer("resp_running")
            #expect(stopped.status == 404 && stopped.detail.contains("was stopped"), "\(stopped)")

            try await control.finished("resp_old", for: [])
            control.time.advance(by: .seconds(10))
            _ = try await control.store.purge(
                deliveredBefore: control.time.wallNow, deadBefore: control.time.wallNow, responsesBefore: control.time.wallNow,
                watchesBefore: control.time.wallNow - .seconds(60), limit: 100)
            let old = try await answer("resp_old")
            #expect(old.status == 410 && old.type == "urn:ringback:problem:gone", "\(old)")
            #expect(old.detail.contains("was kept for 7d"), "\(old)")

            try await control.oversized("resp_large", OversizedResponse(size: 104_857_623, limit: 32 << 20))
            let large = try await answer("resp_large")
            #expect(large.status == 410 && large.type == "urn:ringback:problem:response-too-large")
            let words = ["104857623 bytes", "32MiB", "raise retention.max_response_size", "/v1/responses/resp_large"]
            #expect(words.allSatisfy { large.detail.contains($0) }, "\(large)")
        }
    }

    @Test("a finished response comes back byte for byte")
    func responseIsVerbatim() async throws {
        let body = "{ \"id\":\"resp_1\",\n\t\"status\" : \"completed\", \"x\":1.50e+02, \"u\":\"\\u00e9\\/é\",\"id\":2 }\n"
        try await ControlUnderTest.with { control async throws in
            try await control.finished("resp_1", body: body)
            let id = WatchID(upstream: .main, response: ResponseID(trusted: "resp_1"))
            let answer = try await control.probe.send("GET", "/v1/watches/\(id)/response")
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/json")
            #expect(answer.body == Array(body.utf8))
            let watch = try await control.probe.send("GET", "/v1/watches/\(id)").json()
            #expect(watch["usage"] == ["total_tokens": 7])
            #expect(watch["model"] == "gpt-x")
            #expect(watch["terminal_at"] == .string(control.time.wallNow.rfc3339))
        }
    }

    @Test(
        "a cancellation is passed to the upstream, and its answer decides",
        arguments: [
            (200, #"{"id":"resp_1","status":"cancelled"}"#, 202), (200, "", 202), (404, "{}", 409),
            (400, #"{"error":{"message":"Cannot cancel a completed response"}}"#, 409), (401, "{}", 502), (429, "{}", 503),
            (500, "{}", 502),
        ]
    )
    func cancels(_ status: Int, _ reply: String, _ expected: Int) async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(status, reply) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let body = #"{"response_id":"resp_1","headers":{"X-On-Behalf-Of":"acme"}}"#
                _ = try await control.probe.send("POST", "/v1/watches", body: body)
                let id = WatchID(upstream: .main, response: ResponseID(trusted: "resp_1"))
                var hints = control.store.hints().makeAsyncIterator()
                let answer = try await control.probe.send("POST", "/v1/watches/\(id)/cancel")
                #expect(answer.status == expected, "\(answer.text)")
                // Whoever follows the watch looks at once, unless the upstream took no notice of the request.
                if expected < 500 { #expect(await hints.next() == .watchesWorthALook([id])) }
                let asked = try #require(upstream.asked.first)
                #expect(asked.method == "POST")
                #expect(asked.uri == "/v1/responses/resp_1/cancel")
                #expect(asked.header("authorization") == "Bearer upstream-key")
                #expect(asked.header("x-on-behalf-of") == "acme")
                // Only the engine ends a watch: it learns of the cancellation from the upstream.
                #expect(try await control.store.watch(id)?.status.isOpen == true)
            }
        }
    }

    @Test("an ended watch cannot be cancelled")
    func cannotCancelEnded() async throws {
        try await ControlUnderTest.with { control async throws in
            try await control.finished("resp_1")
            let id = WatchID(upstream: .main, response: ResponseID(trusted: "resp_1"))
            #expect(try await control.probe.send("POST", "/v1/watches/\(id)/cancel").status == 409)
            #expect(try await control.probe.send("POST", "/v1/watches/watch_none/cancel").status == 404)
        }
    }
}
