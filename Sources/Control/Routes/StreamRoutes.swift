import HTTPTypes
import RingbackCore
import Store

/// `/v1/stream`: what changes, as it changes (contract, section 5).
struct StreamRoutes {
    /// Seconds. Listeners come and go by hand.
    private static let retryAfter = 5
    private static let lastEventID = HTTPField.Name("Last-Event-ID")

    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        [.stream("/v1/stream") { try open($0) }]
    }

    private func open(_ call: Call) throws -> Answer {
        let query = ListQuery(call.query, filters: ["after"])
        try query.check()
        guard dependencies.feed.hasRoom else {
            throw Problem(.busy, "\(FeedLimits.listeners) listen already: close some, or try again later", retryAfter: Self.retryAfter)
        }
        // A browser cannot send headers with its first request, so a page says by the query what it has seen. When it comes back by itself it
        // sends the header, and the query is out of date.
        let text = Self.lastEventID.flatMap { call.head.headerFields[$0] } ?? query.text("after")
        // What was never a place of ours is one of a journal that is gone.
        let mark = text.map { ChangeMark(text: $0) ?? ChangeMark(journal: "", number: 0) }
        var answer = Answer(status: .ok, headers: [.contentType: FeedFrame.mediaType])
        answer.feed = FeedBody(feed: dependencies.feed, mark: mark, client: call.client)
        return answer
    }
}
