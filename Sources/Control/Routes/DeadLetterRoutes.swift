import HTTPTypes
import RingbackCore
import Store

/// `/v1/dead-letters`: deliveries that were given up, to be redriven or discarded.
struct DeadLetterRoutes {
    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        [
            .get("/v1/dead-letters") { try await list($0) },
            .post("/v1/dead-letters/redrive", .admin) { try await redriveMany($0) },
            .get("/v1/dead-letters/:id") { try await show($0) },
            .post("/v1/dead-letters/:id/redrive", .admin) { try await redriveOne($0) },
            .delete("/v1/dead-letters/:id", .admin) { try await discard($0) },
        ]
    }

    private func list(_ call: Call) async throws -> Answer {
        let query = ListQuery(call.query, filters: ["endpoint", "reason", "since", "until"])
        let filter = DeadLetterFilter(
            endpoint: query.identifier("endpoint"), reason: query.choice("reason"), since: query.time("since"), until: query.time("until")
        )
        let page = query.page()
        try query.check()
        return try .json(ListObject(try await dependencies.store.deadLetters(filter, page: page)) { DeliveryObject($0) })
    }

    private func show(_ call: Call) async throws -> Answer {
        let delivery = try await find(call)
        return try .json(DeliveryObject(delivery, attempts: try await dependencies.store.attempts(of: delivery.id)))
    }

    private func redriveMany(_ call: Call) async throws -> Answer {
        let request = try RedriveRequest(call.body)
        let result = try await dependencies.store.redrive(
            request.filter, dryRun: request.dryRun, after: request.piece.cursor, limit: request.piece.limit, now: call.now)
        return try .json(RedriveObject(matched: result.matched, redriven: result.redriven, nextCursor: result.next?.text))
    }

    private func redriveOne(_ call: Call) async throws -> Answer {
        let letter = try await find(call)
        guard let delivery = try await dependencies.store.retryDelivery(letter.id, now: call.now) else { throw missing }
        return try .json(DeliveryObject(delivery), status: .accepted)
    }

    private func discard(_ call: Call) async throws -> Answer {
        let letter = try await find(call)
        guard let delivery = try await dependencies.store.abandonDelivery(letter.id, now: call.now) else { throw missing }
        return try .json(DeliveryObject(delivery))
    }

    private func find(_ call: Call) async throws -> Delivery {
        guard let delivery = try await dependencies.store.delivery(DeliveryID(trusted: call["id"])) else { throw missing }
        guard delivery.status == .dead else {
            throw Problem(.conflict, "this delivery is no dead letter: it is \(delivery.status.rawValue)")
        }
        return delivery
    }

    private var missing: Problem {
        Problem(.notFound, "there is no dead letter of that id: GET /v1/dead-letters lists them")
    }
}
