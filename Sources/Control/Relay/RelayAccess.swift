import HTTPTypes
import RingbackCore

/// Who may use the proxy.
///
/// Where the upstream judges the client's key, no token is needed. A stranger who has a key that the upstream accepts can then do with it what
/// it allows, and have the callbacks of its own responses sent; the endpoints of this server hear of them as their filters say. What else
/// there is here needs a token, which such a client sends as `Ringback-Token`: above all to name endpoints, past their filters.
enum RelayAccess {
    static let tokenHeader = "Ringback-Token"

    /// - Throws: ``Problem`` (401, 403).
    static func identify(
        _ headers: HTTPFields, upstream: Upstream?, tokens: [AccessToken], needed: AccessScope
    ) throws(Problem) -> Caller {
        guard let upstream, upstream.credentials == .passthrough else {
            let caller = try Caller.identify(headers, tokens: tokens)
            try caller.require(needed)
            return caller
        }
        guard let credential = RelayCredential(headers, upstream: upstream) else {
            let header = upstream.apiKeyHeader.map { "\($0): <key>" } ?? "Authorization: Bearer <key>"
            throw Problem(.unauthenticated, "the upstream '\(upstream.name)' is asked with your own key: send \(header)")
        }
        // Somebody mistook the one for the other: a token of this server is nothing to show to an upstream.
        if tokens.contains(where: { credential.carries($0) }) {
            throw Problem(
                .unauthenticated,
                "the upstream '\(upstream.name)' is asked with your own key, and this is a token of Ringback: send it as \(tokenHeader)")
        }
        var caller = Caller(name: nil, scope: tokens.isEmpty ? .admin : nil)
        if let token = HTTPField.Name(tokenHeader).flatMap({ headers[$0] }), !tokens.isEmpty {
            caller = try Caller.identify([.authorization: "Bearer \(token)"], tokens: tokens)
            try caller.require(needed)
        }
        // What is remembered for one caller, such as an Idempotency-Key, is not for another one's key.
        return Caller(name: "\(caller.name ?? "") \(credential.fingerprint)", scope: caller.scope)
    }
}
