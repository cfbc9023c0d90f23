import Control
import NIOConcurrencyHelpers
import RawJSON
import RingbackCore
import RingbackTesting
import Store
import StoreSQLite
import Testing

@Suite("The proxy")
struct RelayTests {
    private static let id = ResponseID(trusted: "resp_1")
    private static let watchID = WatchID(upstream: .main, response: id)
    /// Odd in every way that a decoder would straighten out.
    private static let created = "{\"id\": \"resp_1\",\n \"status\":\"queued\", \"model\":\"gpt-x\", \"n\":1.0e2, \"u\":\"\\u00e9\\/\" }\n"
    private static let request = "{ \"model\":\"gpt-x\",  \"input\":\"h\\u00e9\", \"background\" : true,\"x\":1.0 }"

    @Test("a create goes through byte for byte in both directions and is on record before the client hears of it")
    func creates() async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            options.upstream = { $0.headers = [HeaderField("X-Own", Secret("own"))] }
            try await ControlUnderTest.with(options) { control async throws in
                let headers = [
                    ("Content-Type", "application/json"), ("Authorization", "Bearer the-clients-token"), ("api-key", "the-clients-token"),
                    ("Cookie", "session=1"), ("Ringback-Endpoints", "my-app , audit"),
                    ("Ringback-Callback-Url", "https://hooks.example.com/cb?key=1"), ("Ringback-Callback-Secret", Endpoint.secret),
                    ("X-On-Behalf-Of", "acme"), ("OpenAI-Organization", "org-1"), ("X-Stainless-Lang", "python"), ("User-Agent", "sdk/1"),
                    ("X-Forwarded-For", "10.0.0.1"),
                ]
                let answer = try await control.probe.send("POST", "/v1/responses", headers: headers, body: Self.request)
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.body == Array(Self.created.utf8))
                #expect(answer.headers["ringback-watch"] == Self.watchID.rawValue)
                #expect(answer.headers["ringback-error"] == nil)

                let asked = try #require(upstream.asked.first)
                #expect(asked.method == "POST" && asked.uri == "/v1/responses")
                #expect(asked.body == Array(Self.request.utf8))
                #expect(asked.header("authorization") == "Bearer upstream-key")
                #expect(asked.header("x-own") == "own")
                #expect(asked.header("x-on-behalf-of") == "acme")
                #expect(asked.header("openai-organization") == "org-1")
                #expect(asked.header("user-agent") == "sdk/1")
                for dropped in [
                    "api-key", "cookie", "x-forwarded-for", "ringback-endpoints", "ringback-callback-url", "ringback-callback-secret",
                ] {
                    #expect(asked.header(dropped) == nil, "\(dropped)")
                }

