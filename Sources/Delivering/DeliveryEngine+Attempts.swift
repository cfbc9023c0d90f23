import Logging
import RingbackCore
import Spans
import Store

// One delivery in hand: the attempt, what follows from it, and its record.
extension DeliveryEngine {
    struct Outcome {
        let attempt: Attempt
        /// See ``AttemptReport/operatorDetail``.
        var operatorDetail: String?
        var decision: DeliveryMachine.Decision
        let endedAt: Timestamp
        /// What the attempt says about the receiver.
        let verdict: Breaker.Verdict
        /// See ``AttemptReport/grant``.
        var grant: RateGrant?
    }

    /// The child task of one attempt.
    func deliver(_ job: DeliveryJob, _ ticket: Breaker.Ticket) async {
        let span = span(of: job)
        let outcome = await outcome(of: span.map { job.with(trace: $0.context) } ?? job)
        end(span, outcome)
        let followUp = places.attemptEnded(job, ticket, outcome?.verdict ?? .nothing, grant: outcome?.grant, jitter: dice.fraction())
        if let outcome {
            await carryOut(followUp, outcome, of: job)
            await settle(outcome, of: job)
        } else {
            unsent.append((job.delivery.id, inHand[job.delivery.id] ?? job.lease))
            places.wake()
        }
        inHand[job.delivery.id] = nil
        places.recorded()
    }

    /// - Returns: `nil` when nothing came of it: the sender is stopping and cut the attempt short, or the endpoint takes nothing now.
    func outcome(of job: DeliveryJob) async -> Outcome? {
        let endpoint = endpoint(of: job)
        let startedAt = time.wallNow
        let start = time.now
        var machine = DeliveryMachine(claimed: job.delivery, to: endpoint, now: startedAt)
        guard let number = machine.begin(now: startedAt) else { preconditionFailure("a claimed delivery is due: \(machine.state)") }
        guard let endpoint else {
            let what = job.delivery.endpoint.isCallback ? "watch with this callback" : "endpoint"
            return machine.bury(.endpointRemoved).map {
                Outcome(
                    attempt: Attempt(number: number, diedAt: startedAt, detail: "the \(what) no longer exists"), decision: $0,
                    endedAt: startedAt, verdict: .nothing)
            }
        }
        let report = await report(of: job, to: endpoint, number: number, startedAt: startedAt)
        let endedAt = time.wallNow
        if Task.isCancelled, report.error?.isOurOwn == true, machine.release(now: endedAt) { return nil }
        if report.error == .inboxFull, machine.release(now: endedAt) {
            hold(job.delivery.endpoint, report)
            return nil
        }
        goOn(job.delivery.endpoint)
        let reading = AttemptReading(report)
        let attempt = Attempt(
            number: number, startedAt: startedAt, report: report, isSuccess: reading.isSuccess, elapsed: time.now - start)
        return machine.attemptEnded(report, now: endedAt, jitter: dice.fraction()).map {
            Outcome(
                attempt: attempt, operatorDetail: report.operatorDetail, decision: $0, endedAt: endedAt,
                verdict: Breaker.Verdict(reading, report.error), grant: report.grant)
        }
    }

    private func hold(_ name: EndpointName, _ report: AttemptReport) {
        counters.heldBack += 1
        guard places.hold(name) else { return }
        logger.notice(
            "An endpoint takes nothing for the moment: its deliveries wait.",
            metadata: ["endpoint.name": "\(name)", "endpoint.reason": "\(report.detail ?? "")"])
    }

    private func goOn(_ name: EndpointName) {
        guard places.release(name) else { return }
        logger.notice("An endpoint takes deliveries again.", metadata: ["endpoint.name": "\(name)"])
    }

    func endpoint(of job: DeliveryJob) -> Endpoint? {
        let name = job.delivery.endpoint
        guard name.isCallback else { return directory[name] }
        guard let callback = job.callback, let watch = job.delivery.watch else { return nil }
        return callback.endpoint(for: watch)
    }

    private func report(of job: DeliveryJob, to endpoint: Endpoint, number: Int, startedAt: Timestamp) async -> AttemptReport {
        let destination: any Destination
        do {
            destination = try destinations.destination(for: endpoint)
        } catch {
            return AttemptReport(unusable: error)
        }
        guard destination.needsResponse, job.response == nil else {
            return await destination.attempt(job, number: number, startedAt: startedAt)
        }
        do throws(StoreError) {
            let response = try await store.response(of: job.event.id)
            return await destination.attempt(job.with(response: response), number: number, startedAt: startedAt)
        } catch {
            return AttemptReport(error: .internalTrouble, detail: "the response could not be read: \(error)")
        }
    }

