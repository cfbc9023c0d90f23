import Foundation
import NIOConcurrencyHelpers
import RawJSON
import RingbackCore
import Testing

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
    ]

    private static func secret(_ place: String) -> String { secrets[place] ?? "" }

    /// What a secret looks like in a header of basic authentication.
    private static var derived: [String: String] {
        ["basic_auth header": Data("ringback:\(secret("basic_auth"))".utf8).base64EncodedString()]
    }

    @Test("shows no secret anywhere, but the one that Ringback made, and that one once", .timeLimit(.minutes(5)))
    func wholeRun() async throws {
        try await Surroundings.lend { surroundings in
            let run = try SecretiveRun(bridge: try Bridge(surroundings), token: Self.token)
            try Self.configuration(run.bridge).write(to: run.bridge.configuration, atomically: true, encoding: .utf8)
            let tokenFile = surroundings.directory.appending(path: "token")
            try Self.token.write(to: tokenFile, atomically: true, encoding: .utf8)
            let process = try RingbackProcess(
                ["serve", "--config", run.bridge.configuration.path, "--log-level", "trace"],
                environment: [
                    "API_KEY": Self.secret("api_key"), "MASTER_KEY": Self.masterKey, "WEBHOOK_SECRET": surroundings.secret.reveal(),
                    "TOKEN_FILE": tokenFile.path,
                ], directory: surroundings.directory, log: surroundings.directory.appending(path: "bridge.log"))
            do {
                try await run.bridge.waitUntilReady()
                try await run.drive(Self.secrets)
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
                .merging(["secret": surroundings.secret.reveal()], uniquingKeysWith: { first, _ in first })
            for (place, secret) in all {
                for finding in run.places(of: secret) { Issue.record("the secret in '\(place)' is shown by \(finding)") }
            }
            let made = try #require(run.madeSecret)
            #expect(run.places(of: made) == ["POST /v1/endpoints/mine/rotate-secret (made)"])
        }
    }

    private static func configuration(_ bridge: Bridge) -> String {
        """
        listen: 127.0.0.1:\(bridge.port)
        store: sqlite:\(bridge.storeDirectory.path)/ringback.db
        master_key: ${MASTER_KEY}
        security: { allow_networks: [127.0.0.0/8] }
        tokens:
          - { name: ops, token_file: "${TOKEN_FILE}", scopes: [admin] }
        upstreams:
          - name: default
            base_url: \(bridge.surroundings.upstreamURL)?key=\(secret("base_url"))
            api_key: ${API_KEY}
            headers: { X-Upstream: \(secret("upstream header")) }
            poll: { interval: 200ms, max_interval: 1s }
            requests_per_second: 500
        endpoints:
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

    init(bridge: Bridge, token: String) throws {
        self.bridge = bridge
        self.token = token
    }

    /// The secret that Ringback made.
    var madeSecret: String? { made.withLockedValue { $0 } }

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
                {"response_id": "\(response)", "headers": {"X-Team": "\(secrets["watch header"] ?? "")"},
                 "callback": {"url": "\(url)?token=\(secrets["callback url"] ?? "")", "secret": "\(secrets["callback secret"] ?? "")",
                              "headers": {"X-Key": "\(secrets["callback header"] ?? "")"}}}
                """, status: 201)
        }
        try await goWrong(secrets)
        try await eventually(within: .seconds(60), "all watches have ended and all endpoints were tried") {
            let watches = try await get("/v1/watches").json()["data"]?.elements ?? []
            let dead = try await get("/v1/dead-letters").json()["data"]?.elements ?? []
            let delivered = try await get("/v1/deliveries?status=delivered").json()["data"]?.elements ?? []
            return watches.count == 3 && watches.allSatisfy { $0["terminal_at"]?.string != nil } && dead.count >= 3 && delivered.count >= 6
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
        for name in ["mine", "app", "bearer", "basic"] { try await post("/v1/endpoints/\(name)/test", "{}", status: 200) }
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
        for arguments in [["watches", "list"], ["endpoints", "list"], ["deliveries", "list", "--json"], ["endpoints", "show", "app"]] {
            let run = try await Invocation.run(
                arguments, environment: ["RINGBACK_SERVER": bridge.url, "RINGBACK_TOKEN": token], in: bridge.surroundings.directory)
            #expect(run.status == 0, "\(run.errors)")
            note("ringback \(arguments.joined(separator: " "))", run.output + run.errors)
        }
    }

    private func get(_ path: String) async throws -> TestClient.Answer {
        let answer = try await bridge.surroundings.client.get(
            bridge.url + path, headers: [(name: "Authorization", value: "Bearer \(token)")])
        note("GET \(path)", answer.text + answer.headers.map { "\($0.name): \($0.value)" }.joined())
        return answer
    }

    private func call(_ path: String, _ body: String) async throws -> TestClient.Answer {
        try await bridge.surroundings.client.post(bridge.url + path, body, headers: [(name: "Authorization", value: "Bearer \(token)")])
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
