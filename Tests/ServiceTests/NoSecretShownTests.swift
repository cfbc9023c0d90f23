import Foundation
import NIOConcurrencyHelpers
import RawJSON
import RingbackCore
import SocketTesting
import Testing
import WebhookSignature

/// A whole run of the real binary with a secret in every place that can hold one. None may come out again: not in a log line at the most
/// talkative level, not in an answer, not in the process list, not in the files of the store.
@Suite("A whole run", .serialized)
struct NoSecretShownTests {
    private static let masterKey = "c2VjcmV0LW1hc3Rlci1rZXktMDAwMS0wMDAxLTAwMDE="
    private static let token = "secret-api-token-0001"
    /// Place to secret.
    private static let secrets: [String: String] = [
        "api_key": "secret-upstream-key-0001", "upstream header": "secret-upstream-header-0001", "base_url": "secret-base-url-query-0001",
        "token": token, "master_key": masterKey,
        "previous_secrets": "whsec_c2VjcmV0LXByZXZpb3VzLXNlY3JldC0wMDAx", "hub_secret": "secret-hub-secret-0001",
        "url": "secret-endpoint-url-query-0001", "header": "secret-endpoint-header-0001", "bearer_token": "secret-bearer-token-0001",
        "basic_auth": "secret-basic-password-0001", "watch header": "secret-watch-header-0001", "callback url": "secret-callback-url-0001",
        "callback secret": "whsec_c2VjcmV0LWNhbGxiYWNrLXNlY3JldC0wMDAx", "callback header": "secret-callback-header-0001",
        "api secret": "whsec_c2VjcmV0LWFwaS1lbmRwb2ludC1zZWNyZXQx", "api hub": "secret-api-hub-secret-0001",
        "api url": "secret-api-endpoint-url-0001", "api header": "secret-api-endpoint-header-0001",
        "rotated": "whsec_c2VjcmV0LXJvdGF0ZWQtc2VjcmV0LTAwMDAx", "refused": "whsec_c2VjcmV0LXNob3J0LTAx",
        "ingest": "whsec_c2VjcmV0LWluZ2VzdC1zZWNyZXQtMDAwMDAx", "oauth2": "secret-oauth-client-0001",
        "access token": "secret-access-token-0001", "passthrough": "secret-passthrough-key-0001",
        "watch key": "secret-watch-own-key-0001", "proxy": "secret-proxy-password-0001", "wrong proxy": "secret-wrong-proxy-0001",
        "egress_proxy": "secret-egress-proxy-0001", "idempotency": "secret-idempotency-key-0001",
    ]

    private static func secret(_ place: String) -> String { secrets[place] ?? "" }

    /// What a secret looks like in a header of basic authentication.
    private static var derived: [String: String] {
        [
            "basic_auth header": base64("ringback:\(secret("basic_auth"))"), "oauth2 header": base64("client:\(secret("oauth2"))"),
            "proxy header": base64("ringback:\(secret("proxy"))"), "wrong proxy header": base64("ringback:\(secret("wrong proxy"))"),
        ]
    }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    /// What is no secret and stands everywhere: a search that does not find it where it is would find no secret either.
    private static let canary = "canary-endpoint"

    private static func expectCanary(in run: SecretiveRun) {
        let places = run.places(of: canary)
        for place in [
            "the log", "GET /v1/endpoints", "GET /v1/deliveries", "GET /v1/dead-letters", "GET /metrics", "ringback endpoints list",
            "ringback deliveries list --json", "config check",
        ] {
            #expect(places.contains(place), "the search does not find in '\(place)' what is there")
        }
        for moment in ["while it runs", "after it ended"] {
            #expect(places.contains { $0.hasPrefix("the store's file ringback.db") && $0.hasSuffix(moment) }, "\(moment)")
        }
        #expect(run.places(of: "ringback.yaml").contains("the process list"))
    }

