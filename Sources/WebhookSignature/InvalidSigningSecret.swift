/// Why a text cannot be a signing secret. The description never contains the text, nor any part of it.
package enum InvalidSigningSecret: Error, Sendable, Hashable {
    case empty
    /// `v1,whsec_…`: the prefix of a signature before that of a secret.
    case pastedWithVersion
    /// `whpk_…` where something is to be signed.
    case publicKey
    /// After its prefix the text is not base 64 with the standard alphabet.
    case notBase64
    case tooShort(bytes: Int)
    case tooLong(bytes: Int)
    /// A `whsk_` that is not a 32-byte seed followed by the public key that belongs to it, or a `whpk_` that is not 32 bytes.
    case notEd25519
}

extension InvalidSigningSecret: CustomStringConvertible {
    package var description: String {
        let remedy = "make one with `ringback secret`"
        return switch self {
        case .empty:
            "the signing secret is empty: \(remedy)"
        case .pastedWithVersion:
            "the signing secret begins with 'v1,': leave that away, so that it begins with whsec_, or \(remedy)"
        case .publicKey:
            "a whpk_ key can only verify: give the whsk_ key that belongs to it, or \(remedy)"
        case .notBase64:
            "the signing secret is not 'whsec_' followed by base64 (letters, digits, '+', '/' and '='): copy it whole, or \(remedy)"
        case .tooShort(let bytes):
            "the signing secret holds \(bytes) bytes, at least \(SigningKey.minimumBytes) are needed to be safe: \(remedy)"
        case .tooLong(let bytes):
            "the signing secret holds \(bytes) bytes, at most \(SigningKey.maximumBytes) are allowed: \(remedy)"
        case .notEd25519:
            "the key is not a whole Ed25519 key: after whsk_ stand 64 bytes in base64, after whpk_ 32; copy it whole, or \(remedy)"
        }
    }
}
