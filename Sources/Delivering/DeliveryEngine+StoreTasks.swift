import Logging
import RingbackCore
import Store

// What the sender asks of the store beside recording attempts, and its patience with it.
extension DeliveryEngine {
    /// What was asked of the store when it failed. Told apart, since a full disk can still be read.
    enum StoreTask: String, Sendable, Hashable {
        case claim
        case look
        case record
        case release
        case disable
        case breaker
    }

    /// How many deliveries are given back in one change.
    private static let releaseRows = 500
    /// At the very end only a short wait is left for a store that does not answer: leases run out by themselves.
    static let lastReleasePatience: Duration = .seconds(2)

    func claim(_ claim: DeliveryClaim) async {
        do throws(StoreError) {
            let jobs = try await store.claimDeliveries(claim)
            succeeded(.claim)
            claimBackoff = .store
            places.endClaim(claim, jobs)
        } catch {
            failed(.claim, error)
            claimPause = time.now + claimBackoff.next()
            places.endClaim(claim, nil)
        }
    }

    /// Asks for everything that waits, in case a hint was lost, and puts the house in order.
    func look() async {
        // A change of the directory, or a reset of a breaker, that nobody announced takes effect here.
        await endpointsChanged()
        do throws(StoreError) {
            // Later times are found by later looks; until then they would only fill the memory.
            let soon = time.wallNow + options.lookInterval * 2
            let times = try await store.nextDue()
            succeeded(.look)
            let now = time.wallNow
            queueAges = times.filter { $0.value <= now }.mapValues { now - $0 }
            places.look(at: times.filter { $0.value <= soon })
        } catch {
            failed(.look, error)
        }
        destinations.keep { directory[$0] != nil }
        nextLook = time.now + options.lookInterval
        isLooking = false
        places.wake()
    }

    /// Takes over what the store holds of the circuit breakers: everything at the start, and later resets by somebody who enabled an endpoint.
    func adoptBreakers() async {
        do throws(StoreError) {
            places.adopt(try await store.breakers())
            succeeded(.breaker)
        } catch {
            failed(.breaker, error)
        }
    }

    func giveBack(_ job: DeliveryJob) {
        places.withdraw(job)
        unsent.append((job.delivery.id, job.lease))
    }

    /// Gives back what was in hand and never got a place; the lanes are looked at again when their time comes.
    func returnUnbegun(_ jobs: [DeliveryJob]) {
        guard !jobs.isEmpty else { return }
        if !places.isClosed { counters.heldBack += jobs.count }
        unsent += jobs.map { ($0.delivery.id, $0.lease) }
        places.look(at: Array(Set(jobs.map(\.delivery.endpoint))))
    }

    /// Gives back what was not sent. What the store does not take within `patience` stays for the next time.
    func releaseUnsent(patience: Duration) async {
        guard !isReleasing, !unsent.isEmpty else { return }
        isReleasing = true
        while !unsent.isEmpty {
            let batch = Array(unsent.prefix(Self.releaseRows))
            let taken: Void? = await untilTaken(.release, patience: patience) { () async throws(StoreError) in
                try await self.store.releaseDeliveries(batch, dueAt: self.time.wallNow)
            }
            guard taken != nil else { break }
            unsent.removeFirst(batch.count)
        }
        isReleasing = false
    }

    /// Asks the store again and again, with growing waits, while its trouble may pass.
    ///
    /// - Returns: `nil` when it did not take the change: its trouble is here to stay, `patience` ended, or the task was cancelled.
    func untilTaken<Value>(
        _ task: StoreTask, patience: Duration, _ change: () async throws(StoreError) -> Value
    ) async -> Value? {
        var backoff = Backoff.store
        let end = time.now + patience
        while true {
            do throws(StoreError) {
                let value = try await change()
                succeeded(task)
                return value
            } catch {
                failed(task, error)
                guard error.mayPass else { return nil }
            }
            let next = time.now + backoff.next()
            guard next <= end else { return nil }
            do {
                try await time.sleep(until: next)
            } catch {
                return nil
            }
        }
    }

    private func succeeded(_ task: StoreTask) {
        guard storeTroubles.removeValue(forKey: task) != nil else { return }
        logger.notice("The store works again for the sender.", metadata: ["store.task": "\(task.rawValue)"])
    }

    private func failed(_ task: StoreTask, _ error: StoreError) {
        // Said once per trouble, not once per try.
        guard storeTroubles.updateValue(error, forKey: task) == nil else { return }
        logger.warning(
            "The store fails the sender: it tries again by itself and keeps its outcomes in memory meanwhile.",
            metadata: ["store.task": "\(task.rawValue)", "store.error": "\(error)"])
    }
}

extension StoreError {
    /// Whether trying again can help.
    fileprivate var mayPass: Bool {
        switch self {
        case .noSpace, .unavailable: true
        case .unusable, .closed: false
        }
    }
}
