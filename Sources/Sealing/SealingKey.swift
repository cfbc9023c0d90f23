import Cryptography

/// The master key under which secrets are sealed at rest.
///
/// It never prints itself. What seals is derived from it, and so is its ``id``, which may be shown: neither tells anything about the other.
package struct SealingKey: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package static let byteCount = 32

    private let bytes: [UInt8]
    package let id: ID

    /// Tells keys apart, in sealed values and in messages: 4 bytes derived from the key, shown as 8 hexadecimal digits.
    package struct ID: Sendable, Hashable, CustomStringConvertible {
        package static let byteCount = 4

        package let bytes: [UInt8]

        /// - Returns: `nil` when there are not ``byteCount`` bytes.
        package init?(bytes: some Collection<UInt8>) {
            guard bytes.count == Self.byteCount else { return nil }
            self.bytes = Array(bytes)
        }

        package var description: String { Hex.encode(bytes) }
    }

    /// Why a text is no key. Never shows the text.
    package struct Invalid: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// A key nobody has had before.
    package static func random() -> SealingKey {
        SealingKey(bytes: SecureRandom.bytes(byteCount))
    }

    /// Reads a key as `openssl rand -base64 32` prints it.
    package init(validating text: String) throws(Invalid) {
        guard let bytes = Base64.decode(text) else {
            throw Invalid(description: "is not base64: make a key with openssl rand -base64 32")
        }
        guard bytes.count == Self.byteCount else {
            throw Invalid(
                description: "has \(bytes.count) bytes when decoded, and a key has \(Self.byteCount): make one with openssl rand -base64 32"
            )
        }
        self.init(bytes: bytes)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        let derived = HMACSHA256(key: bytes).authenticationCode(for: Array("ringback sealing 1: key id".utf8))
        guard let id = ID(bytes: derived.prefix(ID.byteCount)) else { preconditionFailure("an HMAC is shorter than a key's id") }
        self.id = id
    }

    /// The key in the form ``init(validating:)`` reads. Every call is a place where it leaves its box.
    package func reveal() -> String { Base64.encode(bytes) }

    /// The cipher that seals, under a key derived from this one (as in RFC 5869, section 2.3), so that the master key can serve other
    /// purposes beside it.
    var cipher: AESGCM {
        AESGCM(key: HMACSHA256(key: bytes).authenticationCode(for: Array("ringback sealing 1: aes-256-gcm".utf8)))
    }

    package static func == (left: SealingKey, right: SealingKey) -> Bool {
        ConstantTime.equals(left.bytes, right.bytes)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(id)
    }

    package var description: String { "<redacted key \(id)>" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