    /// Carries out what an attempt means for its endpoint, before its own outcome is written: after a crash between the two the attempt is
    /// made again. The other way round the receiver's wish, or its recovery, would be forgotten.
    func carryOut(
        _ followUp: (consequences: Breaker.Consequences, record: BreakerRecord?), _ outcome: Outcome, of job: DeliveryJob
    ) async {
        let name = job.delivery.endpoint
        let consequences = followUp.consequences
        if consequences.hasTripped {
            counters.trips += 1
            logger.warning(
                "An endpoint's circuit breaker has tripped: its deliveries wait, single probes find out when it is back.",
                metadata: ["endpoint.name": "\(name)"])
        }
        if let since = consequences.recoveredFrom {
            counters.recoveries += 1
            logger.notice("An endpoint has recovered.", metadata: ["endpoint.name": "\(name)", "endpoint.troubled_since": "\(since)"])
            await raise(BridgeEvents.recovery(of: name, from: since, now: outcome.endedAt), except: nil)
        }
        let isHopeless = consequences.failingSince.map { DisablingCause.failing(since: $0) }
        if let cause = outcome.decision.disabling ?? isHopeless {
            await disable(cause, by: job, attempt: outcome.attempt.number)
        } else if let record = followUp.record {
            await save(record, of: name)
        }
    }

    private func save(_ record: BreakerRecord, of endpoint: EndpointName) async {
        let now = time.wallNow
        _ = await untilTaken(.breaker, patience: options.recordingPatience) { () async throws(StoreError) in
            try await self.store.saveBreaker(record, of: endpoint, now: now)
        }
    }

    /// Writes down what came of an attempt.
    func settle(_ outcome: Outcome, of job: DeliveryJob) async {
        let written = await untilTaken(.record, patience: options.recordingPatience) { () async throws(StoreError) in
            try await self.write(outcome, of: job)
        }
        switch written {
        case true: note(outcome, of: job)
        case false:
            logger.notice("An outcome came too late: somebody else has the delivery by now.", metadata: metadata(outcome, of: job))
        case nil:
            counters.forgotten += 1
            logger.warning("An outcome could not be written down: the attempt will be repeated.", metadata: metadata(outcome, of: job))
        }
    }

    /// - Returns: Whether the lease still held and the outcome is on record.
    private func write(_ outcome: Outcome, of job: DeliveryJob) async throws(StoreError) -> Bool {
        while true {
            let lease = inHand[job.delivery.id] ?? job.lease
            let notice = deathNotice(for: outcome, of: job)
            let recorded: RecordedAttempt?
            do throws(StoreError) {
                recorded = try await store.record(
                    AttemptResultRow(
                        delivery: job.delivery.id, lease: lease, attempt: outcome.attempt, next: outcome.decision.next, deathNotice: notice,
                        now: outcome.endedAt))
            } catch {
                handOver([], to: notice?.recipients ?? [])
                throw error
            }
            handOver(recorded?.jobs ?? [], to: notice?.recipients ?? [])
            if recorded != nil { return true }
            // A claim of our own may have taken the delivery over while its outcome waited for the store; then the outcome is recorded under
            // that claim's lease, which is known when the claim has arrived.
            await claimsToArrive()
            guard let newer = inHand[job.delivery.id], newer != lease else { return false }
        }
    }

    private func deathNotice(for outcome: Outcome, of job: DeliveryJob) -> (event: Event, recipients: [Recipient])? {
        switch outcome.decision.next {
        case .delivered, .retry: return nil
        case .dead(let reason):
            let event = BridgeEvents.death(of: job, reason: reason, attempt: outcome.attempt.number, now: outcome.endedAt)
            return event.map { ($0, recipients(of: .deliveryDead, except: job.delivery.endpoint)) }
        }
    }

    /// Those who asked for an event about an endpoint, without that endpoint itself when it cannot hear of it; with places where there are
    /// some.
    private func recipients(of type: EventType, except subject: EndpointName?) -> [Recipient] {
        directory.recipients(of: type).filter { $0 != subject }.map { Recipient(endpoint: $0, bornLeased: places.reserve($0)) }
    }

    /// Hands born-leased deliveries over and gives back the places for which there was none.
    private func handOver(_ jobs: [DeliveryJob], to recipients: [Recipient]) {
        let served = Set(jobs.map(\.delivery.endpoint))
        places.cancel(recipients.filter { $0.bornLeased != nil && !served.contains($0.endpoint) }.map(\.endpoint))
        places.accept(jobs)
    }

    private func disable(_ cause: DisablingCause, by job: DeliveryJob, attempt: Int) async {
        let name = job.delivery.endpoint
        // Several attempts may hear the same wish at once: the first one acts on it.
        guard var endpoint = directory[name], endpoint.isEnabled else { return }
        endpoint.isEnabled = false
        endpoint.disabledReason = cause.reason
        directory.set(endpoint)
        logger.warning(
            "An endpoint is disabled.", metadata: metadata(of: job).merging(["endpoint.reason": "\(cause.reason)"]) { $1 })
        let now = time.wallNow
        counters.disabled += 1
        let record = places.disabled(name)
        _ = await untilTaken(.disable, patience: options.recordingPatience) { () async throws(StoreError) in
            try await self.store.setDisabled(name, reason: cause.reason, now: now)
        }
        await save(record, of: name)
        await raise(BridgeEvents.disabling(of: name, cause: cause, by: job, attempt: attempt, now: now), except: name)
    }