    @Test("shows no secret anywhere, but the one that Ringback made, and that one once", .timeLimit(.minutes(5)))
    func wholeRun() async throws {
        try await Surroundings.lend { surroundings in
            let run = try SecretiveRun(bridge: try Bridge(surroundings), token: Self.token)
            let neighbours = try await SecretiveNeighbours(
                in: surroundings.directory, accessToken: Self.secret("access token"), proxyPassword: Self.secret("proxy"))
            defer { neighbours.stop() }
            try Self.configuration(run.bridge, neighbours).write(to: run.bridge.configuration, atomically: true, encoding: .utf8)
            let tokenFile = surroundings.directory.appending(path: "token")
            try Self.token.write(to: tokenFile, atomically: true, encoding: .utf8)
            let process = try RingbackProcess(
                ["serve", "--config", run.bridge.configuration.path, "--log-level", "trace"],
                environment: [
                    "API_KEY": Self.secret("api_key"), "MASTER_KEY": Self.masterKey, "WEBHOOK_SECRET": surroundings.secret.reveal(),
                    "TOKEN_FILE": tokenFile.path,
                    // Neither sends anything to this proxy, nor past the configured one.
                    "http_proxy": "http://127.0.0.1:1", "no_proxy": "*",
                ], directory: surroundings.directory, log: surroundings.directory.appending(path: "bridge.log"))
            do {
                try await run.bridge.waitUntilReady()
                try await run.drive(Self.secrets)
                #expect(neighbours.tokenServer.accepted > 0)
                #expect(neighbours.noTLS.accepted > 0)
                #expect(neighbours.proxy.heads.count { $0.contains(Self.base64("ringback:\(Self.secret("proxy"))")) } > 0)
                #expect(neighbours.proxy.heads.count { $0.contains(Self.base64("ringback:\(Self.secret("wrong proxy"))")) } > 0)
            } catch {
                await process.kill()
                throw error
            }
            run.note("the process list", try String(contentsOfFile: "/proc/\(process.identifier)/cmdline", encoding: .utf8))
            try run.noteStore("while it runs")
            #expect(await process.terminate() == RingbackProcess.Exit(status: 0, wasSignalled: false))
            try run.noteStore("after it ended")
            run.note("the log", process.logText)
            #expect(process.logText.contains("\"level\":\"trace\"") || process.logText.contains("\"level\":\"debug\""))
            // The check is the one command whose input is the file with the secrets itself.
            let check = try await Invocation.run(
                ["config", "check", run.bridge.configuration.path],
                environment: [
                    "API_KEY": Self.secret("api_key"), "MASTER_KEY": Self.masterKey, "WEBHOOK_SECRET": surroundings.secret.reveal(),
                    "TOKEN_FILE": tokenFile.path,
                ], in: surroundings.directory)
            run.note("config check", check.output + check.errors)

            let all = Self.secrets.merging(Self.derived, uniquingKeysWith: { first, _ in first })
                .merging(
                    ["secret": surroundings.secret.reveal(), "client_key_file": neighbours.keyMaterial],
                    uniquingKeysWith: { first, _ in first })
            for (place, secret) in all {
                for finding in run.places(of: secret) { Issue.record("the secret in '\(place)' is shown by \(finding)") }
            }
            let made = try #require(run.madeSecret)
            #expect(run.places(of: made) == ["POST /v1/endpoints/mine/rotate-secret (made)"])
            // The same request is answered the same again; what is kept for it is sealed.
            let replayed = try #require(run.replayedSecret)
            #expect(run.places(of: replayed) == ["POST /v1/endpoints (kept)", "POST /v1/endpoints (again)"])
            Self.expectCanary(in: run)
        }
    }

