package import RingbackCore

/// A bearer token for the API (contract, section 4, `tokens`).
package struct APIToken: Sendable, Hashable {
    /// What a token's bearer may do; each scope includes the ones below it.
    package enum Scope: String, Sendable, Hashable, CaseIterable {
        /// Everything, endpoints and dead letters included.
        case admin
        /// Create and watch responses.
        case submit
        /// Look.
        case read
    }

    /// Shorter ones can be guessed.
    package static let minimumCharacters = 16

    /// For logs; unique.
    package var name: String
    package var token: Secret
    /// At least one.
    package var scopes: Set<Scope>

    package init(name: String, token: Secret, scopes: Set<Scope>) {
        self.name = name
        self.token = token
        self.scopes = scopes
    }
}

extension APIToken {
    private static let maximumNameCharacters = 63

    /// - Returns: `nil` after a report.
    init?(reading fields: Fields) {
        let name = Self.name(in: fields)
        let token = Self.token(in: fields)
        let scopes = Self.scopes(in: fields)
        fields.finish()
        guard let name, let token, let scopes else { return nil }
        self.init(name: name, token: token, scopes: scopes)
    }

    private static func name(in fields: Fields) -> String? {
        guard fields.value("name") != nil else {
            fields.reportMissing("name", example: "ops")
            return nil
        }
        guard let name = fields.text("name") else { return nil }
        guard name.count <= maximumNameCharacters, name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            fields.report("a token's name has 1 to \(maximumNameCharacters) printable characters", at: "name")
            return nil
        }
        return name
    }

    private static func token(in fields: Fields) -> Secret? {
        let key = fields.has("token") ? "token" : "token_file"
        guard fields.has(key) else {
            fields.allow("token", "token_file")
            fields.reportMissing("token", example: "${RINGBACK_TOKEN}")
            return nil
        }
        guard let token = fields.secret("token") else { return nil }
        guard token.reveal().count >= minimumCharacters else {
            fields.report(
                "a token has at least \(minimumCharacters) characters", at: key, suggestion: "make one with: openssl rand -hex 24")
            return nil
        }
        // RFC 6750 section 2.1 has fewer characters; whatever a header can carry without a space works.
        guard token.reveal().utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            fields.report(
                "a token has only printable ASCII characters and no spaces", at: key, suggestion: "make one with: openssl rand -hex 24")
            return nil
        }
        return token
    }

    private static func scopes(in fields: Fields) -> Set<Scope>? {
        let choices = Spelling.list(Scope.allCases.map(\.rawValue))
        guard let elements = fields.elements("scopes") else {
            if !fields.has("scopes") { fields.reportMissing("scopes", example: "[admin], or \(choices)") }
            return nil
        }
        let scopes: [Scope] = elements.compactMap { fields.choice(of: $0.value, path: $0.path) }
        guard !elements.isEmpty else {
            fields.report("a token without scopes can do nothing", at: "scopes", suggestion: "write \(choices)")
            return nil
        }
        return scopes.count == elements.count ? Set(scopes) : nil
    }
}
