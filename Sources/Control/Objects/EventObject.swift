package import RingbackCore

/// An event as the API shows it (contract, section 5).
package struct EventObject: Codable, Sendable, Hashable {
    package var id: EventID
    package var object = "event"
    package var type: EventType
    package var createdAt: APITime
    @Nullable package var watch: WatchID?
    @Nullable package var upstream: UpstreamName?
    @Nullable package var responseID: ResponseID?
    /// The `data` member of the thin callback.
    @Nullable package var data: OpaqueJSON?

    private enum CodingKeys: String, CodingKey {
        case id
        case object
        case type
        case createdAt = "created_at"
        case watch
        case upstream
        case responseID = "response_id"
        case data
    }
}

extension EventObject {
    package init(_ event: Event) {
        id = event.id
        type = event.type
        createdAt = APITime(event.createdAt)
        watch = event.watch
        upstream = event.upstream
        responseID = event.response
        data = OpaqueJSON(bytes: event.data)
    }
}
