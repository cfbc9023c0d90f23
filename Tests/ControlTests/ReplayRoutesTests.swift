import Control
import RawJSON
import RingbackCore
import RingbackTesting
import Store
import StoreSQLite
import Testing

@Suite("Replays, redrives and circuit breakers in the API")
struct ReplayRoutesTests {
    private static func replay(_ control: ControlUnderTest, _ endpoint: EndpointName, _ body: String) async throws -> JSON {
        try await control.probe.send("POST", "/v1/endpoints/\(endpoint)/replay", body: body).json()
    }

    @Test("a replay counts in a dry run, sends what was never delivered, and is harmless to repeat")
    func missing() async throws {
        try await ControlUnderTest.with { control async throws in
            let since = control.time.wallNow.rfc3339
            try await control.finished("resp_1")
            try await control.attempt(.app, next: .delivered)
            _ = try await control.dead("resp_2")
            try await control.finished("resp_3", for: [])
            let before = try await Self.replay(control, .app, #"{"since":"\#(since)","dry_run":true}"#)
            #expect(before == ["created": 0, "matched": 2])
            #expect(try await control.claim(.app) == nil, "a dry run changes nothing")
            let sent = try await Self.replay(control, .app, #"{"since":"\#(since)"}"#)
            #expect(sent == ["created": 2, "matched": 2])
            #expect(try await Self.replay(control, .app, #"{"since":"\#(since)"}"#) == ["created": 0, "matched": 0])
            let inbox = try await Self.replay(control, .audit, #"{"since":"\#(since)","missing_only":false}"#)
            #expect(inbox == ["created": 3, "matched": 3], "inboxes too")
        }
    }

    @Test("a replay sends what the endpoint would have got: by its events, its filters, and the endpoints a watch names")
    func routing() async throws {
        var options = ControlUnderTest.Options()
        var endpoint = Endpoint.app
        endpoint.match.metadata = ["team": "search"]
        options.endpoints = [endpoint, .audit]
        try await ControlUnderTest.with(options) { control async throws in
            let since = control.time.wallNow.rfc3339
            try await control.finished("resp_1", for: [], body: #"{"id":"x","status":"completed","metadata":{"team":"search"}}"#)
            try await control.finished("resp_2", for: [])
            try await control.finished("resp_3", as: .failed, for: [], body: #"{"id":"x","status":"failed","metadata":{"team":"search"}}"#)
            #expect(try await Self.replay(control, .app, #"{"since":"\#(since)","dry_run":true}"#)["matched"] == 2)
            let failed = #"{"since":"\#(since)","dry_run":true,"types":["response.failed"]}"#
            #expect(try await Self.replay(control, .app, failed)["matched"] == 1)
            let id = ResponseID(trusted: "resp_named")
            _ = try await control.store.register(
                NewWatch(upstream: .main, response: id, endpoints: [.app], metadata: ["team": "search"]), now: control.time.wallNow)
            try await control.finished("resp_named", for: [])
            #expect(try await Self.replay(control, .audit, #"{"since":"\#(since)","dry_run":true}"#)["matched"] == 3)
        }
    }

    @Test("a replay goes on where the piece before ended")
    func pieces() async throws {
        try await ControlUnderTest.with { control async throws in
            let since = control.time.wallNow.rfc3339
            for index in 0..<230 { try await control.finished("resp_\(index)", for: []) }
            var body = #"{"since":"\#(since)","limit":100}"#
            var created: Int64 = 0
            var pieces = 0
            while pieces < 10 {
                let piece = try await Self.replay(control, .app, body)
                created += piece["created"]?.integer ?? 0
                pieces += 1
                guard let cursor = piece["next_cursor"]?.string else { break }
                body = #"{"since":"\#(since)","limit":100,"cursor":"\#(cursor)"}"#
            }
            #expect(created == 230 && pieces == 3)
        }
    }

    @Test(
        "a bad replay is answered with the place of each mistake",
        arguments: [
            ("{}", "#/since"), (#"{"since":"yesterday"}"#, "#/since"), (#"{"since":"2026-01-02T00:00:00Z","until":"x"}"#, "#/until"),
            (#"{"since":"2026-01-02T00:00:00Z","until":"2026-01-01T00:00:00Z"}"#, "#/until"),
            (#"{"since":"2026-01-02T00:00:00Z","types":["response.complete"]}"#, "#/types/0"),
            (#"{"since":"2026-01-02T00:00:00Z","types":[]}"#, "#/types"), (#"{"since":"2026-01-02T00:00:00Z","limit":0}"#, "#/limit"),
            (#"{"since":"2026-01-02T00:00:00Z","cursor":"?"}"#, "#/cursor"), (#"{"since":"2026-01-02T00:00:00Z","dry":1}"#, "#/dry"),
        ])
    func mistakes(body: String, pointer: String) async throws {
        try await ControlUnderTest.with { control async throws in
            let answer = try await control.probe.send("POST", "/v1/endpoints/my-app/replay", body: body)
            #expect(answer.status == 400)
            #expect(try answer.json()["errors"]?.elements?.first?["pointer"] == .string(pointer))
            #expect(try await control.probe.send("POST", "/v1/endpoints/none/replay", body: body).status == 404)
        }
    }

    @Test("a redrive goes on where the piece before ended, and a span of time that ends before it begins is a mistake")
    func redrive() async throws {
        try await ControlUnderTest.with { control async throws in
            for index in 0..<3 { _ = try await control.dead("resp_\(index)") }
            let path = "/v1/dead-letters/redrive"
            let first = try await control.probe.send("POST", path, body: #"{"limit":2}"#).json()
            #expect(first["matched"] == 2 && first["redriven"] == 2)
            let cursor = try #require(first["next_cursor"]?.string)
            let second = try await control.probe.send("POST", path, body: #"{"limit":2,"cursor":"\#(cursor)"}"#).json()
            #expect(second == ["matched": 1, "redriven": 1])
            let mistake = try await control.probe.send(
                "POST", path, body: #"{"since":"2026-01-02T00:00:00Z","until":"2026-01-02T00:00:00Z"}"#)
            #expect(try mistake.json()["errors"]?.elements?.first?["pointer"] == "#/until")
        }
    }

    @Test("an endpoint shows its rate limit and how it does")
    func breaker() async throws {
        var options = ControlUnderTest.Options()
        options.endpoints = []
        let since = Timestamp(milliseconds: 1_790_000_000_000)
        options.breaker = BreakerStatus(
            state: .open, since: since, attempts: 20, failures: 15, nextProbeAt: since + .seconds(30), failingSince: since - .seconds(60))
        try await ControlUnderTest.with(options) { control async throws in
            let body = #"{"name":"new","url":"https://a.example/","rate_limit":"10/m"}"#
            #expect(try await control.probe.send("POST", "/v1/endpoints", body: body).status == 201)
            let shown = try await control.probe.send("GET", "/v1/endpoints/new").json()
            #expect(shown["rate_limit"] == "10/m")
            #expect(shown["breaker"]?["state"] == "open")
            #expect(shown["breaker"]?["since"] == .string(since.rfc3339))
            #expect(shown["breaker"]?["attempts"] == 20)
            #expect(shown["breaker"]?["failure_rate"]?.double == 0.75)
            #expect(shown["breaker"]?["next_probe_at"] == .string((since + .seconds(30)).rfc3339))
            #expect(shown["breaker"]?["failing_since"] == .string((since - .seconds(60)).rfc3339))
            #expect(try await control.store.storedEndpoints().first?.rateLimit == RateLimit(10, per: .minute))
            let changed = try await control.probe.send("PATCH", "/v1/endpoints/new", body: #"{"rate_limit":null}"#).json()
            #expect(changed["rate_limit"]?.isNull == true)
            let wrong = try await control.probe.send("PATCH", "/v1/endpoints/new", body: #"{"rate_limit":"10"}"#)
            #expect(wrong.status == 400)
            #expect(wrong.text.contains("such as 50/s, 10/m or 1000/h"))
        }
    }
}
