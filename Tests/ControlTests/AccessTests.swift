import Control
import RawJSON
import RingbackCore
import Testing

@Suite("Access")
struct AccessTests {
    private static let tokens = [
        AccessToken(name: "dashboard", token: Secret("read-token-0123456789"), scopes: [.read]),
        AccessToken(name: "app", token: Secret("submit-token-0123456789"), scopes: [.submit]),
        AccessToken(name: "ops", token: Secret("admin-token-0123456789"), scopes: [.admin, .read]),
        AccessToken(name: "nobody", token: Secret("empty-token-0123456789"), scopes: []),
    ]

    private static let calls: [(method: String, path: String, needed: AccessScope)] = [
        ("GET", "/v1/watches", .read), ("GET", "/v1/watches/x", .read), ("GET", "/v1/watches/x/response", .read),
        ("GET", "/v1/events", .read),
        ("GET", "/v1/events/x", .read), ("GET", "/v1/endpoints", .read), ("GET", "/v1/endpoints/x", .read),
        ("GET", "/v1/deliveries", .read),
        ("GET", "/v1/deliveries/x", .read), ("GET", "/v1/dead-letters", .read), ("GET", "/v1/dead-letters/x", .read),
        ("GET", "/metrics", .read), ("GET", "/v1/upstreams", .read), ("GET", "/v1/upstreams/x", .read),
        ("GET", "/v1/responses/x?stream=true", .read), ("POST", "/v1/watches", .submit), ("DELETE", "/v1/watches/x", .submit),
        ("POST", "/v1/watches/x/cancel", .submit), ("POST", "/v1/responses", .submit), ("POST", "/upstreams/main/v1/responses", .submit),
        ("POST", "/v1/events/x/resend", .admin), ("POST", "/v1/endpoints", .admin), ("PATCH", "/v1/endpoints/x", .admin),
        ("DELETE", "/v1/endpoints/x", .admin), ("POST", "/v1/endpoints/x/test", .admin), ("POST", "/v1/endpoints/x/enable", .admin),
        ("POST", "/v1/endpoints/x/disable", .admin), ("POST", "/v1/deliveries/x/retry", .admin), ("DELETE", "/v1/deliveries/x", .admin),
        ("POST", "/v1/dead-letters/redrive", .admin), ("POST", "/v1/dead-letters/x/redrive", .admin),
        ("DELETE", "/v1/dead-letters/x", .admin),
    ]

    @Test("every call asks for its scope, and a scope includes the lesser ones")
    func scopes() async throws {
        var options = ControlUnderTest.Options()
        options.tokens = Self.tokens
        try await ControlUnderTest.with(options) { control async throws in
            for (method, path, needed) in Self.calls {
                for (token, scope) in [("read", AccessScope.read), ("submit", .submit), ("admin", .admin)] {
                    let headers = [("Authorization", "Bearer \(token)-token-0123456789")]
                    let answer = try await control.probe.send(method, path, headers: headers)
                    if scope >= needed {
                        #expect(answer.status != 401 && answer.status != 403, "\(token) \(method) \(path): \(answer.status)")
                    } else {
                        #expect(answer.status == 403, "\(token) \(method) \(path): \(answer.status)")
                        #expect(answer.text.contains("needs '\(needed.rawValue)'"))
                    }
                }
            }
        }
    }

    @Test(
        "who gives no token of this server is asked for one",
        arguments: [nil, "Bearer wrong", "Bearer ", "Basic YTpi", "Bearer admin-token-012345678", "Bearer admin-token-01234567890"]
            as [String?]
    )
    func unauthenticated(_ authorization: String?) async throws {
        var options = ControlUnderTest.Options()
        options.tokens = Self.tokens
        try await ControlUnderTest.with(options) { control async throws in
            let headers = authorization.map { [("Authorization", $0)] } ?? []
            for (method, path, _) in Self.calls {
                let answer = try await control.probe.send(method, path, headers: headers)
                #expect(answer.status == 401, "\(method) \(path)")
                #expect(answer.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
            }
        }
    }

    @Test("a token without scopes may do nothing, and the scheme's name may be written in any case")
    func details() async throws {
        var options = ControlUnderTest.Options()
        options.tokens = Self.tokens
        try await ControlUnderTest.with(options) { control async throws in
            let nobody = [("Authorization", "Bearer empty-token-0123456789")]
            let refused = try await control.probe.send("GET", "/v1/watches", headers: nobody)
            #expect(refused.status == 403)
            let reader = [("Authorization", "bearer read-token-0123456789")]
            let taken = try await control.probe.send("GET", "/v1/watches", headers: reader)
            #expect(taken.status == 200)
        }
    }

    @Test("health and readiness need no token, and readiness tells why not")
    func health() async throws {
        var options = ControlUnderTest.Options()
        options.tokens = Self.tokens
        try await ControlUnderTest.with(options) { control async throws in
            #expect(try await control.probe.send("GET", "/healthz").status == 200)
            let ready = try await control.probe.send("GET", "/readyz")
            #expect(ready.status == 200)
            #expect(try ready.json() == ["problems": [], "status": "ok"])
        }
        options.problems = ["the upstream 'main' does not accept its key"]
        try await ControlUnderTest.with(options) { control async throws in
            #expect(try await control.probe.send("GET", "/healthz").status == 200)
            let ready = try await control.probe.send("GET", "/readyz")
            #expect(ready.status == 503)
            #expect(try ready.json()["problems"] == ["the upstream 'main' does not accept its key"])
        }
    }

    @Test(
        "a server without tokens answers programs of its own machine, but no web page of somebody else",
        arguments: [
            ("127.0.0.1:8787", [], 200), ("localhost:8787", [], 200), ("[::1]:8787", [], 200),
            ("localhost", [("Origin", "http://localhost:3000")], 200), ("evil.example", [], 403), ("127.0.0.1.evil.example", [], 403),
            ("localhost", [("Origin", "https://evil.example")], 403), ("localhost", [("Origin", "null")], 403),
            ("localhost", [("Sec-Fetch-Site", "cross-site")], 403), ("localhost", [("Sec-Fetch-Site", "same-origin")], 200),
        ] as [(String, [(String, String)], Int)]
    )
    func openServer(_ host: String, _ headers: [(String, String)], _ status: Int) async throws {
        try await ControlUnderTest.with { control async throws in
            let answer = try await control.probe.send("GET", "/v1/watches", headers: headers, host: host)
            #expect(answer.status == status, "\(answer.text)")
        }
    }
}
