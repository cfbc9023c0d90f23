package import AddressGuard
package import Delivering
package import RingbackCore
package import Transport

/// Makes of an endpoint's definition something that deliveries can be made to.
package enum DestinationFactory {
    /// Touches neither network nor disk.
    ///
    /// - Parameters:
    ///   - transport: Carries the callbacks of webhooks.
    ///   - callbackGuard: The guard as it is configured now. Endpoints of the configuration file are the operator's own and are not judged.
    ///   - egressProxy: The proxy for all callbacks as it is configured now.
    ///   - time: Bounds and measures attempts.
    /// - Throws: ``InvalidDestination`` when the definition cannot be used.
    package static func make(
        _ endpoint: Endpoint, transport: any Transport, callbackGuard: @escaping @Sendable () -> CallbackGuard,
        egressProxy: @escaping @Sendable () -> EgressProxy? = { nil }, time: any TimeSource
    ) throws(InvalidDestination) -> any Destination {
        switch endpoint.target {
        case .webhook(let target):
            try WebhookDestination(
                target, of: endpoint, transport: transport, callbackGuard: endpoint.origin == .configuration ? nil : callbackGuard,
                egressProxy: egressProxy, time: time)
        case .inbox(let target): try InboxDestination(target, timeout: endpoint.timeout, time: time)
        }
    }
}
