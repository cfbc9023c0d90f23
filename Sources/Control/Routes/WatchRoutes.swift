import HTTPTypes
import Logging
import ResponsesAPI
import RingbackCore
import Spans
import Store
import Transport

/// `/v1/watches`: register, look, stop, cancel.
struct WatchRoutes {
    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        [
            .post("/v1/watches", .submit) { try await register($0) },
            .get("/v1/watches") { try await list($0) },
            .get("/v1/watches/:id") { try await show($0) },
            .delete("/v1/watches/:id", .submit) { try await stop($0) },
            .post("/v1/watches/:id/cancel", .submit) { try await cancel($0) },
            .get("/v1/watches/:id/response") { try await response($0) },
        ]
    }

    private func register(_ call: Call) async throws -> Answer {
        let request = try WatchRequest(call.body, known: dependencies.knownNames, rule: dependencies.callbackGuard())
        let parent = call.head.headerFields.trace
        let span = dependencies.spans?.start("register a watch", .server, in: parent)
        var failure: String? = "failed"
        defer { span?.end(failure: failure, ["watch.id": request.watch.id.rawValue, "response.id": request.watch.response.rawValue]) }
        var watch = request.watch
        watch.trace = span?.context ?? parent
        let registration = try await dependencies.store.register(watch, now: call.now)
        failure = nil
        switch registration {
        case .created(let watch), .reopened(let watch):
            dependencies.logger.debug("A watch is registered.", metadata: watch.logFields.mapValues { .string($0) })
            return try .json(WatchObject(watch), status: .created, headers: [.location: "/v1/watches/\(watch.id)"])
        case .existing(let watch):
            return try .json(WatchObject(watch), headers: [.location: "/v1/watches/\(watch.id)"])
        case .conflicting(let watch):
            throw Problem(
                .conflict,
                "this response is watched already, as \(watch.id), with other endpoints or another callback: stop that watch first, or resend its event"
            )
        }
    }

    private func list(_ call: Call) async throws -> Answer {
        let query = ListQuery(call.query, filters: ["status", "upstream", "response_id"])
        let filter = WatchFilter(
            status: query.choice("status"), upstream: query.identifier("upstream"), response: query.identifier("response_id"))
        let page = query.page()
        try query.check()
        return try .json(ListObject(try await dependencies.store.watches(filter, page: page)) { WatchObject($0) })
    }

    private func show(_ call: Call) async throws -> Answer {
        let watch = try await find(call)
        let live = watch.status.isOpen ? await dependencies.liveProgress(watch.id) : nil
        return try .json(WatchObject(watch, live: live))
    }

    private func stop(_ call: Call) async throws -> Answer {
        guard let watch = try await dependencies.store.stopWatch(WatchID(trusted: call["id"]), now: call.now) else { throw missing }
        dependencies.logger.debug("A watch is stopped.", metadata: watch.logFields.mapValues { .string($0) })
        return try .json(WatchObject(watch))
    }

    private func response(_ call: Call) async throws -> Answer {
        let watch = try await find(call)
        guard let body = try await dependencies.store.response(of: watch.id) else {
            let missing = try await dependencies.store.missingResponse(of: watch.id)
            throw Problem(
                noResponseOf: watch, missing, retention: dependencies.responseRetention(),
                upstream: dependencies.upstreams().first { $0.name == watch.upstream })
        }
        return Answer(status: .ok, headers: [.contentType: "application/json"], body: body)
    }

    /// Asks the upstream to cancel. The watch itself ends when the upstream says that the response has.
    private func cancel(_ call: Call) async throws -> Answer {
        let watch = try await find(call)
        guard watch.status.isOpen else { throw Problem(.conflict, "the watch has ended already: it is \(watch.status.rawValue)") }
        guard let client = dependencies.client(watch.upstream) else {
            throw Problem(.upstreamTrouble, "the upstream '\(watch.upstream)' is no longer configured")
        }
        let answer: TransferAnswer
        do {
            answer = try await client.transport.perform(client.cancelRequest(watch.response, headers: watch.headers(in: watch.trace)))
        } catch {
            throw Problem(error, upstream: watch.upstream)
        }
        let meaning = RetrieveAnswer(head: answer.head, body: answer.body, now: call.now)
        if meaning.mayTouchTheEnd { dependencies.store.suggestLook([watch.id]) }
        switch meaning {
        case .response, .unusable:
            // Whatever a 2xx carries, the upstream has taken the request; the way the response ends will tell.
            let live = await dependencies.liveProgress(watch.id)
            return try .json(WatchObject(watch, live: live), status: .accepted)
        case .notFound:
            throw Problem(.conflict, "the upstream does not know this response: it may have been deleted there")
        case .refused(let status, let message):
            throw Problem(.conflict, "the upstream refused to cancel (\(status)): \(message)")
        case .unauthorized(let status, let message):
            throw Problem(.upstreamTrouble, "the upstream did not accept Ringback's credentials (\(status)): \(message)")
        case .rateLimited(let wait):
            throw Problem(
                .busy, "the upstream is asked too often: try again later", retryAfter: wait.map { Int($0.inSeconds.rounded(.up)) } ?? 5)
        case .unavailable(let status, let message, _):
            throw Problem(.upstreamTrouble, "the upstream is not available (\(status)): \(message)")
        }
    }

    private func find(_ call: Call) async throws -> Watch {
        guard let watch = try await dependencies.store.watch(WatchID(trusted: call["id"])) else { throw missing }
        return watch
    }

    private var missing: Problem {
        Problem(.notFound, "there is no watch of that id: GET /v1/watches?response_id=… finds it by the response's id")
    }
}

extension RetrieveAnswer {
    /// Whether the response may be at its end after a cancel that was answered so: the cancel was taken, or refused because there was
    /// nothing left to cancel (400, 404 or 409, by vendor). Many a stream never tells that its response was cancelled.
    fileprivate var mayTouchTheEnd: Bool {
        switch self {
        case .response, .unusable, .notFound, .refused: true
        case .unauthorized, .rateLimited, .unavailable: false
        }
    }
}
