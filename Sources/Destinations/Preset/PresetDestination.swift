package import AddressGuard
package import Delivering
import Presets
package import RingbackCore
package import Store
package import Transport

/// A chat or ticket system that is written to as its preset says (contract, section 7).
///
/// An attempt is all the requests an event needs: a search, what is created, what is changed or added. Each one that was taken is on record
/// before the next, so that an attempt that gets only half the way goes on there. All of them together have the endpoint's timeout.
package struct PresetDestination: Destination {
    /// More requests than any preset needs for an event.
    static let maximumRequests = 8

    private var composer: PresetComposer
    private let endpoint: Endpoint
    private let records: any SinkStore
    private let transport: any Transport
    private let callbackGuard: (@Sendable () -> CallbackGuard)?
    private let egressProxy: @Sendable () -> EgressProxy?
    private let time: any TimeSource

    /// - Parameters:
    ///   - records: Keeps what was made, for later events of the same response.
    ///   - callbackGuard: The guard as it is configured now, asked before each request; `nil` for the operator's own endpoints.
    package init(
        _ composer: PresetComposer, of endpoint: Endpoint, records: any SinkStore, transport: any Transport,
        callbackGuard: (@Sendable () -> CallbackGuard)?, egressProxy: @escaping @Sendable () -> EgressProxy?, time: any TimeSource
    ) {
        self.composer = composer
        self.endpoint = endpoint
        self.records = records
        self.transport = transport
        self.callbackGuard = callbackGuard
        self.egressProxy = egressProxy
        self.time = time
    }

    package var needsResponse: Bool { true }

    package func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
        do throws(StoreError) {
            return try await attempt(job, kept: try await record(of: job), startedAt: startedAt)
        } catch {
            return AttemptReport(error: .internalTrouble, detail: "what is known of earlier messages cannot be read or kept: \(error)")
        }
    }

    package func attempt(together jobs: [DeliveryJob], startedAt: Timestamp) async -> AttemptReport {
        var destination = self
        destination.composer.digest = jobs
        // It belongs to no watch: nothing is kept of it, and what is kept of its responses stays theirs.
        return await destination.attempt(DeliveryJob(digestOf: jobs, watch: nil), number: 1, startedAt: startedAt)
    }

    private func attempt(_ job: DeliveryJob, kept: SinkRecord?, startedAt: Timestamp) async throws(StoreError) -> AttemptReport {
        let preset = composer.preset
        let deadline = time.now + endpoint.timeout
        let history = PresetHistory(kept, of: job.event.id)
        var steps = history.done
        var flow = PresetFlow(
            preset, outcome: composer.facts(of: job).outcome, kept: history.captured, done: steps, begun: history.begun)
        var wasThere = history.captured != nil
        var last: TransferAnswer?
        var isPlain = false
        for _ in 0..<Self.maximumRequests {
            let kind: RequestKind
            switch flow.next() {
            case .done: return report(last, wasThere ? "it was sent by an earlier attempt" : nil)
            case .nothing(let reason): return report(last, reason)
            case .send(let next): kind = next
            }
            if preset.leavesDoubt(kind) { try await keep(flow.captured, steps, begun: kind, of: job) }
            let (answer, confirmation): (TransferAnswer, String?)
            do throws(FailedAttempt) {
                (answer, confirmation) = try await send(kind, of: job, captured: flow.captured, isPlain: isPlain, by: deadline)
            } catch {
                return error.report
            }
            last = answer
            let judge = AnswerJudge(preset, kind)
            let judged = PresetAnswer(answer)
            let judgement = judge.judge(judged, now: startedAt + answer.summary.total)
            switch judgement.verdict {
            case .delivered where kind == .search:
                let isFound = judge.isFound(judgement, in: judged, confirmation: confirmation)
                flow.searched(found: isFound ? judgement.captured : nil)
                guard isFound, history.begun == .create else { break }
                wasThere = true
                steps.append(.create)
                try await keep(flow.captured, steps, of: job)
            case .delivered where kind == .check:
                let isFound = judge.isFound(judgement, in: judged, confirmation: confirmation)
                flow.checked(found: isFound)
                guard isFound else { break }
                wasThere = true
                steps.append(.comment)
                try await keep(flow.captured, steps, of: job)
            case .delivered:
                wasThere = false
                flow.delivered(kind, captured: judgement.captured)
                steps.append(kind)
                try await keep(flow.captured, steps, of: job)
            case .missing where flow.missing():
                steps = []
            case .plain where !isPlain:
                // Nothing was made, so the flow asks for the same request again.
                isPlain = true
            case .retry, .permanent, .ambiguous, .disable, .missing, .plain:
                return report(judgement, of: answer, kind)
            }
        }
        return AttemptReport(
            error: .systemRefused, detail: "the preset needs more than \(Self.maximumRequests) requests for one event", verdict: .rejected,
            sink: evidence())
    }

    // MARK: Records

    private func record(of job: DeliveryJob) async throws(StoreError) -> SinkRecord? {
        guard let watch = job.event.watch else { return nil }
        return try await records.sinkRecord(of: watch, at: endpoint.name)
    }

    /// - Parameter begun: What is about to be sent. It is on record before, so that it can be looked for when nothing more is heard of it.
    private func keep(
        _ captured: [String: String], _ steps: [RequestKind], begun: RequestKind? = nil, of job: DeliveryJob
    ) async throws(StoreError) {
        guard let watch = job.event.watch else { return }
        let record = SinkRecord(
            endpoint: endpoint.name, watch: watch, event: job.event.id, steps: PresetHistory.steps(steps, begun: begun), captured: captured)
        try await records.keep(record, now: time.wallNow)
    }

    // MARK: Sending

    /// - Returns: The answer, and what it has to hold when the request was a search.
    private func send(
        _ kind: RequestKind, of job: DeliveryJob, captured: [String: String], isPlain: Bool, by deadline: Moment
    ) async throws(FailedAttempt) -> (answer: TransferAnswer, confirmation: String?) {
        let request: RenderedRequest
        let route: WebhookRoute
        do {
            request = try composer.renderer(of: job, captured: captured, isPlain: isPlain).render(kind)
            // The URL differs from request to request; who may be reached, by what way and for how long does not.
            route = try WebhookRoute(
                WebhookTarget(url: request.url, secrets: []), of: endpoint, transport: transport, callbackGuard: callbackGuard,
                egressProxy: egressProxy, time: time)
        } catch {
            throw FailedAttempt(
                AttemptReport(error: .unrenderable, detail: "\(error)", verdict: .unrenderable, sink: evidence()))
        }
        guard let method = TransferRequest.Method(rawValue: request.method) else {
            preconditionFailure("a preset's method was checked when it was read: \(request.method)")
        }
        do {
            let answer = try await route.perform(
                method, headers: request.headers, body: request.body, mayBeRepeated: composer.preset.knowsRepeats(of: kind), by: deadline)
            return (answer, request.confirmation)
        } catch {
            throw FailedAttempt(report(error, kind))
        }
    }

    // MARK: Reports

    private func evidence(isAmbiguous: Bool = false) -> SinkEvidence {
        SinkEvidence(proof: composer.preset.proof, protection: composer.preset.identity, isAmbiguous: isAmbiguous)
    }

    /// - Parameter answer: The last one; `nil` when nothing was sent.
    private func report(_ answer: TransferAnswer?, _ detail: String?) -> AttemptReport {
        var report = answer.map { AttemptReport($0, now: time.wallNow) } ?? AttemptReport()
        report.error = nil
        report.detail = detail
        report.retryAfter = nil
        report.directive = nil
        report.verdict = .delivered
        report.sink = evidence()
        return report
    }

    private func report(_ judgement: Judgement, of answer: TransferAnswer, _ kind: RequestKind) -> AttemptReport {
        var report = AttemptReport(answer, now: time.wallNow)
        report.error = report.error ?? .systemRefused
        report.detail = judgement.reason.map { kind == .create ? $0 : "\(kind.rawValue): \($0)" }
        report.retryAfter = judgement.retryAfter
        report.directive = nil
        report.sink = evidence(isAmbiguous: judgement.verdict == .ambiguous && !kind.changesNothing)
        report.verdict =
            switch judgement.verdict {
            case .delivered, .retry: .again
            case .ambiguous: verdictOfDoubt(kind)
            case .permanent, .missing, .plain: .rejected
            case .disable: .disable(judgement.reason ?? "the system wants no more requests of this endpoint")
            }
        return report
    }

    private func report(_ failure: TransferFailure, _ kind: RequestKind) -> AttemptReport {
        var report = AttemptReport(failure)
        let isInDoubt = failure.mayHaveArrived && !kind.changesNothing
        report.sink = evidence(isAmbiguous: isInDoubt)
        if isInDoubt { report.verdict = verdictOfDoubt(kind) }
        return report
    }

    /// Sent again where that is harmless or wanted.
    private func verdictOfDoubt(_ kind: RequestKind) -> AttemptReport.Verdict {
        guard composer.parameter("on_ambiguous")?.reveal() == "give_up", !kind.changesNothing else { return .again }
        switch composer.preset.identity {
        case .key, .data, .search: return .again
        case .update: return kind == .update ? .again : .ambiguous
        case .none: return .ambiguous
        }
    }
}

