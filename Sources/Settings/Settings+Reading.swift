import AddressGuard
import Presets
import RingbackCore

extension Settings {
    /// Reads the whole configuration. What it returns means something only when nothing was reported.
    ///
    /// - Parameters:
    ///   - presets: Those that endpoints can use.
    init(reading root: Fields, presets: PresetLibrary) {
        let tokens = Self.tokens(in: root)
        let upstreams = Self.upstreams(in: root)
        let security = Self.security(in: root)
        let endpoints = Self.endpoints(in: root, presets: presets, upstreams: upstreams, httpsOnly: security.httpsOnly)
        let listen = Self.listen(in: root)
        let shutdownTimeout = root.duration("shutdown_timeout", default: Self.defaultShutdownTimeout, in: .zero ... .seconds(3600))
        self.init(
            listen: listen, store: Self.store(in: root), masterKey: root.sealingKey("master_key"),
            previousMasterKeys: root.sealingKeys("previous_master_keys"), tokens: tokens, upstreams: upstreams, endpoints: endpoints,
            retention: Self.retention(in: root), security: security, shutdownTimeout: shutdownTimeout,
            logLevel: root.choice("log_level", default: .info), publicURL: Self.publicURL(in: root),
            presetsDirectory: root.text("presets_dir"), presets: presets, tracing: TracingTarget.reading(root)
        )
        root.refuseUnsupported("tls", suggestion: "listen on loopback, behind a proxy that serves HTTPS")
        root.finish()
    }

    // MARK: Listening

    private static func listen(in root: Fields) -> ListenAddress {
        guard let text = root.text("listen") else { return .standard }
        do {
            let address = try ListenAddress(validating: text)
            if !address.isLoopback, !root.has("tokens") || root.elements("tokens")?.isEmpty == true {
                root.report(
                    "other machines can reach \(address), and without tokens everybody could use the API", at: "listen",
                    suggestion: "\(adviceForTokens(root)), or listen on 127.0.0.1:\(address.port)"
                )
            }
            return address
        } catch {
            root.report(error.description, at: "listen")
            return .standard
        }
    }

    private static func publicURL(in root: Fields) -> String? {
        guard let url = root.url("public_url") else { return nil }
        guard url.query == nil else {
            root.report("has a query", at: "public_url", suggestion: "write https://ringback.example.com")
            return nil
        }
        var text = url.text[...]
        while text.last == "/" { text.removeLast() }
        return String(text)
    }

    private static func adviceForTokens(_ root: Fields) -> String {
        switch root.value("listen")?.place {
        case .variable: "set RINGBACK_API_TOKEN"
        case .position, .file, nil: "add tokens: [{ name: ops, token: \"${RINGBACK_API_TOKEN}\", scopes: [admin] }]"
        }
    }

    private static func tokens(in root: Fields) -> [APIToken] {
        var names = UniqueNames(of: "token")
        var owners: [Secret: String] = [:]
        var tokens: [APIToken] = []
        for fields in root.tables("tokens") {
            guard let token = APIToken(reading: fields) else { continue }
            names.claim(token.name, in: fields)
            if let owner = owners[token.token] {
                fields.report(
                    "'\(owner)' has the same token, so nobody could tell which of the two is meant", at: "token",
                    suggestion: "make another one")
            }
            owners[token.token] = owners[token.token] ?? token.name
            tokens.append(token)
        }
        return tokens
    }

    // MARK: Keeping

    private static func store(in root: Fields) -> StoreLocation {
        guard let text = root.text("store") else { return .standard }
        do {
            let store = try StoreLocation(validating: text)
            switch store {
            case .sqlite: break
            case .postgres:
                let advice = "write sqlite:./data/ringback.db"
                root.report("PostgreSQL is not supported by this version of Ringback", at: "store", suggestion: advice)
            }
            return store
        } catch {
            root.report(error.description, at: "store")
            return .standard
        }
    }

