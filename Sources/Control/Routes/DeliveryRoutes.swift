import HTTPTypes
import RingbackCore
import Store

/// `/v1/deliveries`: look, try again now, give up.
struct DeliveryRoutes {
    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        [
            .get("/v1/deliveries") { try await list($0) },
            .get("/v1/deliveries/:id") { try await show($0) },
            .delete("/v1/deliveries/:id", .admin) { try await abandon($0) },
            .post("/v1/deliveries/:id/retry", .admin) { try await retry($0) },
        ]
    }

    private func list(_ call: Call) async throws -> Answer {
        let query = ListQuery(call.query, filters: ["status", "endpoint", "event", "response_id"])
        let filter = DeliveryFilter(
            status: query.choice("status"), endpoint: query.identifier("endpoint"), event: query.identifier("event"),
            response: query.identifier("response_id")
        )
        let page = query.page()
        try query.check()
        return try .json(ListObject(try await dependencies.store.deliveries(filter, page: page)) { DeliveryObject($0) })
    }

    private func show(_ call: Call) async throws -> Answer {
        let id = DeliveryID(trusted: call["id"])
        guard let delivery = try await dependencies.store.delivery(id) else { throw missing }
        return try .json(DeliveryObject(delivery, attempts: try await dependencies.store.attempts(of: id)))
    }

    private func retry(_ call: Call) async throws -> Answer {
        guard let delivery = try await dependencies.store.retryDelivery(DeliveryID(trusted: call["id"]), now: call.now) else {
            throw missing
        }
        switch delivery.status {
        case .pending:
            return try .json(DeliveryObject(delivery), status: .accepted)
        case .delivering:
            throw Problem(.conflict, "an attempt at this delivery is under way: wait for its outcome")
        case .delivered:
            throw Problem(.conflict, "this delivery was made already: POST /v1/events/\(delivery.event)/resend sends its event again")
        case .dead, .abandoned:
            throw Problem(.conflict, "this delivery cannot be retried: it is \(delivery.status.rawValue)")
        }
    }

    private func abandon(_ call: Call) async throws -> Answer {
        guard let delivery = try await dependencies.store.abandonDelivery(DeliveryID(trusted: call["id"]), now: call.now) else {
            throw missing
        }
        switch delivery.status {
        case .abandoned:
            return try .json(DeliveryObject(delivery))
        case .delivering:
            throw Problem(.conflict, "an attempt at this delivery is under way: wait for its outcome")
        case .pending, .delivered, .dead:
            throw Problem(.conflict, "this delivery cannot be abandoned: it is \(delivery.status.rawValue)")
        }
    }

    private var missing: Problem {
        Problem(.notFound, "there is no delivery of that id: GET /v1/deliveries lists them")
    }
}
