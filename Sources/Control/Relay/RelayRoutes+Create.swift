import HTTPTypes
import Logging
import NIOCore
import ResponsesAPI
import RingbackCore
import Spans
import Store
import Transport

// Making a response.
extension RelayRoutes {
    func create(_ relay: RelayCall) async throws -> Answer {
        let body = try CreateBody(relay.call.body)
        let directives = try RelayDirectives(
            relay.call.head.headerFields, known: dependencies.knownNames, rule: dependencies.callbackGuard(),
            mayNameEndpoints: relay.call.caller.scope.map { $0 >= .submit } ?? false
        )
        guard body.isBackground else {
            guard directives.areEmpty else {
                throw Problem(
                    .invalidRequest, "only background responses ring back: send \"background\": true, or leave the Ringback headers out",
                    errors: [FieldProblem(pointer: "#/background", detail: "write true")]
                )
            }
            return try await pass(relay, watch: nil, silence: RelayLimits.patientSilence)
        }
        let parent = relay.call.head.headerFields.trace
        let span = dependencies.spans?.start(
            "create a response", .server, in: parent, about: ["upstream.name": relay.upstream.name.rawValue])
        do {
            let answer = try await createWatched(relay, body, directives, in: span?.context ?? parent)
            span?.end(failure: answer.status.kind == .successful ? nil : "refused", ["http.response.status_code": "\(answer.status.code)"])
            return answer
        } catch {
            span?.end(failure: "failed")
            throw error
        }
    }

    /// A create that the upstream may accept at any moment from now on, whatever becomes of this process: so it is on record first.
    ///
    /// - Parameter trace: Where the create and its watch belong.
    private func createWatched(
        _ relay: RelayCall, _ body: CreateBody, _ directives: RelayDirectives, in trace: TraceContext?
    ) async throws -> Answer {
        var headers = relay.complete(relay.headers.asking)
        if let trace {
            headers.removeAll { TraceContext.isHeader($0.name) }
            headers += trace.headers.map { HeaderField($0.name, Secret($0.value)) }
        }
        let id = IntentID.random()
        if relay.upstream.idempotentCreates, !headers.contains(where: { $0.name.lowercased() == CreateRepetition.keyHeader.lowercased() }) {
            headers.append(HeaderField(CreateRepetition.keyHeader, Secret("ringback-\(id)")))
        }
        let intent = CreateIntent(
            id: id, upstream: relay.upstream.name, createdAt: relay.call.now, isStreaming: body.isStreaming, facts: body.facts,
            endpoints: directives.endpoints, callback: directives.callback, headers: relay.headers.keptWithWatch,
            repetition: relay.upstream.idempotentCreates
                ? CreateRepetition(headers: headers, query: relay.call.query, body: relay.call.body) : nil,
            trace: trace
        )
        try await dependencies.intents.open(intent)
        var isResolved = false
        defer { dependencies.intents.letGo(id, isResolved: isResolved) }

        let reading: CreateReading
        do {
            reading = try await read(relay.request(headers: headers, silence: silence(body)), relay)
        } catch let failure as TransferFailure {
            isResolved = failure.error.provesNothingWasSent
            if isResolved { await close(id) }
            throw Problem(failure, upstream: relay.upstream.name, afterwards: isResolved ? nil : Self.unknownFate)
        }
        switch reading {
        case .response(let text, let model, let relayed):
            let watch = try await register(text, model: model, intent, relayed)
            isResolved = true
            var answer = relayed.answer(for: relay.call, time: dependencies.time)
            if let name = Self.watchHeader { answer.headers[name] = watch.id.rawValue }
            return answer
        case .refused(let relayed):
            isResolved = true
            await close(id)
            return relayed.answer(for: relay.call, time: dependencies.time)
        case .unnamed(let relayed):
            return try unwatched(relayed, relay)
        }
    }

    private func silence(_ body: CreateBody) -> Duration {
        body.isStreaming ? RelayLimits.patientSilence : RelayLimits.createSilence
    }

