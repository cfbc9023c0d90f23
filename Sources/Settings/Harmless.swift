/// What of a configuration may be shown in problems. Everything else may be, or may contain, a secret.
enum Harmless {
    /// Keys whose values are shown.
    private static let values: Set<String> = [
        "listen", "store", "log_level", "shutdown_timeout", "presets_dir",
        "certificate_file", "key_file", "token_file", "api_key_file", "secret_file", "url_file", "bearer_token_file", "password_file",
        "ca_file", "client_certificate_file", "client_key_file", "client_secret_file", "origin", "rate", "token_url", "scope", "audience",
        "client_auth",
        "name", "scopes", "base_url", "api_key_header", "follow", "stream_idle_timeout", "interval", "max_interval", "max_streams",
        "requests_per_second", "max_watch_age", "stalled_after", "not_found_grace",
        "stream", "stream_unrequested", "resume", "stream_window",
        "url", "public_url", "inbox", "preset", "output_text", "max_files", "owner", "group", "mode", "events", "upstream", "model",
        "payload", "timeout",
        "connect_timeout", "schedule",
        "jitter",
        "max_in_flight", "rate_limit", "window", "max", "resolve", "delivered", "dead", "responses", "allow_networks", "https_only",
    ]

    /// Keys that hold other keys; their own values, if somebody wrote a text there, are not shown.
    private static let structures: Set<String> = [
        "tls", "tokens", "upstreams", "poll", "manners", "endpoints", "match", "retry", "retention", "security", "handshake", "oauth2",
        "proxy", "egress_proxy", "digest",
    ]

    /// Mappings whose keys are names and whose values are secret.
    private static let named: Set<String> = ["headers", "basic_auth", "with", "environment"]

    /// Longer than any key there is, shorter than most secrets.
    private static let maximumKeyLength = 40

    /// A key as it may be shown: when a colon got lost, what is left of `token: "…"` is a key with a secret in it.
    static func name(of key: String) -> String {
        let isWord = key.utf8.allSatisfy { Interpolation.isNameByte($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
        return isWord && key.utf8.count <= maximumKeyLength ? key : "…"
    }

    /// Whether a key may be shown in the place where it stands.
    static func isHarmlessKey(_ key: String, below keys: [String]) -> Bool {
        name(of: key) == key && keys.allSatisfy { structures.contains($0) || named.contains($0) }
    }

    /// Whether a value may be shown.
    ///
    /// - Parameters:
    ///   - keys: The keys on the way to the scalar, outermost first.
    ///   - text: As it is written, before variables are filled in.
    static func isHarmless(_ text: String, below keys: [String]) -> Bool {
        if isVariable(text) { return true }
        guard let key = keys.last, values.contains(key), keys.dropLast().allSatisfy(structures.contains) else { return false }
        return !mayHoldCredentials(text)
    }

    /// Whether a line can be shown although the YAML around it was not understood: it holds one key whose value is shown, and nothing else.
    static func isHarmless(line: [Unicode.Scalar]) -> Bool {
        var text = String(String.UnicodeScalarView(line)).drop(while: \.isWhitespace)
        if text.hasPrefix("- ") { text = text.dropFirst(2).drop(while: \.isWhitespace) }
        let key = String(text.prefix { $0.isLetter || $0 == "_" })
        let rest = text.dropFirst(key.count)
        guard rest.hasPrefix(":"), !mayHoldCredentials(rest), !rest.contains(where: "{},".contains) else { return false }
        // A second key on the line may have slipped there from a line of its own.
        guard !rest.dropFirst().contains(": ") else { return false }
        // Behind a structure's colon stands nothing; a text there is not what belongs there.
        return values.contains(key) || structures.contains(key) && rest.dropFirst().allSatisfy(\.isWhitespace)
    }

    /// URLs may carry a password before `@` and a key in their query.
    private static func mayHoldCredentials(_ text: some StringProtocol) -> Bool {
        text.contains { "@?=".contains($0) }
    }

    /// `${NAME}` and nothing else: the name of a secret is no secret.
    private static func isVariable(_ text: String) -> Bool {
        text.hasPrefix("${") && text.hasSuffix("}")
            && text.dropFirst(2).dropLast().utf8.allSatisfy { Interpolation.isNameByte($0) }
    }
}

/// A scalar of the YAML text and whether it may be shown.
struct SourceScalar {
    enum Style {
        case plain
        case quoted
        /// Literal, folded, or anything else whose extent cannot be told from its first line.
        case block
    }

    /// Counted from 1.
    let line: Int
    /// Counted from 1.
    let column: Int
    let style: Style
    /// Its value before variables are filled in.
    let text: String
    let isHarmless: Bool
}
