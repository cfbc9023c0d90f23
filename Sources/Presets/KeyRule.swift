import Cryptography
package import RingbackCore

/// How the key is made by which a system knows a repeated request.
package struct KeyRule: Sendable, Hashable {
    package enum Basis: String, Sendable, Hashable, CaseIterable {
        /// The same for every attempt at one delivery, and another one for the next event.
        case delivery
        /// The same for all events of one response at this endpoint.
        case response
    }

    package enum Form: String, Sendable, Hashable, CaseIterable {
        /// Lower-case hex digits.
        case hex
        /// A UUID of version 4 by its shape.
        case uuid
    }

    package let basis: Basis
    package let form: Form
    package let prefix: String
    /// Characters in all, the prefix among them; at most 64 without it.
    package let length: Int

    package init(basis: Basis, form: Form, prefix: String, length: Int) {
        self.basis = basis
        self.form = form
        self.prefix = prefix
        self.length = length
    }

    /// The longest there is without its prefix: SHA-256 in hex.
    package static let longest = 64

    /// The same form of key for something else.
    func with(basis: Basis) -> KeyRule {
        KeyRule(basis: basis, form: form, prefix: prefix, length: length)
    }

    /// - Parameter kind: A create and an update of the same delivery are two requests.
    package func key(endpoint: EndpointName, event: Event, kind: RequestKind) -> String {
        let subject =
            switch basis {
            // A check looks for what the comment has left.
            case .delivery: [event.id.rawValue, (kind == .check ? .comment : kind).rawValue]
            case .response: [event.upstream?.rawValue ?? "", event.response?.rawValue ?? event.id.rawValue]
            }
        // Each part is preceded by its length, so that no two lists of parts read the same.
        let text = (["preset-key", endpoint.rawValue] + subject).map { "\($0.utf8.count):\($0)" }.joined()
        let digest = SHA256.digest(of: Array(text.utf8))
        switch form {
        case .hex: return String((prefix + Hex.encode(digest)).prefix(length))
        case .uuid: return prefix + Self.uuid(Array(digest.prefix(16)))
        }
    }

    /// RFC 9562, section 5.4: version and variant are fixed bits, the rest is free.
    private static func uuid(_ bytes: [UInt8]) -> String {
        var bytes = bytes
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Array(Hex.encode(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(hex[$0]) }.joined(separator: "-")
    }
}

extension Preset {
    /// Names the destination that its pace is kept for; `nil` without a pace.
    ///
    /// A digest, since what names a destination may be a secret.
    func destination(with given: [String: String]) -> String? {
        guard let pace else { return nil }
        let parts = [name] + pace.parameters.map { given[$0] ?? "" }
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined()
        return Hex.encode(SHA256.digest(of: Array(text.utf8)).prefix(16))
    }
}