    /// Sends a create and reads its answer until it is known which response it made. A client that leaves does not end it: the upstream may
    /// have accepted it already.
    private func read(_ request: TransferRequest, _ relay: RelayCall) async throws -> CreateReading {
        let pipe = RelayPipe(request, by: relay.client.transport)
        return try await pipe.lent(to: nil, time: dependencies.time) { try await CreateReading.read(pipe, now: relay.call.now) }
    }

    private static let unknownFate =
        "Whether a response was created there is not known. If one was, it is watched as soon as it is found, where the upstream can be asked."

    /// Puts the created response on record. Until that is done the client must not be told of it.
    private func register(_ text: String, model: String?, _ intent: CreateIntent, _ relayed: RelayAnswer) async throws -> Watch {
        // From now on the response runs for the watch, too, and on some servers it ends with this connection.
        if !relayed.isWhole { relayed.pipe.mayReadOn(in: detached) }
        do {
            let watch = try NewWatch(intent, response: Self.validated(text), model: model)
            switch try await dependencies.store.register(watch, resolving: intent.id, now: dependencies.time.wallNow) {
            case .created(let watch)?, .existing(let watch)?, .reopened(let watch)?:
                dependencies.logger.debug(
                    "A response that was created through the proxy is watched.",
                    metadata: watch.logFields.mapValues { .string($0) }.merging(["intent.id": "\(intent.id)"]) { $1 })
                return watch
            case .conflicting(let watch)?:
                throw Problem(
                    .conflict,
                    "the upstream answered with the response '\(watch.response)', which is watched already with other endpoints: \(watch.id)"
                )
            case nil:
                preconditionFailure("somebody resolved an intent whose create is under way")
            }
        } catch {
            relayed.pipe.abandon()
            guard let error = error as? StoreError else { throw error }
            var problem = Problem(error)
            problem.detail += " The response '\(text)' was created at the upstream: it is watched when the store is back."
            throw problem
        }
    }

    private static func validated(_ text: String) throws(Problem) -> ResponseID {
        do {
            return try ResponseID(validating: text)
        } catch {
            throw Problem(.upstreamTrouble, "the upstream gave the new response an id that cannot be watched: \(error)")
        }
    }

    /// An answer that names no response. As an object it is none of the API's, and the client must not think that it is watched; a stream is
    /// passed on, since what it tells may be what the client wants to hear.
    private func unwatched(_ relayed: RelayAnswer, _ relay: RelayCall) throws(Problem) -> Answer {
        guard !relayed.isWhole else {
            throw Problem(
                .upstreamTrouble, "the upstream's answer to the create call is no response object with an id, so it cannot be watched")
        }
        dependencies.logger.warning(
            "a created stream names no response: it is passed on unwatched", metadata: ["upstream.name": "\(relay.upstream.name)"])
        return relayed.answer(for: relay.call, time: dependencies.time)
    }

    /// What stays on record is looked into later, so trouble with the store is no reason to fail here.
    private func close(_ intent: IntentID) async {
        do {
            try await dependencies.store.close(intent)
        } catch {
            dependencies.logger.warning("an intent could not be closed", metadata: ["intent.id": "\(intent)", "error": "\(error)"])
        }
    }
}

extension NewWatch {
    /// The watch an intent asks for.
    init(_ intent: CreateIntent, response: ResponseID, model: String?) {
        self.init(
            upstream: intent.upstream, response: response, endpoints: intent.endpoints, callback: intent.callback, headers: intent.headers,
            model: model, createdStreaming: intent.isStreaming, trace: intent.trace
        )
    }
}

extension TransportError {
    /// Whether the request cannot have reached the upstream.
    var provesNothingWasSent: Bool {
        switch self {
        case .invalidRequest, .nameNotFound, .nameUnanswered, .connectionRefused, .refusedByGuard, .unreachable, .connectTimeout, .tls,
            .proxyTrouble:
            true
        case .totalTimeout, .idleTimeout, .connectionLost, .protocolViolation, .headersTooLarge, .bodyTooLarge, .cancelled, .closed,
            .internalTrouble:
            false
        }
    }
}
