import RingbackCore
import WebhookSignature

/// The body of `POST /v1/endpoints/{name}/rotate-secret`, checked; it may be empty.
struct RotationRequest {
    /// For how long the old secret signs beside the new one unless the request says otherwise: receivers are changed within a day.
    private static let defaultOverlap: Duration = .seconds(24 * 3600)
    private static let overlaps = Duration.zero...Duration.seconds(30 * 86_400)

    let overlap: Duration
    /// `nil`: Ringback makes one.
    let secret: Secret?

    init(_ body: [UInt8]) throws(Problem) {
        guard !body.isEmpty else {
            overlap = Self.defaultOverlap
            secret = nil
            return
        }
        let problems = FieldProblems()
        let fields = try Fields.parse(body, known: ["overlap", "secret"], problems: problems)
        overlap = fields.duration("overlap", in: Self.overlaps) ?? Self.defaultOverlap
        secret = fields.signingSecret("secret")
        try problems.check()
    }
}
