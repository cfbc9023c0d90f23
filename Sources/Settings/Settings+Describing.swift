import AddressGuard
import RingbackCore

extension Settings {
    /// What stands in place of a secret.
    private static let redacted = "<redacted>"

    /// The configuration as it takes effect, defaults included, in the form of a configuration file; secrets are `<redacted>`.
    ///
    /// Header values, tokens, keys and the queries of URLs count as secrets. Without any of them the text is a configuration that
    /// reads back as this one.
    package func describe() -> String {
        var yaml = YAMLText()
        yaml.line("listen", listen.description)
        if let publicURL { yaml.line("public_url", publicURL) }
        if let presetsDirectory { yaml.line("presets_dir", presetsDirectory) }
        yaml.line("store", store.description)
        if masterKey != nil { yaml.line("master_key", raw: Self.redacted) }
        if !previousMasterKeys.isEmpty { yaml.line("previous_master_keys", previousMasterKeys.map { _ in Self.redacted }) }
        yaml.list("tokens", of: tokens, Self.describe)
        yaml.list("upstreams", of: upstreams, Self.describe)
        yaml.list("endpoints", of: endpoints, Self.describe)
        yaml.block("retention") {
            $0.line("delivered", retention.delivered.text)
            $0.line("dead", retention.dead.text)
            $0.line("responses", retention.responses.text)
            $0.line("watches", retention.watches.text)
            $0.line("max_response_size", retention.maximumResponseSize.text)
        }
        yaml.block("security") {
            $0.line("allow_networks", security.allowNetworks.map(\.description))
            $0.line("https_only", raw: "\(security.httpsOnly)")
            if let proxy = security.egressProxy { Self.describe(&$0, "egress_proxy", proxy) }
        }
        if let tracing {
            yaml.block("tracing") {
                $0.line("otlp_endpoint", tracing.endpoint)
                $0.line("service_name", tracing.service)
                $0.line("sample", raw: "\(tracing.sample)")
                Self.describe(&$0, headers: tracing.headers)
            }
        }
        yaml.line("shutdown_timeout", shutdownTimeout.text)
        yaml.line("log_level", logLevel.rawValue)
        return yaml.text
    }

    private static func describe(_ yaml: inout YAMLText, token: APIToken) {
        yaml.line("name", token.name)
        yaml.line("token", raw: redacted)
        yaml.line("scopes", APIToken.Scope.allCases.filter(token.scopes.contains).map(\.rawValue))
    }

    private static func describe(_ yaml: inout YAMLText, upstream: Upstream) {
        yaml.line("name", upstream.name.rawValue)
        yaml.line("base_url", withoutQuery(upstream.baseURL))
        if let path = upstream.createPath { yaml.line("create_path", path) }
        if upstream.apiKey != nil { yaml.line("api_key", raw: redacted) }
        if let header = upstream.apiKeyHeader { yaml.line("api_key_header", header) }
        yaml.line("credentials", upstream.credentials.rawValue)
        yaml.line("idempotent_creates", raw: "\(upstream.idempotentCreates)")
        describe(&yaml, headers: upstream.headers)
        yaml.line("follow", upstream.follow.rawValue)
        yaml.line("stream_idle_timeout", upstream.streamIdleTimeout.text)
        yaml.block("poll") {
            $0.line("interval", upstream.pollInterval.text)
            $0.line("max_interval", upstream.pollMaximumInterval.text)
        }
        yaml.line("max_streams", raw: "\(upstream.maximumStreams)")
        yaml.line("requests_per_second", raw: "\(upstream.requestsPerSecond)")
        yaml.line("max_watch_age", upstream.maximumWatchAge.text)
        yaml.line("stalled_after", upstream.stalledAfter.text)
        yaml.line("not_found_grace", upstream.notFoundGrace.text)
        yaml.block("manners") { block in upstream.manners.words.forEach { block.line($0.key, $0.word) } }
        if let caFile = upstream.caFile { yaml.line("ca_file", caFile) }
        if let ingest = upstream.ingest { yaml.block("ingest") { describe(&$0, ingest: ingest) } }
    }

    private static func describe(_ yaml: inout YAMLText, ingest: WebhookScheme) {
        yaml.line("scheme", ingest.kind.rawValue)
        yaml.line("secret", raw: redacted)
        switch ingest {
        case .standardWebhooks: break
        case .hmacSHA256(let hmac):
            yaml.line("header", hmac.header)
            yaml.line("encoding", hmac.encoding.rawValue)
            if !hmac.prefix.isEmpty { yaml.line("prefix", hmac.prefix) }
            if let header = hmac.timestampHeader { yaml.line("timestamp_header", header) }
        }
    }

