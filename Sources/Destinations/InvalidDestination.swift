package import RingbackCore
package import WebhookSignature

/// Why nothing can be delivered to an endpoint as it is defined. Holds no secret and no query string.
package enum InvalidDestination: Error, Sendable, Hashable {
    case url(InvalidURL)
    case secret(InvalidSigningSecret)
    /// The inbox's path is empty or contains a NUL.
    case inboxDirectory
    /// There is no preset of that name.
    case preset(String)
    /// Nothing here sends what the preset makes.
    case transport(String)
    /// What a mail endpoint was told does not make a mail; the text says what to write.
    case mail(String)
}

extension InvalidDestination: CustomStringConvertible {
    package var description: String {
        switch self {
        case .url(let reason): "the endpoint's URL cannot be used: \(reason)"
        case .secret(let reason): "the endpoint's secret cannot be used: \(reason)"
        case .preset(let name): "there is no preset '\(name)': put \(name).yaml into presets_dir, or choose another"
        case .transport(let name): "this version of Ringback cannot send what the preset '\(name)' makes"
        case .mail(let reason): "the endpoint's mail cannot be sent: \(reason)"
        case .inboxDirectory: "the endpoint's inbox is not a path: write that of a directory, such as ./inbox"
        }
    }
}
