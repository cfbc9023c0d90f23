/// What kind of place deliveries go to. A closed list: fit for metrics.
package enum EndpointKind: String, Sendable, Hashable, CaseIterable {
    case webhook
    /// The webhook that was given with a watch.
    case callback
    case inbox
    /// A chat, ticket, alert or mail system.
    case preset
    case command
}

extension Endpoint {
    package var kind: EndpointKind {
        switch target {
        case .webhook: origin == .callback ? .callback : .webhook
        case .inbox: .inbox
        case .preset: .preset
        case .command: .command
        }
    }
}
