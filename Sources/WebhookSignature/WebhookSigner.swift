import Cryptography
package import RingbackCore

/// Signs callbacks (Standard Webhooks, "Signature scheme"; contract, section 6).
///
/// Signed is `id.timestamp.body`, the body being the very bytes that are sent.
package enum WebhookSigner {
    package static let idHeader = "webhook-id"
    package static let timestampHeader = "webhook-timestamp"
    package static let signatureHeader = "webhook-signature"

    /// The three headers that make a receiver trust `body`.
    ///
    /// - Parameters:
    ///   - id: The event's id, the same on every attempt: receivers know by it what they have seen.
    ///   - timestamp: The time of this attempt; sent as whole seconds.
    ///   - keys: All that sign, newest first: during a rotation the new and the old one. With none there is no `webhook-signature`.
    package static func headers(id: String, timestamp: Timestamp, body: [UInt8], keys: [SigningKey]) -> [(name: String, value: String)] {
        let seconds = String(timestamp.unixSeconds)
        var headers = [(name: idHeader, value: id), (name: timestampHeader, value: seconds)]
        guard !keys.isEmpty else { return headers }
        let signatures = keys.map { signature(id: id, timestamp: seconds, body: body, key: $0) }
        headers.append((name: signatureHeader, value: signatures.joined(separator: " ")))
        return headers
    }

    private static func signature(id: String, timestamp: String, body: [UInt8], key: SigningKey) -> String {
        let prefix = SignatureVersion.signedPrefix(id: id, timestamp: timestamp)
        return switch key.kind {
        case .hmac(let hmac): SignatureVersion.v1.text(of: hmac.authenticationCode(for: prefix, body))
        case .ed25519(let key): SignatureVersion.v1a.text(of: key.signature(for: prefix + body))
        }
    }
}

/// The schemes a signature can name before its comma.
enum SignatureVersion: String {
    /// HMAC-SHA256.
    case v1
    /// Ed25519.
    case v1a

    func text(of signature: [UInt8]) -> String {
        "\(rawValue),\(Base64.encode(signature))"
    }

    /// What is signed before the body.
    static func signedPrefix(id: String, timestamp: String) -> [UInt8] {
        Array("\(id).\(timestamp).".utf8)
    }
}