    /// Writes an event about an endpoint, once per id, with a delivery for everybody who asked for it.
    private func raise(_ event: Event, except subject: EndpointName?) async {
        let now = time.wallNow
        _ = await untilTaken(.disable, patience: options.recordingPatience) { () async throws(StoreError) in
            let recipients = self.recipients(of: event.type, except: subject)
            let recorded: RecordedEvent?
            do throws(StoreError) {
                recorded = try await self.store.record(event, recipients: recipients, now: now)
            } catch {
                self.handOver([], to: recipients)
                throw error
            }
            self.handOver(recorded?.jobs ?? [], to: recipients)
        }
    }

    private func note(_ outcome: Outcome, of job: DeliveryJob) {
        count(outcome.attempt, to: job.delivery.endpoint)
        switch outcome.decision.next {
        case .delivered:
            counters.delivered += 1
            noteLatency(outcome, of: job)
            logger.debug("A delivery has arrived.", metadata: metadata(outcome, of: job))
        case .retry(let time):
            counters.retried += 1
            places.look(at: [job.delivery.endpoint: time])
            // Of a delivery that our own trouble or the guard holds up, the first time is worth a warning; the receiver's trouble is everyday
            // life.
            let isNewTrouble =
                outcome.attempt.error?.isOurOwn == true && job.delivery.attemptsInAll == job.delivery.attempts
                || outcome.attempt.error == .addressRefused && job.delivery.attemptsInAll == 0
            logger.log(
                level: isNewTrouble ? .warning : .debug, "An attempt failed; there will be another.", metadata: metadata(outcome, of: job))
        case .dead(let reason):
            counters.dead[reason, default: 0] += 1
            logger.warning(
                "A delivery is dead.",
                metadata: metadata(outcome, of: job).merging(["delivery.dead_reason": "\(reason.rawValue)"]) { $1 })
        }
    }

    /// How late the end of a response was told. Of one that somebody had sent anew only that somebody knows since when it is late.
    private func noteLatency(_ outcome: Outcome, of job: DeliveryJob) {
        let delivery = job.delivery
        guard delivery.eventType.isTerminal, delivery.attempts > 0 || delivery.attemptsInAll == 0, let kind = endpoint(of: job)?.kind
        else { return }
        counters.latencies[kind, default: Histogram(bounds: DeliveryCounters.latencyBounds)].record(outcome.endedAt - delivery.createdAt)
    }

    private func count(_ attempt: Attempt, to endpoint: EndpointName) {
        if attempt.outcome == .failed, let error = attempt.error { counters.failures[error, default: 0] += 1 }
        // Strangers make as many callbacks as they like: in a metric they are nobody.
        guard !endpoint.isCallback else { return }
        histories[endpoint, default: AttemptHistory()].add(attempt, now: time.wallNow)
        switch attempt.outcome {
        case .succeeded: counters.attempts[endpoint, default: .init()].succeeded += 1
        case .failed: counters.attempts[endpoint, default: .init()].failed += 1
        }
    }

    private func metadata(_ outcome: Outcome, of job: DeliveryJob) -> Logger.Metadata {
        var metadata = metadata(of: job)
        metadata["attempt.number"] = "\(outcome.attempt.number)"
        if let error = outcome.attempt.error { metadata["attempt.error"] = "\(error.rawValue)" }
        if let detail = outcome.operatorDetail ?? outcome.attempt.detail { metadata["attempt.detail"] = "\(detail)" }
        if let status = outcome.attempt.httpStatus { metadata["attempt.http_status"] = "\(status)" }
        return metadata
    }

    /// What a line of the log says about a delivery.
    private func metadata(of job: DeliveryJob) -> Logger.Metadata {
        var metadata: Logger.Metadata = job.event.logFields.mapValues { .string($0) }
        metadata["delivery.id"] = "\(job.delivery.id)"
        metadata["endpoint.name"] = "\(job.delivery.endpoint)"
        return metadata
    }
}

extension DeliveryJob {
    func with(response: [UInt8]?) -> DeliveryJob {
        DeliveryJob(
            delivery: delivery, lease: lease, leasedUntil: leasedUntil, isRetry: isRetry, event: event, response: response,
            metadata: metadata,
            callback: callback, trace: trace)
    }

    func with(trace: TraceContext?) -> DeliveryJob {
        var job = self
        job.trace = trace
        return job
    }
}

extension AttemptReport {
    /// No destination could be made from the endpoint's settings.
    init(unusable error: any Error) {
        self.init(error: .internalTrouble, detail: "the endpoint's settings cannot be used: \(error)")
    }
}
