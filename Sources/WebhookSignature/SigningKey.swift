import Cryptography
package import RingbackCore

/// A key that signs callbacks (Standard Webhooks, "Signature scheme").
///
/// | text | scheme | after the prefix |
/// |---|---|---|
/// | `whsec_…` | `v1`, HMAC-SHA256 | base 64 of 24 to 64 bytes |
/// | `whsk_…` | `v1a`, Ed25519 | base 64 of the 32-byte seed and the 32-byte public key |
///
/// As in the scheme's reference libraries the prefix `whsec_` may be missing, and so may the padding of the base 64. Some tools take a
/// secret without prefix for raw text instead: with them, and only then, the signatures differ.
package struct SigningKey: Sendable {
    enum Kind: Sendable {
        case hmac(HMACSHA256)
        case ed25519(Ed25519.PrivateKey)
    }

    /// Bounds of a symmetric key, from the scheme's specification.
    package static let minimumBytes = 24
    package static let maximumBytes = 64
    /// How many random bytes a generated key has.
    package static let generatedBytes = 32

    let kind: Kind

    /// - Throws: ``InvalidSigningSecret``, which never contains the secret.
    package init(validating secret: Secret) throws(InvalidSigningSecret) {
        switch try SecretText(secret) {
        case .symmetric(let key): kind = .hmac(HMACSHA256(key: key))
        case .privateKey(let seed): kind = .ed25519(Ed25519.PrivateKey(seed: seed))
        case .publicKey: throw .publicKey
        }
    }

    init(symmetric key: [UInt8]) {
        kind = .hmac(HMACSHA256(key: key))
    }

    /// A fresh `whsec_` secret of ``generatedBytes`` random bytes.
    package static func generate() -> Secret {
        Secret(SecretText.symmetricPrefix + Base64.encode(SecureRandom.bytes(generatedBytes)))
    }

    /// A fresh `whsk_` key: a random seed and its public half.
    package static func generateEd25519() -> Secret {
        let seed = SecureRandom.bytes(Ed25519.keyBytes)
        return Secret(SecretText.privatePrefix + Base64.encode(seed + Ed25519.PrivateKey(seed: seed).publicKey.bytes))
    }

    /// The `whpk_` key with which receivers check; `nil` for a symmetric key, whose holder could sign as well.
    package var publicKey: String? {
        switch kind {
        case .hmac: nil
        case .ed25519(let key): SecretText.publicPrefix + Base64.encode(key.publicKey.bytes)
        }
    }

    /// The key as one that checks what it signed.
    package var verifyingKey: VerifyingKey {
        switch kind {
        case .hmac(let hmac): VerifyingKey(kind: .hmac(hmac))
        case .ed25519(let key): VerifyingKey(kind: .ed25519(key.publicKey))
        }
    }
}

/// A key that checks callbacks: a `whsec_` secret, a `whpk_` public key, or a `whsk_` key, of which only the public half is used.
package struct VerifyingKey: Sendable {
    enum Kind: Sendable {
        case hmac(HMACSHA256)
        case ed25519(Ed25519.PublicKey)
    }

    let kind: Kind

    init(kind: Kind) {
        self.kind = kind
    }

    /// - Throws: ``InvalidSigningSecret``, which never contains the secret.
    package init(validating secret: Secret) throws(InvalidSigningSecret) {
        switch try SecretText(secret) {
        case .symmetric(let key): kind = .hmac(HMACSHA256(key: key))
        case .privateKey(let seed): kind = .ed25519(Ed25519.PrivateKey(seed: seed).publicKey)
        case .publicKey(let bytes): kind = .ed25519(Ed25519.PublicKey(bytes: bytes))
        }
    }
}

/// The bytes behind a written secret, by its prefix.
private enum SecretText {
    static let symmetricPrefix = "whsec_"
    static let privatePrefix = "whsk_"
    static let publicPrefix = "whpk_"

    case symmetric([UInt8])
    case privateKey(seed: [UInt8])
    case publicKey([UInt8])

    init(_ secret: Secret) throws(InvalidSigningSecret) {
        let text = secret.reveal()
        guard !text.hasPrefix("v1,"), !text.hasPrefix("v1a,") else { throw .pastedWithVersion }
        if text.hasPrefix(Self.privatePrefix) {
            self = .privateKey(seed: try Self.seed(of: Self.decode(text, after: Self.privatePrefix)))
        } else if text.hasPrefix(Self.publicPrefix) {
            let bytes = try Self.decode(text, after: Self.publicPrefix)
            guard bytes.count == Ed25519.keyBytes else { throw .notEd25519 }
            self = .publicKey(bytes)
        } else {
            let key = try Self.decode(text, after: text.hasPrefix(Self.symmetricPrefix) ? Self.symmetricPrefix : "")
            guard key.count >= SigningKey.minimumBytes else { throw .tooShort(bytes: key.count) }
            guard key.count <= SigningKey.maximumBytes else { throw .tooLong(bytes: key.count) }
            self = .symmetric(key)
        }
    }

    private static func decode(_ text: String, after prefix: String) throws(InvalidSigningSecret) -> [UInt8] {
        let encoded = String(text.dropFirst(prefix.count))
        guard !encoded.isEmpty else { throw .empty }
        guard let bytes = Base64.decode(encoded) else { throw .notBase64 }
        return bytes
    }

    private static func seed(of pair: [UInt8]) throws(InvalidSigningSecret) -> [UInt8] {
        guard pair.count == 2 * Ed25519.keyBytes else { throw .notEd25519 }
        let seed = Array(pair.prefix(Ed25519.keyBytes))
        // A public half that does not belong to the seed is a damaged key: signatures would never verify at the receiver's.
        guard Ed25519.PrivateKey(seed: seed).publicKey.bytes == Array(pair.suffix(Ed25519.keyBytes)) else { throw .notEd25519 }
        return seed
    }
}
