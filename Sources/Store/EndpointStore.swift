package import RingbackCore

/// Endpoints made by the API, and what was decided at run time about any endpoint.
package protocol EndpointStore: Sendable {
    /// The endpoints made by the API, by name.
    func storedEndpoints() async throws(StoreError) -> [Endpoint]

    /// - Returns: `false` when an endpoint of that name is in the store already; nothing was changed then.
    func addEndpoint(_ endpoint: Endpoint, now: Timestamp) async throws(StoreError) -> Bool

    /// - Returns: `false` when there is none of that name.
    func updateEndpoint(_ endpoint: Endpoint, now: Timestamp) async throws(StoreError) -> Bool

    /// Removes an endpoint. Its waiting deliveries die with the reason `endpoint_removed`.
    ///
    /// - Returns: `false` when there was none of that name.
    func removeEndpoint(_ name: EndpointName, now: Timestamp) async throws(StoreError) -> Bool

    /// Remembers that an endpoint, of whatever origin, is disabled (with the reason) or enabled again (`nil`), across restarts.
    func setDisabled(_ name: EndpointName, reason: String?, now: Timestamp) async throws(StoreError)

    /// The reasons of all endpoints that are disabled.
    func disabledEndpoints() async throws(StoreError) -> [EndpointName: String]
}
