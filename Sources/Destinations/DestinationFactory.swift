package import Delivering
package import RingbackCore
package import Transport

/// Makes of an endpoint's definition something that deliveries can be made to.
package enum DestinationFactory {
    /// Touches neither network nor disk.
    ///
    /// - Parameters:
    ///   - transport: Carries the callbacks of webhooks.
    ///   - time: Bounds and measures attempts.
    /// - Throws: ``InvalidDestination`` when the definition cannot be used.
    package static func make(
        _ endpoint: Endpoint, transport: any Transport, time: any TimeSource
    ) throws(InvalidDestination) -> any Destination {
        switch endpoint.target {
        case .webhook(let target): try WebhookDestination(target, of: endpoint, transport: transport, time: time)
        case .inbox(let target): try InboxDestination(target, timeout: endpoint.timeout, time: time)
        }
    }
}
