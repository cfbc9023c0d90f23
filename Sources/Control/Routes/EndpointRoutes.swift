import HTTPTypes
import RingbackCore
import Store

/// `/v1/endpoints`: make, change, try, switch off and on. Endpoints of the configuration file are the operator's and read-only here.
struct EndpointRoutes {
    /// The reason kept for an endpoint that somebody disabled by hand.
    private static let manualReason = "disabled by the API"

    private let dependencies: ControlDependencies
    /// Whoever changes an endpoint reads it first: one at a time.
    let changes = OneAtATime()

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        [
            .get("/v1/endpoints") { try list($0) },
            .post("/v1/endpoints", .admin) { try await create($0) },
            .get("/v1/endpoints/:name") { try show($0) },
            .patch("/v1/endpoints/:name", .admin) { try await change($0) },
            .delete("/v1/endpoints/:name", .admin) { try await remove($0) },
            .post("/v1/endpoints/:name/rotate-secret", .admin) { try await rotateSecret($0) },
            .get("/v1/endpoints/:name/public-key") { try publicKeys($0) },
            .post("/v1/endpoints/:name/test", .admin) { try await test($0) },
            .post("/v1/endpoints/:name/enable", .admin) { try await enable($0) },
            .post("/v1/endpoints/:name/disable", .admin) { try await disable($0) },
            .post("/v1/endpoints/:name/replay", .admin) { try await replay($0) },
        ]
    }

    /// Endpoints are few and kept in memory, so a page is cut from the whole list, which is ordered by name.
    private func list(_ call: Call) throws -> Answer {
        let query = ListQuery(call.query, filters: [])
        let page = query.page()
        try query.check()
        let rest = dependencies.directory.all.filter { endpoint in page.cursor.map { endpoint.name.rawValue > $0.id } ?? true }
        let elements = Array(rest.prefix(page.limit))
        let next =
            rest.count > elements.count
            ? elements.last.map { PageCursor(createdAt: Timestamp(milliseconds: 0), id: $0.name.rawValue) } : nil
        return try .json(ListObject(Page(elements: elements, nextCursor: next)) { shown($0, now: call.now) })
    }

    private func show(_ call: Call) throws -> Answer {
        try .json(shown(try find(call), now: call.now))
    }

    private func create(_ call: Call) async throws -> Answer {
        let request = try EndpointRequest(call.body, known: dependencies.knownNames, rule: dependencies.callbackGuard())
        let endpoint = request.endpoint
        guard dependencies.directory[endpoint.name] == nil, try await dependencies.store.addEndpoint(endpoint, now: call.now) else {
            throw Problem(.conflict, "there is an endpoint '\(endpoint.name)' already: PATCH changes it, or choose another name")
        }
        await publish(endpoint)
        return try .json(
            shown(endpoint, now: call.now, freshSecret: request.freshSecret), status: .created,
            headers: [.location: "/v1/endpoints/\(endpoint.name)"]
        )
    }

    private func change(_ call: Call) async throws -> Answer {
        try await changes.alone {
            let current = try changeable(call)
            let patch = try EndpointPatch(call.body, of: current, known: dependencies.knownNames, rule: dependencies.callbackGuard())
            return try .json(shown(try await keep(patch.endpoint, now: call.now), now: call.now))
        }
    }

    /// Writes a changed endpoint and lets everybody have it.
    @discardableResult
    func keep(_ changed: Endpoint, now: Timestamp) async throws -> Endpoint {
        guard try await dependencies.store.updateEndpoint(changed, now: now) else { throw missing }
        var endpoint = changed
        // While the store wrote, a receiver's 410 may have switched the endpoint off: that is not the change's to undo.
        if let latest = dependencies.directory[endpoint.name] {
            endpoint.isEnabled = latest.isEnabled
            endpoint.disabledReason = latest.disabledReason
        }
        await publish(endpoint)
        return endpoint
    }

    private func remove(_ call: Call) async throws -> Answer {
        try await changes.alone {
            let endpoint = try changeable(call)
            guard try await dependencies.store.removeEndpoint(endpoint.name, now: call.now) else { throw missing }
            dependencies.directory.remove(endpoint.name)
            await dependencies.endpointsChanged()
            return .noContent
        }
    }

    private func enable(_ call: Call) async throws -> Answer {
        try await setDisabled(call, reason: nil)
    }

    private func disable(_ call: Call) async throws -> Answer {
        try await setDisabled(call, reason: Self.manualReason)
    }

    private func setDisabled(_ call: Call, reason: String?) async throws -> Answer {
        try await dependencies.store.setDisabled(try find(call).name, reason: reason, now: call.now)
        // Looked up again: while the store wrote, a patch may have changed it.
        var endpoint = try find(call)
        endpoint.isEnabled = reason == nil
        endpoint.disabledReason = reason
        await publish(endpoint)
        return try .json(shown(endpoint, now: call.now))
    }

    /// Sends past events to this endpoint, or counts them.
    private func replay(_ call: Call) async throws -> Answer {
        let endpoint = try find(call)
        let request = try ReplayRequest(call.body, now: call.now)
        return try .json(try await Replay(store: dependencies.store, endpoint: endpoint, request: request).run(now: call.now))
    }

    /// Sends an event about nothing by the way every delivery goes and answers with the attempt, whatever it came to.
    private func test(_ call: Call) async throws -> Answer {
        let endpoint = try find(call)
        let sample = SampleEvent(
            try TestRequest(call.body).type, endpoint: endpoint.name,
            upstream: dependencies.knownNames.defaultUpstream ?? UpstreamName(trusted: "default"),
            occasion: "\(endpoint.name) \(dependencies.time.now.nanoseconds) \(call.now.milliseconds)", now: call.now)
        return try .json(AttemptObject(await dependencies.testEndpoint(endpoint, sample.event, sample.response)))
    }

    func shown(_ endpoint: Endpoint, now: Timestamp, freshSecret: Secret? = nil) -> EndpointObject {
        EndpointObject(
            endpoint, breaker: dependencies.breaker(endpoint.name), now: now, standardProxy: dependencies.egressProxy(),
            freshSecret: freshSecret)
    }

    private func publish(_ endpoint: Endpoint) async {
        dependencies.directory.set(endpoint)
        await dependencies.endpointsChanged()
    }

    func find(_ call: Call) throws(Problem) -> Endpoint {
        guard let endpoint = dependencies.directory[EndpointName(trusted: call["name"])] else { throw missing }
        return endpoint
    }

    /// - Parameter advice: What to do about one that is not the API's to change.
    func changeable(_ call: Call, advice: String = "change it there and reload") throws(Problem) -> Endpoint {
        let endpoint = try find(call)
        guard endpoint.origin == .api else {
            throw Problem(.conflict, "the endpoint '\(endpoint.name)' is from the configuration file: \(advice)")
        }
        return endpoint
    }

    private var missing: Problem {
        Problem(.notFound, "there is no endpoint of that name: GET /v1/endpoints lists them")
    }
}
