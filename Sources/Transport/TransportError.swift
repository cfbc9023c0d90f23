/// Why a transfer did not come to its regular end.
package enum TransportError: Error, Sendable, Hashable {
    /// The request cannot be sent as it is written; the text says what to change.
    case invalidRequest(String)
    case nameNotFound(host: String)
    case connectionRefused(host: String)
    /// The host could not be reached: no route, unreachable, address not available.
    case unreachable(host: String, detail: String)
    /// The request's ``TransferRequest/addressPolicy`` lets no connection be made to where the host leads.
    case refusedByGuard(TransferRefusal)
    case connectTimeout
    case totalTimeout
    case idleTimeout
    /// TLS failed: certificate, name, protocol. The text is the library's, without secrets.
    case tls(String)
    /// The connection ended in the middle of the answer.
    case connectionLost(detail: String)
    /// The answer is not HTTP, or breaks its rules.
    case protocolViolation(detail: String)
    case headersTooLarge(limit: Int)
    case bodyTooLarge(limit: Int)
    case cancelled
    /// The transport is shutting down.
    case closed
    /// Our own trouble: no memory, no descriptor, an unknown error of the library.
    case internalTrouble(String)
}

extension TransportError {
    /// Whether the machine Ringback runs on is at fault rather than the other side.
    package var isOurOwn: Bool {
        switch self {
        case .internalTrouble, .closed, .cancelled: true
        case .invalidRequest, .nameNotFound, .connectionRefused, .unreachable, .refusedByGuard, .connectTimeout, .totalTimeout,
            .idleTimeout, .tls,
            .connectionLost, .protocolViolation, .headersTooLarge, .bodyTooLarge:
            false
        }
    }
}

extension TransportError {
    /// Set when the request's own policy decided.
    package var refusal: TransferRefusal? {
        if case .refusedByGuard(let refusal) = self { return refusal }
        return nil
    }
}

extension TransportError: CustomStringConvertible {
    /// A sentence for a person. Holds no secret, no body and no query string.
    package var description: String {
        switch self {
        case .invalidRequest(let reason): "the request cannot be sent: \(reason)"
        case .nameNotFound(let host): "the name '\(host)' does not resolve to an address"
        case .connectionRefused(let host): "\(host) refused the connection"
        case .unreachable(let host, let detail): "\(host) cannot be reached: \(detail)"
        case .refusedByGuard(let refusal): refusal.reason
        case .connectTimeout: "no connection was made within the connect timeout"
        case .totalTimeout: "no complete answer came within the timeout"
        case .idleTimeout: "no byte came within the idle timeout"
        case .tls(let detail): "TLS failed: \(detail)"
        case .connectionLost(let detail): "the connection was lost: \(detail)"
        case .protocolViolation(let detail): "the answer is not proper HTTP: \(detail)"
        case .headersTooLarge(let limit): "the answer's headers are larger than \(limit) bytes"
        case .bodyTooLarge(let limit): "the answer's body is larger than \(limit) bytes"
        case .cancelled: "the request was cancelled"
        case .closed: "Ringback is shutting down"
        case .internalTrouble(let detail): "internal trouble: \(detail)"
        }
    }
}