    private static func configuration(_ bridge: Bridge, _ neighbours: SecretiveNeighbours) -> String {
        """
        listen: 127.0.0.1:\(bridge.port)
        store: sqlite:\(bridge.storeDirectory.path)/ringback.db
        master_key: ${MASTER_KEY}
        security:
          allow_networks: [127.0.0.0/8]
          egress_proxy: { url: "http://127.0.0.1:\(neighbours.proxy.port)", username: ringback, password: \(secret("proxy")) }
        tokens:
          - { name: ops, token_file: "${TOKEN_FILE}", scopes: [admin] }
        upstreams:
          - name: default
            base_url: \(bridge.surroundings.upstreamURL)?key=\(secret("base_url"))
            api_key: ${API_KEY}
            headers: { X-Upstream: \(secret("upstream header")) }
            poll: { interval: 200ms, max_interval: 1s }
            requests_per_second: 500
            ingest: { scheme: standard_webhooks, secret: \(secret("ingest")) }
          - name: pass
            base_url: \(bridge.surroundings.upstreamURL)
            credentials: passthrough
            poll: { interval: 200ms, max_interval: 1s }
        endpoints:
          - name: \(canary)
            url: http://127.0.0.1:1/
            proxy: none
            retry: { schedule: [100ms], jitter: 0 }
          - name: oauth
            url: \(bridge.surroundings.receiverURL)
            oauth2: { token_url: "http://127.0.0.1:\(neighbours.tokenServer.port)/", client_id: client, client_secret: \(secret("oauth2")) }
            proxy: none
          - name: tls
            url: https://127.0.0.1:\(neighbours.noTLS.port)/
            client_certificate_file: \(neighbours.certificateFile)
            client_key_file: \(neighbours.keyFile)
            proxy: none
            retry: { schedule: [100ms], jitter: 0 }
          - name: unknown-to-proxy
            url: \(bridge.surroundings.receiverURL)
            proxy: "http://ringback:\(secret("wrong proxy"))@127.0.0.1:\(neighbours.proxy.port)"
          - name: lost
            url: \(bridge.surroundings.receiverURL)
            proxy: { url: "socks5h://127.0.0.1:1", username: ringback, password: \(secret("egress_proxy")) }
          - name: app
            url: \(bridge.surroundings.receiverURL)?token=\(secret("url"))
            secret: ${WEBHOOK_SECRET}
            previous_secrets: [{ secret: "\(secret("previous_secrets"))", until: 2099-01-01T00:00:00Z }]
            hub_secret: \(secret("hub_secret"))
            headers: { X-Key: \(secret("header")) }
            retry: { schedule: [100ms, 100ms], jitter: 0 }
          - name: bearer
            url: http://127.0.0.1:1/hook?token=\(secret("url"))
            bearer_token: \(secret("bearer_token"))
            retry: { schedule: [100ms], jitter: 0 }
          - name: basic
            url: \(bridge.surroundings.receiverURL)
            basic_auth: { username: ringback, password: \(secret("basic_auth")) }
            retry: { schedule: [100ms], jitter: 0 }
          - name: files
            inbox: \(bridge.inbox.path)
        """
    }
}

/// One run, and everything it shows.
private final class SecretiveRun: Sendable {
    let bridge: Bridge
    private let token: String
    private let shown = NIOLockedValueBox<[(place: String, text: Data)]>([])
    private let made = NIOLockedValueBox<String?>(nil)
    private let replayed = NIOLockedValueBox<String?>(nil)

    init(bridge: Bridge, token: String) throws {
        self.bridge = bridge
        self.token = token
    }

    /// The secret that Ringback made.
    var madeSecret: String? { made.withLockedValue { $0 } }

    /// The one that it made for a request with an `Idempotency-Key`.
    var replayedSecret: String? { replayed.withLockedValue { $0 } }

    func note(_ place: String, _ text: String) {
        note(place, Data(text.utf8))
    }

    private func note(_ place: String, _ text: Data) {
        shown.withLockedValue { $0.append((place, text)) }
    }