    private static func describe(_ yaml: inout YAMLText, endpoint: Endpoint) {
        yaml.line("name", endpoint.name.rawValue)
        switch endpoint.target {
        case .webhook(let target): describe(&yaml, webhook: target)
        case .command(let target):
            // Arguments and variables may hold what an operator filled in from elsewhere.
            yaml.line("command", target.arguments.prefix(1) + target.arguments.dropFirst().map { _ in redacted })
            if !target.environment.isEmpty {
                yaml.block("environment") { block in
                    for variable in target.environment { block.line(variable.name, raw: redacted) }
                }
            }
        case .inbox(let target):
            yaml.line("inbox", target.directory)
            yaml.line("output_text", raw: "\(target.outputText)")
            if let maximum = target.maximumFiles { yaml.line("max_files", raw: "\(maximum)") }
            if let owner = target.ownership.owner { yaml.line("owner", owner) }
            if let group = target.ownership.group { yaml.line("group", group) }
            if let mode = target.ownership.mode { yaml.line("mode", "\(mode)") }
        case .preset(let target):
            yaml.line("preset", target.preset)
            guard !target.parameters.isEmpty else { break }
            yaml.block("with") { yaml in
                for parameter in target.parameters where parameter.isSecret { yaml.line(parameter.name, raw: redacted) }
                for parameter in target.parameters where !parameter.isSecret { yaml.line(parameter.name, parameter.value.reveal()) }
            }
        }
        yaml.line("events", endpoint.events.map(\.text))
        describe(&yaml, match: endpoint.match)
        yaml.line("timeout", endpoint.timeout.text)
        switch endpoint.target {
        case .webhook, .preset: yaml.line("connect_timeout", endpoint.connectTimeout.text)
        case .inbox, .command: break
        }
        yaml.block("retry") {
            $0.line("schedule", endpoint.retry.schedule.map(\.text))
            $0.line("jitter", raw: "\(endpoint.retry.jitter)")
        }
        yaml.line("max_in_flight", raw: "\(endpoint.maximumInFlight)")
        if let limit = endpoint.rateLimit { yaml.line("rate_limit", limit.text) }
        if let digest = endpoint.digest {
            yaml.block("digest") {
                $0.line("window", digest.window.text)
                $0.line("max", raw: "\(digest.maximum)")
            }
        }
    }

    private static func describe(_ yaml: inout YAMLText, webhook: WebhookTarget) {
        yaml.line("url", withoutQuery(webhook.url))
        if !webhook.secrets.isEmpty { yaml.line("secret", raw: redacted) }
        let previous = webhook.secrets.dropFirst()
        if !previous.isEmpty {
            yaml.list("previous_secrets", of: Array(previous)) { yaml, secret in
                yaml.line("secret", raw: redacted)
                if let until = secret.expiresAt { yaml.line("until", until.rfc3339) }
            }
        }
        if webhook.hubSecret != nil { yaml.line("hub_secret", raw: redacted) }
        yaml.line("payload", webhook.payload.rawValue)
        describe(&yaml, headers: webhook.headers)
        if let caFile = webhook.caFile { yaml.line("ca_file", caFile) }
        switch webhook.proxy {
        case .standard: break
        case .direct: yaml.line("proxy", "none")
        case .by(let proxy): describe(&yaml, "proxy", proxy)
        }
    }

    private static func describe(_ yaml: inout YAMLText, _ key: String, _ proxy: EgressProxy) {
        yaml.block(key) {
            $0.line("url", proxy.address)
            if proxy.credentials != nil {
                $0.line("username", raw: redacted)
                $0.line("password", raw: redacted)
            }
            $0.line("resolve", proxy.resolution.rawValue)
        }
    }

    private static func describe(_ yaml: inout YAMLText, match: EndpointMatch) {
        guard match != EndpointMatch() else { return }
        yaml.block("match") { yaml in
            if let upstream = match.upstream { yaml.line("upstream", upstream.rawValue) }
            if let model = match.model { yaml.line("model", model) }
            if !match.statuses.isEmpty { yaml.line("status", match.statusList.map(\.rawValue)) }
            for (key, pattern) in match.metadata.sorted(by: { $0.key < $1.key }) {
                yaml.line(YAMLText.scalar("metadata.\(key)"), pattern)
            }
        }
    }

    private static func describe(_ yaml: inout YAMLText, headers: [HeaderField]) {
        guard !headers.isEmpty else { return }
        yaml.block("headers") { yaml in
            for header in headers { yaml.line(YAMLText.scalar(header.name), raw: redacted) }
        }
    }

    private static func withoutQuery(_ url: String) -> String {
        guard let question = url.firstIndex(of: "?") else { return url }
        return url[..<question] + "?" + redacted
    }
}
