import RingbackCore
import Transport

extension Problem {
    /// A call to an upstream that brought no answer.
    ///
    /// - Parameter afterwards: What the caller should know beyond the failure itself.
    init(_ failure: TransferFailure, upstream: UpstreamName, afterwards: String? = nil) {
        let detail = "the upstream '\(upstream)' gave no answer: \(failure.error).\(afterwards.map { " \($0)" } ?? "")"
        switch failure.error {
        case .connectTimeout, .totalTimeout, .idleTimeout:
            self.init(.upstreamTimeout, detail)
        case .closed, .cancelled, .internalTrouble, .proxyTrouble, .nameUnanswered:
            self.init(.busy, detail, retryAfter: 5)
        case .invalidRequest, .nameNotFound, .connectionRefused, .refusedByGuard, .unreachable, .tls, .connectionLost, .protocolViolation,
            .headersTooLarge,
            .bodyTooLarge:
            self.init(.upstreamTrouble, detail)
        }
    }
}
