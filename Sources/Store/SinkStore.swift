package import RingbackCore

/// What endpoints with a preset made in other systems. It goes with its watch.
package protocol SinkStore: Sendable {
    func sinkRecord(of watch: WatchID, at endpoint: EndpointName) async throws(StoreError) -> SinkRecord?

    /// Writes a record, in the place of an older one. Of a watch the store does not know, as in a test, nothing is kept.
    func keep(_ record: SinkRecord, now: Timestamp) async throws(StoreError)
}
