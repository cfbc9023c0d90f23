/// Why a transfer did not come to its regular end.
package enum TransportError: Error, Sendable, Hashable {
    /// The request cannot be sent as it is written; the text says what to change.
    case invalidRequest(String)
    case nameNotFound(host: String)
    /// No name server answered, ours or the name's own.
    case nameUnanswered(host: String)
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
    /// The request's ``TransferRequest/proxy`` was not reached, refused us, or opened no way to the host.
    case proxyTrouble(ProxyTrouble)
    /// Our own trouble: no memory, no descriptor, an unknown error of the library.
    case internalTrouble(String)
}

extension TransportError {
    /// Whether the machine Ringback runs on is at fault rather than the other side.
    package var isOurOwn: Bool {
        switch self {
        case .internalTrouble, .closed, .cancelled, .proxyTrouble, .nameUnanswered: true
        case .invalidRequest, .nameNotFound, .connectionRefused, .unreachable, .refusedByGuard, .connectTimeout, .totalTimeout,
            .idleTimeout, .tls,
            .connectionLost, .protocolViolation, .headersTooLarge, .bodyTooLarge:
            false
        }
    }
}

extension TransportError {
    /// What only the operator may know about it, for the log.
    package var operatorDetail: String? {
        switch self {
        case .refusedByGuard(let refusal): refusal.detail
        case .proxyTrouble(let trouble): trouble.detail
        case .invalidRequest, .nameNotFound, .nameUnanswered, .connectionRefused, .unreachable, .connectTimeout, .totalTimeout,
            .idleTimeout, .tls, .connectionLost, .protocolViolation, .headersTooLarge, .bodyTooLarge, .cancelled, .closed,
            .internalTrouble:
            nil
        }
    }
}

/// What went wrong on the way to the proxy, or at it.
package struct ProxyTrouble: Sendable, Hashable {
    /// Names the proxy: for the operator's log only. Holds no credentials.
    package let detail: String

    package init(detail: String) {
        self.detail = detail
    }
}

extension TransportError: CustomStringConvertible {
    /// A sentence for a person. Holds no secret, no body and no query string.
    package var description: String {
        switch self {
        case .invalidRequest(let reason): "the request cannot be sent: \(reason)"
        case .nameNotFound(let host): "the name '\(host)' does not resolve to an address"
        case .nameUnanswered(let host): "no name server answered for the name '\(host)'"
        case .proxyTrouble: "the proxy that callbacks go by did not open a way to the receiver"
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