    func noteStore(_ moment: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: bridge.storeDirectory.path) {
            note("the store's file \(name) \(moment)", try Data(contentsOf: bridge.storeDirectory.appending(path: name)))
        }
    }

    func places(of secret: String) -> [String] {
        shown.withLockedValue { $0 }.filter { $0.text.range(of: Data(secret.utf8)) != nil }.map(\.place)
    }

    /// Uses everything that touches a secret, rightly and wrongly, and looks at everything there is to look at.
    func drive(_ secrets: [String: String]) async throws {
        try await makeEndpoint(secrets)
        for (outcome, number) in [("completed", 1), ("failed", 2), ("completed", 3)] {
            let response = try await bridge.surroundings.createResponse(["outcome": outcome, "duration": "\(number * 200)ms"])
            let url = number == 2 ? "http://127.0.0.1:1/" : bridge.surroundings.receiverURL
            try await post(
                "/v1/watches",
                """
                {"response_id": "\(response)", "headers": {"X-Team": "\(secrets["watch header"] ?? "")", "Authorization": "Bearer \(secrets["watch key"] ?? "")"},
                 "callback": {"url": "\(url)?token=\(secrets["callback url"] ?? "")", "secret": "\(secrets["callback secret"] ?? "")",
                              "headers": {"X-Key": "\(secrets["callback header"] ?? "")"}}}
                """, status: 201)
        }
        try await passThrough(secrets)
        try await ingest(secrets)
        try await goWrong(secrets)
        try await eventually(within: .seconds(60), "all watches have ended and all endpoints were tried") {
            let watches = try await get("/v1/watches").json()["data"]?.elements ?? []
            let dead = try await get("/v1/dead-letters").json()["data"]?.elements ?? []
            let delivered = try await get("/v1/deliveries?status=delivered").json()["data"]?.elements ?? []
            return watches.count == 4 && watches.allSatisfy { $0["terminal_at"]?.string != nil } && dead.count >= 3 && delivered.count >= 6
        }
        try await lookAtEverything()
    }

    private func makeEndpoint(_ secrets: [String: String]) async throws {
        try await post(
            "/v1/endpoints",
            """
            {"name": "mine", "url": "\(bridge.surroundings.receiverURL)?token=\(secrets["api url"] ?? "")", "events": ["response.*"],
             "secret": "\(secrets["api secret"] ?? "")", "hub_secret": "\(secrets["api hub"] ?? "")",
             "headers": {"X-Key": "\(secrets["api header"] ?? "")"}}
            """, status: 201)
        try await post("/v1/endpoints/mine/rotate-secret", #"{"secret": "\#(secrets["rotated"] ?? "")", "overlap": "1h"}"#, status: 200)
        let answer = try await call("/v1/endpoints/mine/rotate-secret", "{}")
        note("POST /v1/endpoints/mine/rotate-secret (made)", answer.text)
        let secret = try #require(try answer.json()["secret"]?.string, "\(answer.text)")
        made.withLockedValue { $0 = secret }
        try await makeTwice(secrets)
        for name in ["mine", "app", "bearer", "basic", "oauth", "tls", "unknown-to-proxy", "lost", "canary-endpoint"] {
            try await post("/v1/endpoints/\(name)/test", "{}", status: 200)
        }
    }

    /// Asks twice for the same endpoint, whose secret Ringback makes: the answer is kept for the second time.
    private func makeTwice(_ secrets: [String: String]) async throws {
        let key = secrets["idempotency"] ?? ""
        for time in ["kept", "again"] {
            let answer = try await call(
                "/v1/endpoints", #"{"name": "kept", "url": "\#(bridge.surroundings.receiverURL)"}"#,
                headers: [(name: "Idempotency-Key", value: key)])
            #expect(answer.status == 201, "\(answer.text)")
            note("POST /v1/endpoints (\(time))", answer.text)
            let secret = try #require(try answer.json()["secret"]?.string)
            replayed.withLockedValue { $0 = secret }
        }
    }

    /// Creates a response by the proxy for SDKs, with a key that only the upstream knows.
    private func passThrough(_ secrets: [String: String]) async throws {
        let key = (name: "Authorization", value: "Bearer \(secrets["passthrough"] ?? "")")
        let created = try await bridge.surroundings.client.post(
            bridge.url + "/upstreams/pass/v1/responses", #"{"model": "test", "input": "hi", "background": true}"#, headers: [key])
        #expect(created.status == 200, "\(created.text)")
        note("POST /upstreams/pass/v1/responses", created.text + created.headers.map { "\($0.name): \($0.value)" }.joined())
        let id = try #require(try created.json()["id"]?.string)
        let seen = try await bridge.surroundings.client.get(bridge.url + "/upstreams/pass/v1/responses/\(id)", headers: [key])
        note("GET /upstreams/pass/v1/responses", seen.text)
    }

    /// A vendor's webhook, signed rightly and wrongly.
    private func ingest(_ secrets: [String: String]) async throws {
        let body = #"{"type": "response.completed", "data": {"id": "resp_unknown"}}"#
        for secret in [secrets["ingest"] ?? "", secrets["callback secret"] ?? ""] {
            let signature = WebhookSigner.headers(
                id: "msg_1", timestamp: SystemTime().wallNow, body: Array(body.utf8), keys: [try SigningKey(validating: Secret(secret))])
            let answer = try await bridge.surroundings.client.post(bridge.url + "/v1/ingest/default", body, headers: signature)
            #expect(answer.status == (secret == secrets["ingest"] ? 404 : 401), "only the second is not believed: \(answer.text)")
            note("POST /v1/ingest/default", answer.text)
        }
    }

    /// Requests that are refused: what was wrong is said, what was written is not repeated.
    private func goWrong(_ secrets: [String: String]) async throws {
        let refused = secrets["refused"] ?? ""
        let url = secrets["callback url"] ?? ""
        try await post("/v1/endpoints", #"{"name": "bad", "url": "https://a.example/", "secret": "\#(refused)"}"#, status: nil)
        try await post("/v1/endpoints/app/rotate-secret", #"{"secret": "\#(secrets["rotated"] ?? "")"}"#, status: 409)
        try await post("/v1/endpoints/mine/rotate-secret", #"{"secret": "\#(refused)"}"#, status: nil)
        try await post(
            "/v1/watches", #"{"response_id": "resp_1", "callback": {"url": "ftp://a.example/?token=\#(url)", "secret": "\#(refused)"}}"#,
            status: nil)
        try await post(
            "/v1/watches", #"{"response_id": "resp_1", "headers": {"X-Key": "\#(secrets["watch header"] ?? "")\n"}}"#, status: nil)
        // A response that is not there: the upstream's answer is passed through the logs of a failing watch.
        let wrong = try await bridge.surroundings.client.get(
            bridge.url + "/v1/watches", headers: [(name: "Authorization", value: "Bearer wrong-\(token)")])
        #expect(wrong.status == 401)
        note("an answer to a wrong token", wrong.text)
    }

    private func lookAtEverything() async throws {
        let lists = ["/v1/watches", "/v1/events", "/v1/deliveries", "/v1/dead-letters", "/v1/endpoints"]
        for list in lists {
            for object in try await get(list).json()["data"]?.elements ?? [] {
                guard let name = object["id"]?.string ?? object["name"]?.string, list != "/v1/dead-letters" else { continue }
                _ = try await get("\(list)/\(name)")
            }
        }
        for path in ["/healthz", "/readyz", "/metrics", "/", "/openapi.json", "/v1/endpoints/mine/public-key"] { _ = try await get(path) }
        for arguments in [
            ["watches", "list"], ["endpoints", "list"], ["deliveries", "list", "--json"], ["endpoints", "show", "app"],
            ["endpoints", "show", "unknown-to-proxy"], ["endpoints", "test", "lost"], ["upstreams", "show", "default"],
            ["explain", bridge.surroundings.receiverURL],
        ] {
            let run = try await Invocation.run(
                arguments, environment: ["RINGBACK_SERVER": bridge.url, "RINGBACK_TOKEN": token], in: bridge.surroundings.directory)
            #expect(run.status == (arguments == ["endpoints", "test", "lost"] ? 1 : 0), "\(arguments): \(run.errors)")
            note("ringback \(arguments.joined(separator: " "))", run.output + run.errors)
        }
    }

    private func get(_ path: String) async throws -> TestClient.Answer {
        let answer = try await bridge.surroundings.client.get(
            bridge.url + path, headers: [(name: "Authorization", value: "Bearer \(token)")])
        note("GET \(path)", answer.text + answer.headers.map { "\($0.name): \($0.value)" }.joined())
        return answer
    }

    private func call(
        _ path: String, _ body: String, headers: [(name: String, value: String)] = []
    ) async throws -> TestClient.Answer {
        try await bridge.surroundings.client.post(
            bridge.url + path, body, headers: [(name: "Authorization", value: "Bearer \(token)")] + headers)
    }

    /// - Parameter status: `nil` for any refusal.
    private func post(_ path: String, _ body: String, status: Int?) async throws {
        let answer = try await call(path, body)
        if let status {
            #expect(answer.status == status, "POST \(path): \(answer.text)")
        } else {
            #expect((400...499).contains(answer.status))
        }
        note("POST \(path)", answer.text)
    }
}
