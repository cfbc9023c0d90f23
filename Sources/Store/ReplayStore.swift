package import RingbackCore

/// Past events, to be sent to an endpoint after all.
package protocol ReplayStore: Sendable {
    /// Events that were created in a span of time, oldest first, each with what decides whether the endpoint is to have it.
    ///
    /// - Parameters:
    ///   - since: Inclusive.
    ///   - until: Exclusive.
    ///   - cursor: The last one that was looked at; `nil` to begin.
    func replayCandidates(
        for endpoint: EndpointName, since: Timestamp, until: Timestamp, after cursor: PageCursor?, limit: Int
    ) async throws(StoreError) -> [ReplayCandidate]

    /// Makes deliveries of these events due for the endpoint: new ones, and those that were given up, with a fresh schedule. What waits or is
    /// under way stays as it is. They stand among the retries, so that events of this moment go first.
    ///
    /// - Parameter missingOnly: Whether delivered ones stay delivered; otherwise they are sent again.
    /// - Returns: How many were made due.
    func replay(_ events: [EventID], to endpoint: EndpointName, missingOnly: Bool, now: Timestamp) async throws(StoreError) -> Int
}

package struct ReplayCandidate: Sendable, Hashable {
    package let event: Event
    /// The watch it is about; `nil` when there is none.
    package let watch: Watch?
    /// What became of it at the endpoint; `nil` when there is no delivery.
    package let status: Delivery.Status?

    package init(event: Event, watch: Watch?, status: Delivery.Status?) {
        self.event = event
        self.watch = watch
        self.status = status
    }

    package var cursor: PageCursor { PageCursor(createdAt: event.createdAt, id: event.id.rawValue) }
}
