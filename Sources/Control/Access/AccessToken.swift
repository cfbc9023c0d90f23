import Cryptography
package import RingbackCore

/// What a caller may do. Each scope includes the ones before it.
package enum AccessScope: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Look at everything.
    case read
    /// Also create, watch, cancel and stop responses.
    case submit
    /// Also change endpoints, and retry, abandon, resend and redrive deliveries.
    case admin

    package static func < (left: AccessScope, right: AccessScope) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .read: 0
        case .submit: 1
        case .admin: 2
        }
    }
}

/// A bearer token of the API (contract, section 4, `tokens`). Only its digest is kept.
package struct AccessToken: Sendable {
    package let name: String
    /// The highest of its scopes; `nil` when it has none.
    package let scope: AccessScope?
    package let digest: [UInt8]

    package init(name: String, token: Secret, scopes: Set<AccessScope>) {
        self.name = name
        scope = scopes.max()
        digest = SHA256.digest(of: Array(token.reveal().utf8))
    }

    /// - Returns: `nil` when what was given is none of the tokens.
    package static func matching(_ given: Secret, among tokens: [AccessToken]) -> AccessToken? {
        let digest = SHA256.digest(of: Array(given.reveal().utf8))
        // Every token is compared, and each in constant time, so that the time taken says nothing about any of them.
        var found: AccessToken?
        for token in tokens where ConstantTime.equals(token.digest, digest) { found = token }
        return found
    }
}