                let watch = try #require(try await control.store.watch(Self.watchID))
                #expect(watch.endpoints == [.app, .audit])
                #expect(watch.callback == Callback(url: "https://hooks.example.com/cb?key=1", secret: Secret(Endpoint.secret)))
                #expect(watch.model == "gpt-x")
                #expect(Set(watch.headers.map { $0.name.lowercased() }) == ["x-on-behalf-of", "openai-organization"])
            }
        }
    }

    @Test(
        "an upstream's refusal passes through unchanged and nothing is watched",
        arguments: [
            (400, "{\"error\" : {\"message\":\"no\"}}", "application/json"), (401, "{}", "application/json"), (429, "slow", "text/plain"),
            (500, "<html>", "text/html"), (503, "", "text/plain"),
        ]
    )
    func passesErrors(_ status: Int, _ body: String, _ type: String) async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(status, body, type: type) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                for (method, path) in [("POST", "/v1/responses"), ("GET", "/v1/responses/resp_9"), ("POST", "/v1/responses/resp_9/cancel")]
                {
                    let answer = try await control.probe.send(method, path, body: method == "POST" ? Self.request : nil)
                    #expect(answer.status == status)
                    #expect(answer.body == Array(body.utf8))
                    #expect(answer.headers["content-type"] == type)
                    #expect(answer.headers["ringback-error"] == nil)
                }
                #expect(try await control.store.openWatchCount() == 0)
            }
        }
    }

    @Test(
        "what cannot be relayed is Ringback's own error in OpenAI's shape, and the upstream is not asked",
        arguments: [
            (#"{"background":true"#, 400, "JSON"), ("[]", 400, "JSON"), ("", 400, "JSON"),
        ]
    )
    func refusesOthers(_ body: String, _ status: Int, _ words: String) async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let answer = try await control.probe.send("POST", "/v1/responses", body: body)
                #expect(answer.status == status)
                try Self.expectOwnError(answer, words)
                #expect(upstream.asked.isEmpty)
            }
        }
    }

    @Test(
        "a directive that is wrong is told under its header's name, and nothing is created",
        arguments: [
            (("Ringback-Endpoints", "my-ap"), "Did you mean 'my-app'?"), (("Ringback-Callback-Url", "hooks.example.com"), "https://"),
            (("Ringback-Callback-Secret", Endpoint.secret), "Ringback-Callback-Url"),
            (("Ringback-Endpoint", "my-app"), "Did you mean 'Ringback-Endpoints'?"),
        ]
    )
    func refusesBadDirectives(_ header: (String, String), _ words: String) async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let answer = try await control.probe.send("POST", "/v1/responses", headers: [header], body: Self.request)
                #expect(answer.status == 400)
                try Self.expectOwnError(answer, words)
                #expect(try answer.json()["error"]?["param"]?.string == header.0)
                #expect(upstream.asked.isEmpty)
            }
        }
    }

    @Test(
        "a create that brings no id is not passed on as if it were watched",
        arguments: ["", "<html>", "{}", #"{"status":"queued"}"#, #"{"id":"a b","status":"queued"}"#])
    func unusableAnswers(_ body: String) async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, body) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let answer = try await control.probe.send("POST", "/v1/responses", body: Self.request)
                #expect(answer.status == 502)
                try Self.expectOwnError(answer, "id")
            }
        }
    }

    @Test("when the store fails after a create, the client gets no 2xx but the id")
    func storeFailsAfterCreate() async throws {
        let store = NIOLockedValueBox<SQLiteStore?>(nil)
        let reply: @Sendable (FakeUpstream.Asked) async -> FakeUpstream.Reply = { _ in
            await store.withLockedValue { $0 }?.close()
            return FakeUpstream.Reply(200, Self.created)
        }
        try await FakeUpstream.with(reply) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                store.withLockedValue { $0 = control.store }
                let answer = try await control.probe.send("POST", "/v1/responses", body: Self.request)
                #expect(answer.status == 503)
                try Self.expectOwnError(answer, "resp_1")
            }
        }
    }

    @Test("when the store fails before a create, nothing is created")
    func storeFailsBeforeCreate() async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                await control.store.close()
                let answer = try await control.probe.send("POST", "/v1/responses", body: Self.request)
                #expect(answer.status == 503)
                try Self.expectOwnError(answer, "store")
                #expect(upstream.asked.isEmpty)
            }
        }
    }

    @Test("an upstream that cannot be reached is Ringback's own 502")
    func unreachable() async throws {
        try await ControlUnderTest.with { control async throws in
            for (method, path) in [("POST", "/v1/responses"), ("GET", "/v1/responses/r"), ("POST", "/v1/responses/r/cancel")] {
                let answer = try await control.probe.send(method, path, body: method == "POST" ? Self.request : nil)
                #expect(answer.status == 502)
                try Self.expectOwnError(answer, "main")
            }
        }
    }

    @Test("a repeated create with the same Idempotency-Key reaches the upstream once")
    func createsOncePerKey() async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                for _ in 0..<3 {
                    let answer = try await control.probe.send(
                        "POST", "/v1/responses", headers: [("Idempotency-Key", "k")], body: Self.request)
                    #expect(answer.status == 200)
                    #expect(answer.body == Array(Self.created.utf8))
                    #expect(answer.headers["ringback-watch"] == Self.watchID.rawValue)
                }
                #expect(upstream.asked.count == 1)
            }
        }
    }

    @Test("a path names the upstream; an unknown one is told with those there are")
    func namesUpstream() async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let named = try await control.probe.send("POST", "/upstreams/main/v1/responses", body: Self.request)
                #expect(named.status == 200)
                #expect(named.headers["ringback-watch"] == Self.watchID.rawValue)
                #expect(try await control.probe.send("GET", "/upstreams/main/v1/responses/resp_1").status == 200)
                #expect(try await control.probe.send("POST", "/upstreams/main/v1/responses/resp_1/cancel").status == 200)
                #expect(upstream.asked.map(\.uri) == ["/v1/responses", "/v1/responses/resp_1", "/v1/responses/resp_1/cancel"])
                #expect(try await control.probe.send("POST", "/upstreams/other/v1/responses", body: Self.request).status == 502)
                let unknown = try await control.probe.send("POST", "/upstreams/mian/v1/responses", body: Self.request)
                #expect(unknown.status == 404)
                try Self.expectOwnError(unknown, "Did you mean 'main'?")
            }
        }
    }

    @Test("a retrieval carries its query and the watch's headers, and its answer passes byte for byte")
    func retrieves() async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            options.upstream = { $0.baseURL += "?api-version=1" }
            try await ControlUnderTest.with(options) { control async throws in
                let body = #"{"response_id":"resp_1","headers":{"X-On-Behalf-Of":"acme"}}"#
                _ = try await control.probe.send("POST", "/v1/watches", body: body)
                let answer = try await control.probe.send("GET", "/v1/responses/resp_1?include[]=usage&x=%20")
                #expect(answer.status == 200)
                #expect(answer.body == Array(Self.created.utf8))
                #expect(answer.headers["ringback-source"] == nil)
                let asked = try #require(upstream.asked.first)
                #expect(asked.uri == "/v1/responses/resp_1?api-version=1&include[]=usage&x=%20")
                #expect(asked.header("x-on-behalf-of") == "acme")
            }
        }
    }

    @Test("a finished response that the upstream no longer has comes from the store", arguments: [404, 410])
    func answersFromStore(_ status: Int) async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(status, #"{"error":"gone"}"#) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let body = "{\"id\":\"resp_1\", \"status\" : \"completed\"}\n"
                try await control.finished("resp_1", body: body)
                let kept = try await control.probe.send("GET", "/v1/responses/resp_1")
                #expect(kept.status == 200)
                #expect(kept.headers["ringback-source"] == "store")
                #expect(kept.body == Array(body.utf8))
                let never = try await control.probe.send("GET", "/v1/responses/resp_2")
                #expect(never.status == status)
                #expect(never.text == #"{"error":"gone"}"#)
            }
        }
    }

    @Test("a finished response comes from the store when the upstream cannot be reached")
    func answersFromStoreWhenUnreachable() async throws {
        try await ControlUnderTest.with { control async throws in
            try await control.finished("resp_1", body: #"{"id":"resp_1","status":"completed"}"#)
            let kept = try await control.probe.send("GET", "/v1/responses/resp_1")
            #expect(kept.status == 200)
            #expect(kept.headers["ringback-source"] == "store")
        }
    }

    @Test(
        "every other path and method below responses goes through as it is",
        arguments: [
            ("GET", "/v1/responses?limit=2&order=desc"), ("GET", "/v1/responses/resp_1/input_items?limit=1"),
            ("POST", "/v1/responses/resp_1"),
            ("POST", "/v1/responses/compact"), ("POST", "/v1/responses/resp_1/wake"), ("PUT", "/v1/responses/a/b/c"),
            ("PATCH", "/v1/responses/resp_1"), ("DELETE", "/v1/responses/resp_1"),
        ])
    func passesTheRest(_ method: String, _ path: String) async throws {
        let body = method == "GET" || method == "DELETE" ? nil : #"{"x" : 1}"#
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(203, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let watch = #"{"response_id":"resp_1","headers":{"X-On-Behalf-Of":"acme"}}"#
                _ = try await control.probe.send("POST", "/v1/watches", body: watch)
                for base in ["", "/upstreams/main"] {
                    let answer = try await control.probe.send(method, base + path, body: body)
                    #expect(answer.status == 203)
                    #expect(answer.body == Array(Self.created.utf8))
                }
                #expect(upstream.asked.map(\.method) == [method, method])
                #expect(upstream.asked.map(\.uri) == [path, path])
                #expect(upstream.asked[0].body == Array((body ?? "").utf8))
                #expect(upstream.asked[0].header("authorization") == "Bearer upstream-key")
                #expect(upstream.asked[0].header("x-on-behalf-of") == (path.contains("resp_1") ? "acme" : nil))
            }
        }
    }

    @Test(
        "a path cannot leave the upstream's responses",
        arguments: [
            "/v1/responses/../files", "/v1/responses/%2e%2e/files", "/v1/responses/a/%2E./b", "/v1/responses/a%2Fb", "/v1/responses/a%5cb",
            "/v1/responses/a%00", "/v1/responses/.",
        ])
    func staysBelow(_ path: String) async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let answer = try await control.probe.send("GET", path)
                #expect(answer.status == 400)
                try Self.expectOwnError(answer, "path")
                #expect(upstream.asked.isEmpty)
            }
        }
    }

    @Test("a slash at the end of the path does not keep a create from being watched")
    func createsWithSlash() async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let answer = try await control.probe.send("POST", "/v1/responses/", body: Self.request)
                #expect(answer.headers["ringback-watch"] == Self.watchID.rawValue)
            }
        }
    }

    @Test("the operator's query parameters count, and no other can take their place")
    func keepsQuery() async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            options.upstream = { $0.baseURL += "?api-version=1" }
            try await ControlUnderTest.with(options) { control async throws in
                _ = try await control.probe.send("GET", "/v1/responses/resp_1/input_items?api-version=2&after=i")
                #expect(upstream.asked.first?.uri == "/v1/responses/resp_1/input_items?api-version=1&after=i")
            }
        }
    }

    @Test("looking needs the scope 'read', everything else 'submit'")
    func scopes() async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            options.tokens = [AccessToken(name: "r", token: Secret("0123456789abcdef"), scopes: [.read])]
            try await ControlUnderTest.with(options) { control async throws in
                let token = [("Authorization", "Bearer 0123456789abcdef")]
                for path in ["/v1/responses/r", "/v1/responses", "/v1/responses/r/input_items"] {
                    #expect(try await control.probe.send("GET", path, headers: token).status == 200)
                }
                for (method, path) in [("DELETE", "/v1/responses/r"), ("POST", "/v1/responses"), ("PATCH", "/v1/responses/r")] {
                    #expect(try await control.probe.send(method, path, headers: token, body: Self.request).status == 403)
                }
                #expect(upstream.asked.allSatisfy { $0.method == "GET" })
            }
        }
    }

    @Test(
        "a foreground create goes through unwatched, and cannot ask for a callback",
        arguments: [#"{"input":"x"}"#, #"{"background":false}"#])
    func foreground(_ body: String) async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let answer = try await control.probe.send("POST", "/v1/responses", headers: [("Accept-Encoding", "gzip")], body: body)
                #expect(answer.status == 200)
                #expect(answer.body == Array(Self.created.utf8))
                #expect(answer.headers["ringback-watch"] == nil)
                #expect(upstream.asked.first?.body == Array(body.utf8))
                #expect(upstream.asked.first?.header("accept-encoding") == "gzip")
                #expect(try await control.store.openWatchCount() == 0)
                let refused = try await control.probe.send("POST", "/v1/responses", headers: [("Ringback-Endpoints", "my-app")], body: body)
                #expect(refused.status == 400)
                try Self.expectOwnError(refused, "background")
                #expect(upstream.asked.count == 1)
            }
        }
    }

    @Test(
        "a response that was deleted through the proxy is not served from the store any longer, and its event stays", arguments: [200, 404])
    func withholds(_ status: Int) async throws {
        try await FakeUpstream.with({ FakeUpstream.Reply($0.method == "DELETE" ? status : 404, "{}") }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let event = try await control.finished("resp_1", body: #"{"id":"resp_1","status":"completed"}"#)
                #expect(try await control.probe.send("GET", "/v1/responses/resp_1").status == 200)
                #expect(try await control.probe.send("DELETE", "/v1/responses/resp_1").status == status)
                #expect(try await control.probe.send("GET", "/v1/responses/resp_1").status == 404)
                #expect(try await control.store.response(of: event.id) != nil)
            }
        }
    }

    @Test("a refused delete leaves the kept response where it is")
    func refusedDelete() async throws {
        try await FakeUpstream.with({ FakeUpstream.Reply($0.method == "DELETE" ? 403 : 404, "{}") }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                try await control.finished("resp_1", body: #"{"id":"resp_1","status":"completed"}"#)
                #expect(try await control.probe.send("DELETE", "/v1/responses/resp_1").status == 403)
                #expect(try await control.probe.send("GET", "/v1/responses/resp_1").status == 200)
            }
        }
    }

    @Test(
        "a finished response comes from the store when a 400 says that the id is unknown, and only then",
        arguments: [
            (#"{"error":{"message":"There are no healthy deployments for this model"}}"#, 200),
            (#"{"detail":"Response with id 'resp_1' not found."}"#, 200), (#"{"error":{"message":"include[] is not valid"}}"#, 400),
            ("<html>", 400),
        ])
    func unknownBy400(_ refusal: String, _ expected: Int) async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(400, refusal) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                try await control.finished("resp_1", body: #"{"id":"resp_1","status":"completed"}"#)
                let answer = try await control.probe.send("GET", "/v1/responses/resp_1")
                #expect(answer.status == expected)
                if expected == 400 { #expect(answer.text == refusal) }
            }
        }
    }

    @Test("a kept response is streamed as the one event that ends it")
    func keptAsStream() async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(404, "{}") }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                try await control.finished("resp_1", as: .incomplete, body: "{\n \"id\":\"resp_1\",\r\n \"status\":\"incomplete\"\n}\n")
                let answer = try await control.probe.send("GET", "/v1/responses/resp_1?stream=true&starting_after=41")
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"]?.hasPrefix("text/event-stream") == true)
                #expect(answer.headers["ringback-source"] == "store")
                let lines = answer.text.split(separator: "\n", omittingEmptySubsequences: false)
                #expect(lines.count == 4 && lines[0] == "event: response.incomplete" && lines[2].isEmpty && lines[3].isEmpty)
                let event = try JSON(parsing: Array(lines[1].dropFirst("data: ".count).utf8))
                #expect(event["type"] == "response.incomplete" && event["sequence_number"] == 42)
                #expect(event["response"]?["id"] == "resp_1")
            }
        }
    }

    @Test("own errors of the proxy speak OpenAI's shape for callers without a token, too")
    func unauthenticated() async throws {
        var options = ControlUnderTest.Options()
        options.tokens = [AccessToken(name: "a", token: Secret("0123456789abcdef"), scopes: [.admin])]
        try await ControlUnderTest.with(options) { control async throws in
            let answer = try await control.probe.send("POST", "/v1/responses", body: Self.request)
            #expect(answer.status == 401)
            try Self.expectOwnError(answer, "token")
            #expect(try answer.json()["error"]?["type"] == "authentication_error")
        }
    }

    @Test("a body beyond 1 MiB goes through")
    func largeBodies() async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(200, Self.created) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let body = #"{"background":true,"input":"\#(String(repeating: "x", count: 3 * 1024 * 1024))"}"#
                #expect(try await control.probe.send("POST", "/v1/responses", body: body).status == 200)
                #expect(upstream.asked.first?.body.count == body.utf8.count)
                let head =
                    "POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \(32 * 1024 * 1024 + 1)\r\n\r\n"
                let refused = try await control.probe.exchange(Array(head.utf8))
                #expect(refused.status == 413)
                try Self.expectOwnError(refused, "larger")
            }
        }
    }

    private static func expectOwnError(_ answer: ProbeAnswer, _ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(answer.headers["ringback-error"] == "true", sourceLocation: sourceLocation)
        #expect(answer.headers["content-type"] == "application/json", sourceLocation: sourceLocation)
        let error = try #require(try answer.json()["error"], sourceLocation: sourceLocation)
        #expect(error["message"]?.string?.contains(words) == true, "\(answer.text)", sourceLocation: sourceLocation)
        #expect(error["type"]?.string != nil && error["code"]?.string != nil, sourceLocation: sourceLocation)
    }
}
