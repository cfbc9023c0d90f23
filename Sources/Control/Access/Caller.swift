import HTTPTypes
import RingbackCore

/// Who asks, and what it may do.
package struct Caller: Sendable, Hashable {
    /// The token's name; `nil` on a server without tokens.
    package let name: String?
    package let scope: AccessScope?

    /// Finds out who asks by the request's headers.
    ///
    /// - Throws: ``Problem`` (401) when the server has tokens and none of them is given.
    static func identify(_ headers: HTTPFields, tokens: [AccessToken]) throws(Problem) -> Caller {
        guard !tokens.isEmpty else { return Caller(name: nil, scope: .admin) }
        guard let given = bearerToken(headers) else {
            throw Problem(.unauthenticated, "no bearer token was given: send Authorization: Bearer <token>")
        }
        guard let found = AccessToken.matching(Secret(given), among: tokens) else {
            throw Problem(.unauthenticated, "the bearer token is not one of this server's: check it for typing errors")
        }
        return Caller(name: found.name, scope: found.scope)
    }

    package init(name: String?, scope: AccessScope?) {
        self.name = name
        self.scope = scope
    }

    /// - Throws: ``Problem`` (403) when the caller lacks the scope.
    func require(_ needed: AccessScope) throws(Problem) {
        guard let scope, scope >= needed else {
            let has = scope.map { "has the scope '\($0.rawValue)'" } ?? "has no scope"
            throw Problem(.forbidden, "the token '\(name ?? "")' \(has); this call needs '\(needed.rawValue)'")
        }
    }

    /// RFC 6750, section 2.1; the scheme's name is not case-sensitive (RFC 9110, section 11.1).
    private static func bearerToken(_ headers: HTTPFields) -> String? {
        guard let value = headers[.authorization] else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return parts[1].filter { $0 != " " }
    }
}
