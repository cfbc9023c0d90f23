import Cryptography
package import RingbackCore

/// The signature of GitHub's webhooks, for receivers that check nothing else: `X-Hub-Signature-256: sha256=` and the hexadecimal
/// HMAC-SHA256 of the body alone, under the bytes of the secret as it is written (GitHub Docs, "Validating webhook deliveries").
///
/// It says nothing about the time or the id: whoever has seen a callback can send it again. It goes beside the signature of Standard
/// Webhooks, which does.
package struct HubSignature: Sendable {
    package static let header = "X-Hub-Signature-256"
    /// Bounds of the secret. GitHub takes any text; shorter ones can be guessed from a single callback.
    package static let secretBytes = 16...512

    private let hmac: HMACSHA256

    /// - Parameter secret: At least one byte; see ``secretBytes`` for what is accepted from people.
    package init(secret: Secret) {
        hmac = HMACSHA256(key: Array(secret.reveal().utf8))
    }

    /// - Parameter body: The very bytes that are sent.
    package func header(for body: [UInt8]) -> (name: String, value: String) {
        (name: Self.header, value: "sha256=" + Hex.encode(hmac.authenticationCode(for: body)))
    }
}