    private static func retention(in root: Fields) -> Retention {
        var retention = Retention()
        guard let fields = root.fields("retention") else { return retention }
        let range: ClosedRange<Duration> = .seconds(1) ... .seconds(3650 * 86_400)
        retention.delivered = fields.duration("delivered", default: retention.delivered, in: range)
        retention.dead = fields.duration("dead", default: retention.dead, in: range)
        retention.responses = fields.duration("responses", default: retention.responses, in: range)
        retention.watches = fields.duration("watches", default: max(Retention.defaultWatches, retention.responses), in: range)
        if retention.watches < retention.responses {
            let kept = retention.responses.text
            fields.report(
                "\(retention.watches.text) is less than the \(kept) for which responses are kept, and they go with their watch",
                at: "watches",
                suggestion: "write \(kept) or more")
        }
        retention.maximumResponseSize = fields.size(
            "max_response_size", default: retention.maximumResponseSize, in: ByteCount(1 << 10)...ByteCount(256 << 20))
        fields.finish()
        return retention
    }

    private static func security(in root: Fields) -> Security {
        guard let fields = root.fields("security") else { return Security() }
        let networks = (fields.elements("allow_networks") ?? []).compactMap { element -> AllowedNetwork? in
            guard let text = fields.text(of: element.value, path: element.path) else { return nil }
            do {
                return try AllowedNetwork(validating: text)
            } catch {
                fields.inspection.report("\(error)", at: element.value.place, path: element.path)
                return nil
            }
        }
        let security = Security(
            allowNetworks: networks, httpsOnly: fields.flag("https_only"), egressProxy: EgressProxy.reading("egress_proxy", of: fields))
        fields.finish()
        return security
    }

    // MARK: Upstreams and endpoints

    private static func upstreams(in root: Fields) -> [Upstream] {
        var names = UniqueNames(of: "upstream")
        let tables = root.tables("upstreams")
        if root.elements("upstreams")?.isEmpty ?? !root.has("upstreams") {
            root.report(
                "there is no upstream to follow responses of", at: "upstreams",
                suggestion: "add upstreams: [{ name: default, base_url: \"https://api.openai.com/v1\", api_key: \"${OPENAI_API_KEY}\" }]"
            )
        }
        return tables.compactMap { fields in
            let upstream = Upstream(reading: fields)
            if let upstream { names.claim(upstream.name.rawValue, in: fields) }
            return upstream
        }
    }

    private static func endpoints(in root: Fields, presets: PresetLibrary, upstreams: [Upstream], httpsOnly: Bool) -> [Endpoint] {
        var names = UniqueNames(of: "endpoint")
        return root.tables("endpoints").compactMap { fields in
            guard let endpoint = Endpoint(reading: fields, presets: presets) else { return nil }
            names.claim(endpoint.name.rawValue, in: fields)
            check(endpoint, in: fields, upstreams: upstreams, httpsOnly: httpsOnly)
            return endpoint
        }
    }

    /// What an endpoint has to do with the rest of the configuration.
    private static func check(_ endpoint: Endpoint, in fields: Fields, upstreams: [Upstream], httpsOnly: Bool) {
        if let wanted = endpoint.match.upstream, !upstreams.isEmpty, !upstreams.contains(where: { $0.name == wanted }) {
            let advice = Spelling.advice(for: wanted.rawValue, among: upstreams.map(\.name.rawValue))
            fields.fields("match")?.report("there is no upstream '\(wanted)'", at: "upstream", suggestion: advice)
        }
        switch endpoint.target {
        case .webhook(let target):
            // A scheme's case is free (RFC 3986, section 3.1).
            guard httpsOnly, target.url.lowercased().hasPrefix("http:") else { return }
            fields.report(
                "plain http, and security.https_only is on", at: fields.has("url") ? "url" : "url_file", suggestion: "write https://…")
        case .inbox, .preset, .command:
            break
        }
    }
}

/// Finds names that were given twice.
private struct UniqueNames {
    private let kind: String
    private var places: [String: SettingsPlace] = [:]

    init(of kind: String) {
        self.kind = kind
    }

    mutating func claim(_ name: String, in fields: Fields) {
        if let first = places[name] {
            let place = first.line.map { " on line \($0)" } ?? ""
            fields.report("there is another \(kind) called '\(name)'\(place)", at: "name", suggestion: "give each \(kind) its own name")
        } else {
            places[name] = fields.value("name")?.place ?? fields.place
        }
    }
}
