import Cryptography
import HTTPTypes
import Logging
import RingbackCore
import Store
import WebhookSignature

/// `/v1/ingest/{upstream}`: vendors' own webhooks.
///
/// The signature is the authentication, and even a verified webhook is not believed: it only makes the next GET for its response come at
/// once. What a GET does not confirm has not happened.
struct IngestRoutes {
    static let bodyBytes = 256 * 1024

    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        [
            Route(
                method: .post, path: "/v1/ingest/:upstream", access: .open, bodyLimit: Self.bodyBytes, takesAnyContentType: true,
                answer: { try await take($0) })
        ]
    }

    private func take(_ call: Call) async throws -> Answer {
        let upstream = dependencies.upstreams().first { $0.name.rawValue == call["upstream"] }
        guard let upstream, let scheme = upstream.ingest else { throw refuseUnconfigured(call) }
        do {
            let fields = call.head.headerFields
            try WebhookVerifier.verify(
                scheme, header: { name in HTTPField.Name(name).flatMap { fields[$0] } }, body: call.body, now: call.now)
        } catch {
            throw refuse(error, of: upstream, call)
        }
        guard let mentioned = MentionedResponses(call.body) else {
            throw refusal(
                .malformed, of: upstream, call, .invalidRequest,
                "the webhook names no response: its id is looked for in data.id, response.id, response_id and id")
        }
        for response in mentioned.ids {
            guard let watch = try await dependencies.store.watch(WatchID(upstream: upstream.name, response: response)) else { continue }
            // For a watch that has ended it means nothing, and is as welcome: vendors send the same webhook again until it is taken.
            dependencies.store.suggestLook([watch.id])
            _ = dependencies.ingestCounts.note(.accepted, of: upstream.name, now: call.now)
            return .noContent
        }
        throw refusal(.unknownResponse, of: upstream, call, .notFound, "the response of this webhook is not watched")
    }

    // MARK: Refusing

    private static let decoy = HMACSHA256(key: SecureRandom.bytes(32))

    /// An upstream that takes no webhooks and one that does not exist are answered alike, after the work a signature costs.
    private func refuseUnconfigured(_ call: Call) -> Problem {
        _ = Self.decoy.authenticationCode(for: call.body)
        return refusal(
            .unconfigured, of: nil, call, .notFound, "no upstream of that name takes webhooks: it needs `ingest` in the configuration")
    }

    /// Whoever sends forged webhooks learns no more than that they are.
    private func refuse(_ failure: VerificationFailure, of upstream: Upstream, _ call: Call) -> Problem {
        switch failure {
        case .tooOld, .tooNew:
            return refusal(.stale, of: upstream, call, .invalidSignature, "\(failure)")
        case .missingHeader, .malformedTimestamp, .noKnownVersion, .mismatch:
            return refusal(
                .forged, of: upstream, call, .invalidSignature,
                "the webhook is not signed as this upstream signs: check `ingest` of the upstream and the secret at the vendor",
                reason: failure.label)
        }
    }

    private func refusal(
        _ result: IngestCounts.Result, of upstream: Upstream?, _ call: Call, _ kind: ProblemKind, _ detail: String, reason: String? = nil
    ) -> Problem {
        if dependencies.ingestCounts.note(result, of: upstream?.name, now: call.now) {
            var metadata: Logger.Metadata = ["result": "\(result.rawValue)"]
            metadata["upstream.name"] = upstream.map { "\($0.name)" }
            metadata["reason"] = reason.map { "\($0)" }
            dependencies.logger.notice(
                "A vendor's webhook was refused; more of this kind are only counted for a minute.", metadata: metadata)
        }
        return Problem(kind, detail)
    }
}
