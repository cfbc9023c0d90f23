import Control
import RingbackCore

/// Asks the bridge for what `ringback top` shows.
struct TopSource {
    private static let rings = 50
    private static let deadLetters = 100
    private static let endpoints = 500

    private let client: APIClient
    private let server: String
    private let time: any TimeSource
    private var last: (metrics: MetricsReading, at: Moment)?

    init(client: APIClient, server: String, time: any TimeSource) {
        self.client = client
        self.server = server
        self.time = time
    }

    mutating func read() async throws -> TopSnapshot {
        let metrics = MetricsReading(String(decoding: try await client.get("/metrics"), as: UTF8.self))
        let at = time.now
        let endpoints = try await page("/v1/endpoints", Self.endpoints, of: EndpointObject.self)
        let events = try await page("/v1/events", Self.rings, of: EventObject.self)
        let dead = try await page("/v1/dead-letters", Self.deadLetters, of: DeliveryObject.self)
        defer { last = (metrics, at) }
        return TopSnapshot(
            metrics, endpoints: endpoints.data, events: events.data, deadLetters: dead,
            rates: last.flatMap { TopSnapshot.Rates(from: $0.metrics, to: metrics, over: at - $0.at) }, server: server, now: time.wallNow)
    }

    private func page<Element: Codable & Sendable & Hashable>(
        _ path: String, _ limit: Int, of type: Element.Type
    ) async throws -> ListObject<Element> {
        try APIClient.decode(ListObject<Element>.self, from: try await client.get(path, query: [("limit", "\(limit)")]))
    }
}
