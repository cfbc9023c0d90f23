import Logging
import ResponsesAPI
import RingbackCore
import Store
import Transport

/// Facts on their way to the disk. The watch stays in the table until its end is there.
extension WatchEngine {
    /// Writes facts, many at once, so that the store can commit them together.
    nonisolated func keepWriting() async {
        await withDiscardingTaskGroup { writers in
            for await fact in facts {
                writers.addTask(executorPreference: transport.loop) { await self.write(fact) }
            }
        }
    }

    /// Tries until the fact is written or the task is cancelled; ``handBack()`` then tries once more.
    nonisolated private func write(_ fact: Fact) async {
        var delay = options.firstStoreDelay
        while let error = await tryWriting(fact) {
            await noteStoreTrouble(error)
            // A sleep that throws was cancelled.
            guard error != .closed, (try? await time.sleep(until: time.now + delay)) != nil else { return }
            delay = min(delay * 2, options.longestStoreDelay)
        }
        await settle(fact)
    }

    /// Writes a fact with one delivery per recipient, and hands those over that can be sent at once.
    ///
    /// - Returns: Why it is not written; `nil` when it is, or when the store has no use for it any more.
    nonisolated private func tryWriting(_ fact: Fact) async -> StoreError? {
        var reserved: [EndpointName] = []
        var seen: Set<EndpointName> = []
        // A place is held for this try only: while the disk is full, others may use it.
        let recipients = recipients(of: fact).filter { seen.insert($0).inserted }.map { name in
            let lease = intake.reserve(name)
            if lease != nil { reserved.append(name) }
            return Recipient(endpoint: name, bornLeased: lease)
        }
        do throws(StoreError) {
            let jobs = try await record(fact, recipients: recipients)?.jobs ?? []
            let used = Set(jobs.map(\.delivery.endpoint))
            reserved.removeAll(where: used.contains)
            if !jobs.isEmpty { intake.accept(jobs) }
            if !reserved.isEmpty { intake.cancel(reserved) }
            return nil
        } catch {
            if !reserved.isEmpty { intake.cancel(reserved) }
            return error
        }
    }

    /// Who is to hear of it, as things are now.
    nonisolated func recipients(of fact: Fact) -> [EndpointName] {
        directory.recipients(
            of: fact.event.type, watch: fact.watch, status: fact.status, model: fact.model, metadata: fact.metadata)
    }

    nonisolated private func record(_ fact: Fact, recipients: [Recipient]) async throws(StoreError) -> RecordedEvent? {
        switch fact.kind {
        case .end(let status, let response, let lookAgainAt):
            try await store.end(
                WatchEnding(
                    id: fact.watch.id, lease: fact.lease, status: status, event: fact.event,
                    response: fact.oversized == nil ? response?.bytes : nil, model: fact.model, usage: response?.usage,
                    sequenceNumber: fact.sequenceNumber, lastError: fact.lastError, lookAgainAt: lookAgainAt, recipients: recipients,
                    oversized: fact.oversized
                ))
        case .notice:
            try await store.record(WatchNotice(id: fact.watch.id, lease: fact.lease, event: fact.event, recipients: recipients))
        }
    }

    /// The fact is on disk.
    private func settle(_ fact: Fact) {
        noteStoreWorks()
        logger.debug("An event is on disk.", metadata: fact.event.logFields.mapValues { .string($0) })
        guard case .end = fact.kind, let followed = table[fact.watch.id], followed.ending?.event.id == fact.event.id,
            followed.lease == fact.lease
        else { return }
        remove(followed)
    }

    /// The response's bytes are no longer held for the disk.
    func release(_ ending: Fact) {
        heldBytes -= ending.heldBytes
        guard heldBytes <= options.maximumHeldBytes, !pausedStreams.isEmpty || ending.heldBytes > 0 else { return }
        pausedStreams.forEach(transport.resume)
        pausedStreams = []
        governors.all.forEach(sendRequests)
    }

    func noteStoreTrouble(_ error: StoreError) {
        guard !storeIsFailing else { return }
        storeIsFailing = true
        logger.error("The store does not take changes; they are kept in memory and tried again.", metadata: ["error": "\(error)"])
    }

    func noteStoreWorks() {
        guard storeIsFailing else { return }
        storeIsFailing = false
        logger.notice("The store takes changes again.")
    }

    /// The last act of ``run()``: one more try for every ending that is not on disk, progress, and the leases.
    func handBack() async {
        await withDiscardingTaskGroup { group in
            for ending in table.values.compactMap(\.ending) {
                group.addTask {
                    if await self.tryWriting(ending) == nil { await self.settle(ending) }
                }
            }
        }
        await saveProgress()
        await saveManners()
        let held = table.values.filter(\.holdsLease).map { (id: $0.id, lease: $0.lease) }
        for start in stride(from: 0, to: held.count, by: options.claimPage) {
            do {
                try await store.releaseWatches(Array(held[start..<min(start + options.claimPage, held.count)]))
            } catch {
                // Another process takes them over when this node's announcement has passed.
                noteStoreTrouble(error)
                break
            }
        }
        table.values.forEach(endSpans)
        table = [:]
    }
}
