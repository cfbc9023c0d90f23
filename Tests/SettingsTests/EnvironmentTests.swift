import Presets
import RingbackCore
import Testing

@testable import Settings

@Suite("Without a file, the environment")
struct EnvironmentTests {
    private func complaints(_ environment: [String: String]) -> [String] {
        do {
            _ = try Settings.fromEnvironment(environment, readFile: reader(of: [:]))
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test("is a whole configuration")
    func complete() throws {
        let settings = try Settings.fromEnvironment(
            [
                "RINGBACK_UPSTREAM_BASE_URL": "https://api.openai.com/v1", "RINGBACK_UPSTREAM_API_KEY": "sk-${not-expanded}",
                "RINGBACK_WEBHOOK_URL": "https://app.example.com/hooks", "RINGBACK_WEBHOOK_SECRET_FILE": "/run/secrets/webhook",
                "RINGBACK_INBOX": "./inbox", "RINGBACK_LISTEN": "0.0.0.0:80", "RINGBACK_STORE": "sqlite:/data/r.db",
                "RINGBACK_API_TOKEN": "0123456789abcdef", "RINGBACK_SERVER": "http://127.0.0.1:8787", "RINGBACK_TOKEN": "", "PATH": "/bin",
            ],
            readFile: reader(of: ["/run/secrets/webhook": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"]))
        let webhook = WebhookTarget(
            url: "https://app.example.com/hooks", secrets: [SigningSecret(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))]
        )
        let endpoints = [
            Endpoint(name: EndpointName(trusted: "webhook"), origin: .configuration, target: .webhook(webhook)),
            Endpoint(name: EndpointName(trusted: "inbox"), origin: .configuration, target: .inbox(InboxTarget(directory: "./inbox"))),
        ]
        let upstream = Upstream(
            name: UpstreamName(trusted: "default"), baseURL: "https://api.openai.com/v1", apiKey: Secret("sk-${not-expanded}")
        )
        let presets = try PresetLibrary.builtIn()
        #expect(
            settings
                == Settings(
                    listen: ListenAddress(host: "0.0.0.0", port: 80), store: .sqlite(path: "/data/r.db"),
                    tokens: [APIToken(name: "environment", token: Secret("0123456789abcdef"), scopes: [.admin])],
                    upstreams: [upstream], endpoints: endpoints, presets: presets
                ))
    }

    @Test("needs nothing but the upstream's address; empty variables count as unset")
    func smallest() throws {
        let settings = try Settings.fromEnvironment(
            ["RINGBACK_UPSTREAM_BASE_URL": "http://127.0.0.1:9000/v1", "RINGBACK_LISTEN": "", "RINGBACK_WEBHOOK_URL": ""],
            readFile: reader(of: [:]))
        #expect(settings.endpoints.isEmpty)
        #expect(settings.listen == .standard)
    }

    @Test("says what is missing or wrong, by the names of the variables")
    func problems() {
        #expect(
            complaints(["RINGBACK_WEBHOOK_SECRET": "x"]) == [
                "environment variable RINGBACK_UPSTREAM_BASE_URL: is not set, and there is no configuration file: "
                    + "set it, for example to https://api.openai.com/v1, or write ./ringback.yaml",
                "environment variable RINGBACK_WEBHOOK_SECRET: is set, but RINGBACK_WEBHOOK_URL is not: set both or none",
            ])
        let base = ["RINGBACK_UPSTREAM_BASE_URL": "https://api.example.com/v1"]
        #expect(
            complaints(base.merging(["RINGBACK_LISTEN": "0.0.0.0:80"]) { $1 }) == [
                "environment variable RINGBACK_LISTEN: other machines can reach 0.0.0.0:80, and without tokens everybody could use the API: "
                    + "set RINGBACK_API_TOKEN, or listen on 127.0.0.1:80"
            ])
        #expect(
            complaints(base.merging(["RINGBACK_WEBHOOK_URI": "https://a.example"]) { $1 }) == [
                "environment variable RINGBACK_WEBHOOK_URI: is unknown: did you mean RINGBACK_WEBHOOK_URL?"
            ])
        let malformed = complaints(["RINGBACK_UPSTREAM_BASE_URL": "api.example.com", "RINGBACK_API_TOKEN": "short-LEAK"])
        #expect(malformed.count == 2)
        #expect(malformed.allSatisfy { $0.hasPrefix("environment variable RINGBACK_") && !$0.contains("LEAK") })
    }

    @Test("shows a secret's variable but not its value")
    func fileMissing() {
        let base = ["RINGBACK_UPSTREAM_BASE_URL": "https://api.example.com/v1", "RINGBACK_UPSTREAM_API_KEY_FILE": "/none"]
        #expect(complaints(base) == ["environment variable RINGBACK_UPSTREAM_API_KEY_FILE: '/none' cannot be read: there is no such file"])
    }
}
