import Control
import HTTPTypes
import RingbackCore
import RingbackTesting
import Store
import StoreSQLite
import Testing

@Suite("An upstream that is asked with the client's own key")
struct PassthroughTests {
    private static let id = ResponseID(trusted: "resp_1")
    private static let watchID = WatchID(upstream: .main, response: id)
    private static let create = #"{"model":"gpt-x","input":"hi","background":true}"#
    private static let token = "0123456789abcdef"
    private static let key = [("Authorization", "Bearer sk-client")]

    private static func with(
        tokens: Bool = true, keyHeader: String? = nil,
        reply: @escaping @Sendable (FakeUpstream.Asked) -> FakeUpstream.Reply = { _ in
            FakeUpstream.Reply(200, #"{"id":"resp_1","status":"queued"}"#)
        },
        _ body: @escaping @Sendable (ControlUnderTest, FakeUpstream) async throws -> Void
    ) async throws {
        try await FakeUpstream.with({ reply($0) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            options.upstream = {
                $0.credentials = .passthrough
                $0.apiKeyHeader = keyHeader
            }
            if tokens { options.tokens = [AccessToken(name: "a", token: Secret(token), scopes: [.submit])] }
            try await ControlUnderTest.with(options) { try await body($0, upstream) }
        }
    }

    @Test("gets that key and no other, which stays with the watch", arguments: [true, false])
    func passesKey(_ tokens: Bool) async throws {
        try await Self.with(tokens: tokens) { control, upstream async throws in
            let answer = try await control.probe.send("POST", "/v1/responses", headers: Self.key, body: Self.create)
            #expect(answer.status == 200, "\(answer.text)")
            let asked = try #require(upstream.asked.first)
            #expect(asked.headers[values: .authorization] == ["Bearer sk-client"])
            let watch = try #require(try await control.store.watch(Self.watchID))
            #expect(watch.headers == [HeaderField("Authorization", Secret("Bearer sk-client"))])
        }
    }

    @Test("gets it in the header it wants, and then nothing in the other")
    func passesKeyHeader() async throws {
        try await Self.with(keyHeader: "api-key") { control, upstream async throws in
            let headers = [("api-key", "client-key"), ("Authorization", "Bearer sk-other")]
            #expect(try await control.probe.send("POST", "/v1/responses", headers: headers, body: Self.create).status == 200)
            #expect(try await control.probe.send("GET", "/v1/responses/resp_1", headers: Self.key).status == 200)
            #expect(upstream.asked[0].header("api-key") == "client-key" && upstream.asked[0].header("authorization") == nil)
            // A key that comes as a bearer token goes on as one, and the operator's own stays at home.
            #expect(upstream.asked[1].header("api-key") == nil && upstream.asked[1].header("authorization") == "Bearer sk-client")
        }
    }

    @Test("is not asked without a key, nor with a token of this server in its place")
    func needsKey() async throws {
        try await Self.with { control, upstream async throws in
            for headers in [[], [("Authorization", "Bearer \(Self.token)")]] {
                let answer = try await control.probe.send("POST", "/v1/responses", headers: headers, body: Self.create)
                #expect(answer.status == 401)
                #expect(answer.headers["ringback-error"] == "true")
            }
            #expect(upstream.asked.isEmpty)
        }
    }

    @Test("has its endpoints named only by callers with a token of this server")
    func namesEndpoints() async throws {
        try await Self.with { control, upstream async throws in
            let naming = Self.key + [("Ringback-Endpoints", "my-app")]
            let refused = try await control.probe.send("POST", "/v1/responses", headers: naming, body: Self.create)
            #expect(refused.status == 400 && refused.text.contains("Ringback-Token"))
            let wrong = try await control.probe.send(
                "POST", "/v1/responses", headers: naming + [("Ringback-Token", "wrong")], body: Self.create)
            #expect(wrong.status == 401)
            #expect(upstream.asked.isEmpty)
            let named = try await control.probe.send(
                "POST", "/v1/responses", headers: naming + [("Ringback-Token", Self.token)], body: Self.create)
            #expect(named.status == 200)
            #expect(try await control.store.watch(Self.watchID)?.endpoints == [.app])
            #expect(upstream.asked[0].header("ringback-token") == nil)
        }
    }

    @Test("keeps a finished response for the key that made it alone, and lends nobody else the watch's headers")
    func keptForOwner() async throws {
        try await Self.with(reply: { asked in
            asked.method == "POST" ? FakeUpstream.Reply(200, #"{"id":"resp_1","status":"queued"}"#) : FakeUpstream.Reply(404, "{}")
        }) { control, upstream async throws in
            let headers = Self.key + [("X-On-Behalf-Of", "acme")]
            #expect(try await control.probe.send("POST", "/v1/responses", headers: headers, body: Self.create).status == 200)
            try await control.finished("resp_1", body: #"{"id":"resp_1","status":"completed"}"#)
            let stranger = try await control.probe.send("GET", "/v1/responses/resp_1", headers: [("Authorization", "Bearer sk-stranger")])
            #expect(stranger.status == 404)
            #expect(upstream.asked.last?.header("authorization") == "Bearer sk-stranger")
            #expect(upstream.asked.last?.header("x-on-behalf-of") == nil)
            let owner = try await control.probe.send("GET", "/v1/responses/resp_1", headers: Self.key)
            #expect(owner.status == 200 && owner.headers["ringback-source"] == "store")
            #expect(upstream.asked.last?.header("x-on-behalf-of") == "acme")
            // A stranger's delete is the upstream's to judge, and changes nothing here.
            _ = try await control.probe.send("DELETE", "/v1/responses/resp_1", headers: [("Authorization", "Bearer sk-stranger")])
            #expect(try await control.probe.send("GET", "/v1/responses/resp_1", headers: Self.key).status == 200)
        }
    }

    @Test("answers an Idempotency-Key again for the key that used it alone")
    func idempotencyPerKey() async throws {
        try await Self.with { control, upstream async throws in
            for key in ["sk-a", "sk-a", "sk-b"] {
                let headers = [("Authorization", "Bearer \(key)"), ("Idempotency-Key", "k")]
                #expect(try await control.probe.send("POST", "/v1/responses", headers: headers, body: Self.create).status == 200)
            }
            #expect(upstream.asked.compactMap { $0.header("authorization") } == ["Bearer sk-a", "Bearer sk-b"])
        }
    }

    @Test("leaves the rest of the API closed to callers without a token")
    func restIsClosed() async throws {
        try await Self.with { control, _ async throws in
            #expect(try await control.probe.send("GET", "/v1/watches", headers: Self.key).status == 401)
            #expect(
                try await control.probe.send("POST", "/upstreams/other/v1/responses", headers: Self.key, body: Self.create).status == 401)
        }
    }
}
