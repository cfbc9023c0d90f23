import RingbackCore
import WebhookSignature

// What signs an endpoint's callbacks.
extension EndpointRoutes {
    /// Gives an endpoint a new secret; the old one signs beside it for a while, so that its receiver can be changed without losing a callback.
    func rotateSecret(_ call: Call) async throws -> Answer {
        let request = try RotationRequest(call.body)
        return try await changes.alone {
            var endpoint = try changeable(call, advice: Self.adviceForRotation)
            guard case .webhook(var target) = endpoint.target else {
                throw Problem(.conflict, "the endpoint '\(endpoint.name)' is an inbox: its files are not signed")
            }
            guard request.secret == nil || request.secret != target.secrets.first?.secret else {
                throw Problem(.conflict, "this is the endpoint's secret already: give another one, or none to have one made")
            }
            let secret = try request.secret ?? Self.fresh(like: target.secrets.first?.secret)
            guard let secrets = target.secrets(rotatedTo: secret, overlap: request.overlap, now: call.now) else {
                throw Problem(
                    .conflict,
                    "\(WebhookTarget.maximumSecrets) secrets sign already: wait until one of them ends, or rotate with the overlap 0s")
            }
            target.secrets = secrets
            endpoint.target = .webhook(target)
            try await keep(endpoint, now: call.now)
            return try .json(shown(endpoint, now: call.now, freshSecret: request.secret == nil ? secret : nil))
        }
    }

    func publicKeys(_ call: Call) throws -> Answer {
        let endpoint = try find(call)
        guard case .webhook(let target) = endpoint.target else {
            throw Problem(.notFound, "the endpoint '\(endpoint.name)' is an inbox: its files are not signed")
        }
        let keys = target.secrets.filter { $0.signs(at: call.now) }.compactMap { secret in
            // A secret that cannot be used was refused when it was given; should one be there, the endpoint's deliveries say so.
            (try? SigningKey(validating: secret.secret))?.publicKey.map {
                PublicKeysObject.Key(publicKey: $0, expiresAt: secret.expiresAt.map { APITime($0) })
            }
        }
        guard !keys.isEmpty else {
            throw Problem(
                .notFound, "the endpoint '\(endpoint.name)' signs with no Ed25519 key: give it a whsk_ secret (ringback secret --ed25519)")
        }
        return try .json(PublicKeysObject(endpoint: endpoint.name, keys: keys))
    }

    private static let adviceForRotation =
        "write the new secret as secret and the old one below previous_secrets, with the time until which it signs, and reload"

    /// A secret of the kind the receiver checks already.
    private static func fresh(like old: Secret?) throws -> Secret {
        guard let old, try SigningKey(validating: old).publicKey != nil else { return SigningKey.generate() }
        return SigningKey.generateEd25519()
    }
}
