import HTTPTypes
import RingbackCore
import Store

/// `/v1/events`: look, and send one again.
struct EventRoutes {
    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        [
            .get("/v1/events") { try await list($0) },
            .get("/v1/events/:id") { try await show($0) },
            .post("/v1/events/:id/resend", .admin) { try await resend($0) },
        ]
    }

    private func list(_ call: Call) async throws -> Answer {
        let query = ListQuery(call.query, filters: ["type", "watch", "response_id"])
        let filter = EventFilter(
            type: query.text("type").map { EventType($0) }, watch: query.identifier("watch"), response: query.identifier("response_id")
        )
        let page = query.page()
        try query.check()
        return try .json(ListObject(try await dependencies.store.events(filter, page: page)) { EventObject($0) })
    }

    private func show(_ call: Call) async throws -> Answer {
        guard let event = try await dependencies.store.event(EventID(trusted: call["id"])) else { throw missing }
        return try .json(EventObject(event))
    }

    private func resend(_ call: Call) async throws -> Answer {
        let request = try ResendRequest(call.body, known: dependencies.knownNames)
        let delivery = try await dependencies.store.resend(EventID(trusted: call["id"]), to: request.endpoint, now: call.now)
        guard let delivery else { throw missing }
        return try .json(DeliveryObject(delivery), status: .accepted)
    }

    private var missing: Problem {
        Problem(.notFound, "there is no event of that id: GET /v1/events lists them")
    }
}
