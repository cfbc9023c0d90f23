import Destinations
import Logging
import RingbackCore
import Settings
import Store

/// Puts the endpoints together: those of the configuration, those the API made, and what was decided about any of them.
struct EndpointLoader: Sendable {
    let store: any Store
    let time: any TimeSource
    let logger: Logger

    /// The configuration's endpoints and the store's, each enabled or disabled as was last decided.
    func endpoints(of settings: Settings) async throws(StoreError) -> [Endpoint] {
        let disabled = try await store.disabledEndpoints()
        let configured = Set(settings.endpoints.map(\.name))
        var endpoints = settings.endpoints
        for endpoint in try await store.storedEndpoints() {
            if configured.contains(endpoint.name) {
                // The operator's word counts; the API's endpoint of that name comes back when the file no longer has it.
                logger.warning(
                    "the configuration hides an endpoint of the same name that the API made",
                    metadata: ["endpoint.name": "\(endpoint.name)"])
            } else {
                endpoints.append(endpoint)
            }
        }
        return endpoints.map { endpoint in
            var endpoint = endpoint
            endpoint.isEnabled = endpoint.isEnabled && disabled[endpoint.name] == nil
            endpoint.disabledReason = disabled[endpoint.name] ?? endpoint.disabledReason
            return endpoint
        }
    }

    /// Makes the inboxes, so that scripts can wait at them before the first file, and so that an operator hears of trouble at once.
    func prepareInboxes(of endpoints: [Endpoint]) async {
        for endpoint in endpoints {
            guard case .inbox(let target) = endpoint.target else { continue }
            do {
                let inbox = try InboxDestination(target, timeout: endpoint.timeout, time: time)
                try await inbox.prepare()
                for warning in inbox.warnings {
                    logger.warning(
                        "An inbox is not as it should be.", metadata: ["endpoint.name": "\(endpoint.name)", "warning": "\(warning)"])
                }
            } catch {
                // Every delivery tries again; until then it is a failed attempt with this reason.
                logger.error(
                    "An inbox cannot be used; deliveries to it are tried again.",
                    metadata: ["endpoint.name": "\(endpoint.name)", "error": "\(error)"])
            }
        }
    }
}
