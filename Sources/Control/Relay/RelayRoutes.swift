import HTTPTypes
import Logging
import ResponsesAPI
import RingbackCore
import Store
import Transport

/// The proxy: the upstream's own API, so that an unchanged SDK gets callbacks (contract, section 5).
///
/// Bytes go through as they are in both directions. What a background create brings back is on record as a watch before the client hears
/// of it.
struct RelayRoutes: Sendable {
    static let sourceHeader = HTTPField.Name("Ringback-Source")
    static let watchHeader = HTTPField.Name("Ringback-Watch")

    let dependencies: ControlDependencies
    let detached = DetachedStreams()

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        ["/v1/responses", "/upstreams/:upstream/v1/responses"].flatMap { base in
            ["", "/**"].flatMap { rest in
                [Route.relay(.get, base + rest, .read) { try await relay($0) }]
                    + [HTTPRequest.Method.post, .put, .patch, .delete].map { method in
                        Route.relay(method, base + rest, .submit) { try await relay($0) }
                    }
            }
        }
    }

    private func relay(_ call: Call) async throws -> Answer {
        let relay = try RelayCall(call, dependencies)
        switch relay.target.kind {
        case .create: return try await create(relay)
        case .retrieve(let id): return try await retrieve(id, relay)
        case .delete(let id): return try await delete(id, relay)
        case .cancel(let id): return try await cancel(id, relay)
        case .other(let id):
            return try await pass(
                relay, watch: try await watch(id, relay),
                silence: call.head.method == .post ? RelayLimits.patientSilence : RelayLimits.promptSilence)
        }
    }

    // MARK: Passing on

    /// Passes a call on as it is, and its answer too.
    func pass(_ relay: RelayCall, watch: Watch?, silence: Duration) async throws -> Answer {
        try await answered(relay, watch: watch, silence: silence).answer(for: relay.call, time: dependencies.time)
    }

    /// Sends the call and waits for the answer's head. A client that leaves meanwhile ends it.
    ///
    /// - Throws: ``Problem`` when none comes.
    func answered(_ relay: RelayCall, watch: Watch?, silence: Duration) async throws -> RelayAnswer {
        do {
            return try await sent(relay.request(watch: watch, silence: silence), relay)
        } catch let failure as TransferFailure {
            throw Problem(failure, upstream: relay.upstream.name)
        }
    }

    /// - Throws: ``TransferFailure``.
    func sent(_ request: TransferRequest, _ relay: RelayCall) async throws -> RelayAnswer {
        let pipe = RelayPipe(request, by: relay.client.transport)
        let head = try await pipe.lent(to: relay.call.client, time: dependencies.time) { try await pipe.head() }
        return RelayAnswer(head: head, pipe: pipe)
    }

    /// The watch of a response, if it is the caller's.
    func watch(_ id: ResponseID?, _ relay: RelayCall) async throws -> Watch? {
        guard let id, let watch = try await dependencies.store.watch(WatchID(upstream: relay.upstream.name, response: id)) else {
            return nil
        }
        return relay.owns(watch) ? watch : nil
    }

    // MARK: Changing

    /// The upstream may take a cancel and say nothing more of it; a look finds out.
    private func cancel(_ id: ResponseID, _ relay: RelayCall) async throws -> Answer {
        let watch = try await watch(id, relay)
        let answer = try await pass(relay, watch: watch, silence: RelayLimits.promptSilence)
        if let watch { dependencies.store.suggestLook([watch.id]) }
        return answer
    }

    /// Who deletes a response wants it to be nowhere: the kept one is not served here any longer.
    private func delete(_ id: ResponseID, _ relay: RelayCall) async throws -> Answer {
        let watch = try await watch(id, relay)
        let answer = try await answered(relay, watch: watch, silence: RelayLimits.promptSilence)
        if let watch, (200...299).contains(answer.head.status) || Self.meansGone(answer.head) {
            do {
                try await dependencies.store.withholdResponse(of: watch.id)
            } catch {
                answer.pipe.abandon()
                throw Problem(
                    .storeTrouble, "the upstream has deleted the response, but Ringback's copy is still there (\(error)): delete it again")
            }
        }
        return answer.answer(for: relay.call, time: dependencies.time)
    }

    static func meansGone(_ head: TransferHead) -> Bool {
        head.status == 404 || head.status == 410
    }
}
