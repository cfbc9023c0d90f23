import HTTPTypes
import ResponsesAPI
import RingbackCore
import Store
import Transport

/// The proxy: the upstream's own API, so that an unchanged SDK gets callbacks (contract, section 5).
///
/// Bytes go through as they are in both directions. What a create brings back is on record as a watch before the client hears of it.
struct RelayRoutes {
    private static let sourceHeader = HTTPField.Name("Ringback-Source")
    private static let watchHeader = HTTPField.Name("Ringback-Watch")

    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        ["/v1/responses", "/upstreams/:upstream/v1/responses"].flatMap { base in
            [
                Route.post(base, .submit) { try await create($0) }.relayed(),
                Route.get("\(base)/:id") { try await retrieve($0) }.relayed(),
                Route.post("\(base)/:id/cancel", .submit) { try await cancel($0) }.relayed(),
            ]
        }
    }

    private func create(_ call: Call) async throws -> Answer {
        let client = try client(for: call)
        try CreateBody.check(call.body)
        let directives = try RelayDirectives(call.head.headerFields, known: dependencies.knownNames, rule: dependencies.callbackGuard())
        let headers = RelayHeaders(call.head.headerFields, upstream: client.upstream)
        let relayed: TransferAnswer
        do {
            relayed = try await client.transport.perform(client.createRequest(body: call.body, headers: headers.passedOn))
        } catch {
            throw Problem(error, upstream: client.upstream.name, afterwards: "Whether a response was created there is not known.")
        }
        guard (200...299).contains(relayed.head.status) else { return RelayHeaders.answer(relayed) }
        let watch = try await register(relayed, directives: directives, headers: headers, client: client, now: call.now)
        var answer = RelayHeaders.answer(relayed)
        if let name = Self.watchHeader { answer.headers[name] = watch.id.rawValue }
        return answer
    }

    /// Puts the created response on record. Until that is done the client must not be told of it.
    private func register(
        _ relayed: TransferAnswer, directives: RelayDirectives, headers: RelayHeaders, client: ResponsesClient, now: Timestamp
    ) async throws -> Watch {
        guard let response = ResponseObject(json: relayed.body), let text = response.id else {
            throw Problem(
                .upstreamTrouble, "the upstream's answer to the create call is no response object with an id, so it cannot be watched")
        }
        let id: ResponseID
        do {
            id = try ResponseID(validating: text)
        } catch {
            throw Problem(.upstreamTrouble, "the upstream gave the new response an id that cannot be watched: \(error)")
        }
        let new = NewWatch(
            upstream: client.upstream.name, response: id, endpoints: directives.endpoints, callback: directives.callback,
            headers: headers.keptWithWatch, model: response.model
        )
        do {
            switch try await dependencies.store.register(new, now: now) {
            case .created(let watch), .existing(let watch), .reopened(let watch):
                return watch
            case .conflicting(let watch):
                throw Problem(
                    .conflict, "the upstream answered with the response '\(id)', which is watched already with other endpoints: \(watch.id)"
                )
            }
        } catch let error as StoreError {
            var problem = Problem(error)
            problem.detail += " The response '\(id)' was created at the upstream: watch it with POST /v1/watches when the store is back."
            throw problem
        }
    }

    private func retrieve(_ call: Call) async throws -> Answer {
        if ListQuery.asksForStream(call.query) {
            throw Problem(
                .notImplemented,
                "this version does not relay streams: leave out stream=true, or watch the response and wait for its callback")
        }
        let client = try client(for: call)
        let id = try responseID(call)
        let watch = try await dependencies.store.watch(WatchID(upstream: client.upstream.name, response: id))
        let own = RelayHeaders(call.head.headerFields, upstream: client.upstream)
        var request = client.retrieveRequest(id, headers: own.passedOn(over: watch?.headers ?? []))
        if let query = call.query, !query.isEmpty { request.url += (request.url.contains("?") ? "&" : "?") + query }
        let relayed: TransferAnswer
        do {
            relayed = try await client.transport.perform(request)
        } catch {
            // What is finished does not change any more: our copy is as good as the answer that did not come.
            if let kept = try await kept(watch) { return kept }
            throw Problem(error, upstream: client.upstream.name)
        }
        if [404, 410].contains(relayed.head.status), let kept = try await kept(watch) { return kept }
        return RelayHeaders.answer(relayed)
    }

    /// The finished response from the store, if there is one.
    private func kept(_ watch: Watch?) async throws -> Answer? {
        guard let watch, let body = try await dependencies.store.response(of: watch.id) else { return nil }
        var answer = Answer(status: .ok, headers: [.contentType: "application/json"], body: body)
        if let name = Self.sourceHeader { answer.headers[name] = "store" }
        return answer
    }

    private func cancel(_ call: Call) async throws -> Answer {
        let client = try client(for: call)
        let id = try responseID(call)
        let watch = try await dependencies.store.watch(WatchID(upstream: client.upstream.name, response: id))
        let own = RelayHeaders(call.head.headerFields, upstream: client.upstream)
        do {
            return RelayHeaders.answer(
                try await client.transport.perform(client.cancelRequest(id, headers: own.passedOn(over: watch?.headers ?? [])))
            )
        } catch {
            throw Problem(error, upstream: client.upstream.name)
        }
    }

    private func client(for call: Call) throws(Problem) -> ResponsesClient {
        let known = dependencies.knownNames
        var reason = "no upstream is configured: add one to the configuration"
        let name = call.parameters["upstream"].map { text in known.upstream(text) { reason = $0 } } ?? known.defaultUpstream
        guard let name, let client = dependencies.client(name) else { throw Problem(.notFound, reason) }
        return client
    }

    private func responseID(_ call: Call) throws(Problem) -> ResponseID {
        do {
            return try ResponseID(validating: call["id"])
        } catch {
            throw Problem(.invalidRequest, "\(error)")
        }
    }
}

extension ListQuery {
    /// Whether a query of the Responses API asks for a stream.
    fileprivate static func asksForStream(_ query: String?) -> Bool {
        (query ?? "").split(separator: "&").contains { part in
            let pair = part.split(separator: "=", maxSplits: 1).compactMap { PercentEncoding.decode($0, plusIsSpace: true) }
            return pair.count == 2 && pair[0] == "stream" && ["true", "1"].contains(pair[1].lowercased())
        }
    }
}
