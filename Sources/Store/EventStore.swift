package import RingbackCore

/// Events: facts, written once.
package protocol EventStore: Sendable {
    /// Writes an event that is not about a watch, such as `endpoint.disabled`, with its deliveries; once per id.
    ///
    /// - Returns: `nil` when the event exists already.
    func record(_ event: Event, recipients: [Recipient], now: Timestamp) async throws(StoreError) -> RecordedEvent?

    func event(_ id: EventID) async throws(StoreError) -> Event?

    func events(_ filter: EventFilter, page: PageRequest) async throws(StoreError) -> Page<Event>

    /// The response object an event ended with, byte for byte; `nil` when there is none or its retention has passed.
    func response(of event: EventID) async throws(StoreError) -> [UInt8]?

    /// Adds the event's delivery for one more endpoint, or makes the existing one due again, whatever its status.
    ///
    /// - Returns: The delivery; `nil` when there is no such event.
    func resend(_ event: EventID, to endpoint: EndpointName, now: Timestamp) async throws(StoreError) -> Delivery?
}

package struct EventFilter: Sendable, Hashable {
    package var type: EventType?
    package var watch: WatchID?
    package var response: ResponseID?

    package init(type: EventType? = nil, watch: WatchID? = nil, response: ResponseID? = nil) {
        self.type = type
        self.watch = watch
        self.response = response
    }
}
