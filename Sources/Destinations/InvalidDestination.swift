package import RingbackCore
package import WebhookSignature

/// Why nothing can be delivered to an endpoint as it is defined. Holds no secret and no query string.
package enum InvalidDestination: Error, Sendable, Hashable {
    case url(InvalidURL)
    case secret(InvalidSigningSecret)
    /// The inbox's path is empty or contains a NUL.
    case inboxDirectory
}

extension InvalidDestination: CustomStringConvertible {
    package var description: String {
        switch self {
        case .url(let reason): "the endpoint's URL cannot be used: \(reason)"
        case .secret(let reason): "the endpoint's secret cannot be used: \(reason)"
        case .inboxDirectory: "the endpoint's inbox is not a path: write that of a directory, such as ./inbox"
        }
    }
}