extension Preset {
    /// Whether the same request twice is as good as once.
    fileprivate func knowsRepeats(of kind: RequestKind) -> Bool {
        switch identity {
        case .data: true
        // Only what is created has the key for certain.
        case .key: kind.changesNothing || kind == .create
        case .search, .update, .none: kind.changesNothing
        }
    }

    /// Whether it can be looked for what such a request has made when its answer was lost.
    fileprivate func leavesDoubt(_ kind: RequestKind) -> Bool {
        switch kind {
        case .create: requests[.search] != nil
        case .comment: requests[.check] != nil
        case .search, .check, .update, .close: false
        }
    }
}

extension PresetAnswer {
    init(_ answer: TransferAnswer) {
        self.init(status: answer.head.status, headers: answer.head.headers, body: answer.body)
    }
}

extension TransferFailure {
    /// Whether the other side may have read the whole request: it was connected to, and then no complete answer came.
    var mayHaveArrived: Bool {
        switch error {
        case .invalidRequest, .nameNotFound, .nameUnanswered, .proxyTrouble, .connectionRefused, .unreachable, .refusedByGuard,
            .connectTimeout, .tls:
            false
        case .totalTimeout, .idleTimeout, .connectionLost, .cancelled, .closed, .internalTrouble: summary.connect != nil
        case .protocolViolation, .headersTooLarge, .bodyTooLarge: true
        }
    }
}
