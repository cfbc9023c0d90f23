import RingbackCore
import Store

// Several deliveries in hand, as one message: one attempt, which is on record with each of them.
extension DeliveryEngine {
    /// The child task of one digest.
    ///
    /// - Parameter jobs: At least two, for one endpoint. The breaker's ticket is for all of them: it is one call of the receiver.
    func deliver(together jobs: [DeliveryJob], _ ticket: Breaker.Ticket) async {
        let spans = jobs.map { span(of: $0) }
        let outcomes = await outcomes(of: jobs)
        for (index, span) in spans.enumerated() { end(span, outcomes?[index]) }
        let verdict = outcomes?.first?.verdict ?? .nothing
        let followUp = places.attemptEnded(jobs[0], ticket, verdict, grant: nil, jitter: dice.fraction())
        for job in jobs.dropFirst() { places.attemptEnded(job) }
        if let outcomes {
            note(outcomes, of: jobs)
            await carryOut(followUp, outcomes[0], of: jobs[0])
            await withDiscardingTaskGroup { group in
                for (job, outcome) in zip(jobs, outcomes) { group.addTask { await self.settle(outcome, of: job) } }
            }
        } else {
            for job in jobs { unsent.append((job.delivery.id, inHand[job.delivery.id] ?? job.lease)) }
            places.wake()
        }
        for job in jobs {
            inHand[job.delivery.id] = nil
            places.recorded()
        }
    }

    /// - Returns: One for each job; `nil` when the sender is stopping and cut the attempt short.
    private func outcomes(of jobs: [DeliveryJob]) async -> [Outcome]? {
        guard let endpoint = endpoint(of: jobs[0]) else {
            var outcomes: [Outcome] = []
            for job in jobs {
                // Their endpoint is gone: each is buried on its own.
                guard let outcome = await outcome(of: job) else { return nil }
                outcomes.append(outcome)
            }
            return outcomes
        }
        let startedAt = time.wallNow
        let start = time.now
        var machines = jobs.map { DeliveryMachine(claimed: $0.delivery, to: endpoint, now: startedAt) }
        var numbers: [Int] = []
        for index in machines.indices {
            guard let number = machines[index].begin(now: startedAt) else { preconditionFailure("a claimed delivery is due") }
            numbers.append(number)
        }
        let report = await report(together: jobs, to: endpoint, startedAt: startedAt)
        let endedAt = time.wallNow
        let elapsed = time.now - start
        if Task.isCancelled, report.error?.isOurOwn == true { return nil }
        let reading = AttemptReading(report)
        // One throw for all: they are to fall due together.
        let jitter = dice.fraction()
        let outcomes = zip(machines, numbers).map { machine, number -> Outcome in
            var machine = machine
            guard let decision = machine.attemptEnded(report, now: endedAt, jitter: jitter) else {
                preconditionFailure("an attempt that was begun has ended: \(machine.state)")
            }
            return Outcome(
                attempt: Attempt(number: number, startedAt: startedAt, report: report, isSuccess: reading.isSuccess, elapsed: elapsed),
                operatorDetail: report.operatorDetail, decision: decision, endedAt: endedAt,
                verdict: Breaker.Verdict(reading, report.error))
        }
        return together(outcomes)
    }

    /// Those that had fewer attempts before wait as long as the others: a set stays a set.
    private func together(_ outcomes: [Outcome]) -> [Outcome] {
        let latest = outcomes.compactMap { outcome -> Timestamp? in
            if case .retry(let time) = outcome.decision.next { return time }
            return nil
        }.max()
        guard let latest else { return outcomes }
        return outcomes.map { outcome in
            guard case .retry = outcome.decision.next else { return outcome }
            var outcome = outcome
            outcome.decision = DeliveryMachine.Decision(.retry(at: latest), disabling: outcome.decision.disabling)
            return outcome
        }
    }

    private func note(_ outcomes: [Outcome], of jobs: [DeliveryJob]) {
        let endpoint = jobs[0].delivery.endpoint
        digestSets.ended(Set(jobs.map(\.delivery.id)), to: endpoint)
        let again = zip(jobs, outcomes).filter { _, outcome in
            if case .retry = outcome.decision.next { return true }
            return false
        }
        digestSets.failed(Set(again.map(\.0.delivery.id)), to: endpoint)
    }

    private func report(together jobs: [DeliveryJob], to endpoint: Endpoint, startedAt: Timestamp) async -> AttemptReport {
        let destination: any Destination
        do {
            destination = try destinations.destination(for: endpoint)
        } catch {
            return AttemptReport(unusable: error)
        }
        let jobs = jobs.sorted { ($0.event.createdAt, $0.event.id.rawValue) < ($1.event.createdAt, $1.event.id.rawValue) }
        guard destination.needsResponse else { return await destination.attempt(together: jobs, startedAt: startedAt) }
        do throws(StoreError) {
            return await destination.attempt(together: try await withResponses(jobs), startedAt: startedAt)
        } catch {
            return AttemptReport(error: .internalTrouble, detail: "a response could not be read: \(error)")
        }
    }

    /// What the responses of one digest may take in memory; of the others a message tells no more than their events do.
    private static let maximumResponseBytes = 16 * 1024 * 1024

    private func withResponses(_ jobs: [DeliveryJob]) async throws(StoreError) -> [DeliveryJob] {
        var complete: [DeliveryJob] = []
        var room = Self.maximumResponseBytes
        for job in jobs {
            guard job.response == nil, room > 0 else {
                complete.append(job)
                continue
            }
            let response = try await store.response(of: job.event.id)
            room -= response?.count ?? 0
            complete.append(room >= 0 ? job.with(response: response) : job)
        }
        return complete
    }
}
