import RingbackCore
import WebhookSignature

/// The keys of one endpoint, checked once.
struct SigningKeys: Sendable {
    private struct Key: Sendable {
        let key: SigningKey
        let secret: SigningSecret
    }

    private let keys: [Key]

    /// - Throws: ``InvalidDestination/secret(_:)``.
    init(_ secrets: [SigningSecret]) throws(InvalidDestination) {
        var keys: [Key] = []
        for secret in secrets {
            do {
                keys.append(Key(key: try SigningKey(validating: secret.secret), secret: secret))
            } catch {
                throw .secret(error)
            }
        }
        self.keys = keys
    }

    /// Those that sign at a time: after a rotation the old ones do so for a while.
    func signing(at time: Timestamp) -> [SigningKey] {
        keys.filter { $0.secret.signs(at: time) }.map(\.key)
    }
}
