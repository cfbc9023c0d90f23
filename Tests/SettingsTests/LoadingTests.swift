import AddressGuard
import Presets
import RingbackCore
import Testing

@testable import Settings

@Suite("A configuration file")
struct LoadingTests {
    @Test("means what it says, key by key")
    func everyKey() throws {
        let settings = try load(complete, environment: completeEnvironment, files: completeFiles)
        #expect(settings.listen == ListenAddress(host: "0.0.0.0", port: 8787))
        #expect(settings.store == .sqlite(path: "/var/lib/ringback/ringback.db"))
        #expect(
            settings.tokens == [
                APIToken(name: "ops", token: Secret("0123456789abcdef0123"), scopes: [.admin]),
                APIToken(name: "app", token: Secret("token-from-a-file"), scopes: [.submit, .read]),
            ])
        #expect(
            settings.retention
                == Settings.Retention(
                    delivered: .seconds(86_400), dead: .seconds(172_800), responses: .seconds(259_200), watches: .seconds(345_600),
                    maximumResponseSize: ByteCount(100_000_000)))
        #expect(settings.security.allowNetworks.map(\.description) == ["10.0.0.0/8", "[fd00::/8]:8080", "hooks.internal:8080"])
        #expect(settings.security.httpsOnly)
        #expect(settings.shutdownTimeout == .seconds(10))
        #expect(settings.logLevel == .debug)
    }

    @Test("describes upstreams in its own order")
    func upstreams() throws {
        let settings = try load(complete, environment: completeEnvironment, files: completeFiles)
        #expect(
            settings.upstreams == [
                Upstream(
                    name: UpstreamName(trusted: "default"), baseURL: "https://api.openai.com/v1", apiKey: Secret("sk-from-environment"),
                    headers: [HeaderField("X-On-Behalf-Of", Secret("acme"))], follow: .stream, streamIdleTimeout: .seconds(80),
                    pollInterval: .seconds(3), pollMaximumInterval: .seconds(40), maximumStreams: 5000, requestsPerSecond: 2.5,
                    maximumWatchAge: .seconds(43_200), stalledAfter: .seconds(1200), notFoundGrace: .seconds(10),
                    manners: FixedManners(stream: true, streamUnrequested: false, streamWindow: .limited(.seconds(300))),
                    caFile: "/tls/upstream.pem",
                    ingest: .standardWebhooks(secret: Secret("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="))
                ),
                Upstream(
                    name: UpstreamName(trusted: "azure"), baseURL: "https://acme.openai.azure.com/openai/v1?api-version=preview",
                    createPath: "/agent", apiKey: Secret("azure-key"), apiKeyHeader: "api-key", follow: .poll,
                    ingest: .hmacSHA256(
                        HMACWebhookScheme(
                            secret: Secret("given at creation"), header: "X-Signature", encoding: .base64, prefix: "sha256=",
                            timestampHeader: "X-Signed-At"))
                ),
            ])
    }

    @Test("describes endpoints")
    func endpoints() throws {
        let settings = try load(complete, environment: completeEnvironment, files: completeFiles)
        let events = try [#require(EventPattern("response.*")), #require(EventPattern("watch.lost"))]
        let headers = [HeaderField("X-Env", Secret("prod")), HeaderField("Authorization", Secret("Bearer receiver-token"))]
        #expect(
            settings.endpoints == [
                Endpoint(
                    name: EndpointName(trusted: "my-app"), origin: .configuration,
                    target: .webhook(
                        WebhookTarget(
                            url: "https://app.example.com/hooks/ringback",
                            secrets: [SigningSecret(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))],
                            payload: .full, headers: headers, caFile: "/tls/receiver.pem"
                        )),
                    events: events,
                    match: EndpointMatch(
                        upstream: UpstreamName(trusted: "azure"), model: "gpt-*", metadata: ["team": "search"],
                        statuses: [.failed, .incomplete]),
                    retry: RetryPolicy(schedule: [.seconds(1), .seconds(120)], jitter: 0.5), timeout: .seconds(10),
                    connectTimeout: .seconds(2), maximumInFlight: 4, rateLimit: RateLimit(text: "50/s")
                ),
                Endpoint(
                    name: EndpointName(trusted: "scripts"), origin: .configuration,
                    target: .inbox(InboxTarget(directory: "./inbox", outputText: true))
                ),
            ])
    }

    @Test("takes a command as a list, or as one word, with variables for its environment, and shows no more of it than the program")
    func command() throws {
        let text = """
            upstreams: [{ name: default, base_url: "https://api.example.com/v1" }]
            endpoints:
              - { name: a, command: [/usr/local/bin/handle, --token, sk-private], environment: { TOKEN: sk-private } }
              - { name: b, command: handle }
            """
        let settings = try load(text)
        #expect(
            settings.endpoints.map(\.target) == [
                .command(
                    CommandTarget(
                        arguments: ["/usr/local/bin/handle", "--token", "sk-private"],
                        environment: [EnvironmentVariable(name: "TOKEN", value: Secret("sk-private"))])),
                .command(CommandTarget(arguments: ["handle"])),
            ])
        #expect(settings.describe().contains("/usr/local/bin/handle") && !settings.describe().contains("sk-private"))
    }

    @Test("takes an inbox's mode with or without quotes, and who gets its files", arguments: ["0660", "\"0660\"", "'0660'"])
    func inbox(mode: String) throws {
        let text = """
            upstreams: [{ name: default, base_url: "https://api.example.com/v1" }]
            endpoints: [{ name: files, inbox: ./in, max_files: 1_000, owner: scripts, group: 1001, mode: \(mode) }]
            """
        let settings = try load(text)
        let ownership = FileOwnership(owner: "scripts", group: "1001", mode: FileMode(text: "0660"))
        #expect(settings.endpoints[0].target == .inbox(InboxTarget(directory: "./in", maximumFiles: 1000, ownership: ownership)))
        #expect(try load(settings.describe()).endpoints == settings.endpoints)
    }

    @Test("says whose key the proxy sends, and whether a create may be sent twice")
    func relaying() throws {
        let upstream = try load(
            """
            upstreams:
              - name: default
                base_url: https://api.example.com/v1
                credentials: passthrough
                api_key_header: api-key
                idempotent_creates: true
            """
        ).upstreams[0]
        #expect(upstream.credentials == .passthrough && upstream.idempotentCreates)
        // The clients bring their keys in that header, so there need not be one here.
        #expect(upstream.apiKeyHeader == "api-key" && upstream.apiKey == nil)
    }

    @Test("describes how an endpoint shows its receiver who it is")
    func receivers() throws {
        let settings = try load(
            """
            upstreams: [{ name: default, base_url: "https://api.example.com/v1" }]
            endpoints:
              - name: a
                url: https://a.example/
                client_certificate_file: /tls/receiver.pem
                payload: cloudevents-binary
                handshake: { origin: bridge.example.com, rate: 120 }
                oauth2:
                  token_url: https://login.example/token
                  client_id: ringback
                  client_secret: s3cret
                  scope: hooks
                  client_auth: body
            """, files: completeFiles)
        let target = WebhookTarget(
            url: "https://a.example/", secrets: [], payload: .cloudEventsBinary,
            certificate: ClientCertificate(certificateFile: "/tls/receiver.pem", keyFile: "/tls/receiver.pem"),
            credentials: ClientCredentials(
                tokenURL: "https://login.example/token", clientID: "ringback", clientSecret: Secret("s3cret"), scope: "hooks",
                authentication: .body),
            handshake: try WebhookHandshake(origin: "bridge.example.com", requestedRate: 120))
        #expect(settings.endpoints.map(\.target) == [.webhook(target)])
    }

    @Test("has the documented defaults for everything but the upstream")
    func defaults() throws {
        let upstream = Upstream(name: UpstreamName(trusted: "default"), baseURL: "https://api.example.com/v1")
        let builtIn = try PresetLibrary.builtIn()
        #expect(try load(minimal) == Settings(upstreams: [upstream], presets: builtIn))
        let settings = try load(minimal)
        #expect(settings.listen.description == "127.0.0.1:8787")
        #expect(settings.store.description == "sqlite:./data/ringback.db")
        #expect(settings.shutdownTimeout == .seconds(25))
        #expect(
            settings.retention
                == Settings.Retention(
                    delivered: .seconds(604_800), dead: .seconds(2_592_000), responses: .seconds(604_800), watches: .seconds(2_592_000),
                    maximumResponseSize: ByteCount(32 * 1024 * 1024)))
        // Whoever keeps responses longer keeps their watches as long.
        #expect(try load(minimal + "\nretention: { responses: 90d }").retention.watches == .seconds(90 * 86_400))
    }

    @Test("that ships with Ringback is accepted, also with all its options switched on")
    func example() throws {
        let environment = [
            "OPENAI_API_KEY": "sk-example", "RINGBACK_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "RINGBACK_OLD_WEBHOOK_SECRET": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "RINGBACK_HUB_SECRET": "It's a Secret to Everybody",
            "RINGBACK_MASTER_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "RINGBACK_OLD_MASTER_KEY": "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "OPENAI_WEBHOOK_SECRET": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "RINGBACK_API_TOKEN": "0123456789abcdef", "RECEIVER_TOKEN": "receiver",
        ]
        let example = try repositoryFile("config/ringback.yaml")
        let settings = try load(example, environment: environment)
        #expect(settings.endpoints.map(\.name.rawValue) == ["my-app"])

        let withOptions = example.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let indentation = line.prefix { $0 == " " }
            let rest = line.dropFirst(indentation.count)
            return rest.hasPrefix("#") && !rest.hasPrefix("# ") ? indentation + rest.dropFirst() : line
        }.joined(separator: "\n")
        let files = [
            "/etc/ringback/presets/house.yaml": "title: House\nrequests: { create: { url: \"https://house.example.com/\" } }",
            "/run/secrets/slack_url": "https://hooks.slack.com/services/T/B/pa55\n", "/run/secrets/smtp": "pa55\n",
        ]
        let full = try load(withOptions, environment: environment, files: files)
        #expect(full.endpoints.map(\.name.rawValue) == ["my-app", "scripts", "team-chat", "batch-room", "ops-mail", "archive"])
        #expect(full.presets["house"]?.title == "House")
        #expect(!full.describe().contains("pa55"))
        #expect(full.tokens.map(\.name) == ["ops"])
        // Whatever the example shows as a default is the default.
        #expect(full.retention == settings.retention)
        #expect(full.endpoints.first?.retry == settings.endpoints.first?.retry)
        #expect(full.upstreams.first?.pollMaximumInterval == settings.upstreams.first?.pollMaximumInterval)
    }

    @Test("may share parts by anchors, aliases and merge keys, and its own keys win")
    func merging() throws {
        let settings = try load(
            """
            upstreams:
              - &first
                name: default
                base_url: https://api.example.com/v1
                max_streams: 7
              - <<: *first
                name: second
                follow: poll
            """)
        #expect(settings.upstreams.map(\.name.rawValue) == ["default", "second"])
        #expect(settings.upstreams.map(\.maximumStreams) == [7, 7])
        #expect(settings.upstreams.map(\.follow) == [.stream, .poll])
    }

    @Test("may leave lists and mappings without contents")
    func emptyBlocks() throws {
        let settings = try load(minimal + "\ntokens:\nendpoints:\nretention:\nsecurity:\n  allow_networks:\n")
        #expect(settings == (try load(minimal)))
    }

    @Test("may authenticate with a user name and a password (RFC 7617, section 2)")
    func basicAuthorization() throws {
        let settings = try load(
            minimal + """

                endpoints:
                  - name: app
                    url: http://127.0.0.1:9000/hooks
                    basic_auth: { username: Aladdin, password_file: /run/secrets/password }
                """, files: ["/run/secrets/password": "open sesame\n"])
        guard case .webhook(let target) = settings.endpoints[0].target else {
            Issue.record("the endpoint is no webhook")
            return
        }
        // The RFC's own example.
        #expect(target.headers == [HeaderField("Authorization", Secret("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="))])
    }

    @Test("keeps the connection's time within the attempt's when only the latter is short")
    func shortTimeout() throws {
        let settings = try load(minimal + "\nendpoints: [{ name: app, url: https://app.example.com, timeout: 2s }]\n")
        #expect(settings.endpoints[0].connectTimeout == .seconds(2))
    }

    @Test("is found where --config says, else here, else in /etc")
    func places() {
        #expect(Settings.locate(configFlag: "x.yaml", exists: { _ in false }) == "x.yaml")
        #expect(Settings.locate(configFlag: nil, exists: { _ in true }) == "./ringback.yaml")
        #expect(Settings.locate(configFlag: nil, exists: { $0.hasPrefix("/etc") }) == "/etc/ringback/ringback.yaml")
        #expect(Settings.locate(configFlag: nil, exists: { _ in false }) == nil)
    }

    @Test("that cannot be read says so with its path")
    func unreadable() {
        let error = #expect(throws: SettingsErrors.self) {
            try Settings.load(path: "/etc/ringback/none.yaml", environment: [:], readFile: UnreadableFile.read)
        }
        #expect(error?.description == "/etc/ringback/none.yaml: '/etc/ringback/none.yaml' cannot be read: there is no such file")
    }
}
