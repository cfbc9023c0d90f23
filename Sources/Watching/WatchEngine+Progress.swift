package import RingbackCore
import Store

/// What is learned while following: written back lazily, and readable before.
extension WatchEngine {
    func keepSavingProgress() async {
        // A sleep that throws was cancelled; the last batch is written at the very end.
        while (try? await time.sleep(until: time.now + options.progressInterval)) != nil {
            await saveProgress()
            await saveManners()
            governors.sweep(time.now)
        }
    }

    /// Writes back what is dirty, each watch once.
    func saveProgress() async {
        await saveClosedLooks()
        while !dirty.isEmpty {
            let page = Array(dirty.prefix(options.progressPage))
            dirty.removeFirst(page.count)
            let progress = page.compactMap(progress)
            guard !progress.isEmpty else { continue }
            do {
                try await store.saveProgress(progress, now: time.wallNow)
                noteStoreWorks()
            } catch {
                noteStoreTrouble(error)
                return page.compactMap { table[$0] }.forEach(markDirty)
            }
        }
    }

    /// What is not written here is looked at once more after a restart, which harms nobody.
    private func saveClosedLooks() async {
        guard !closedLooks.isEmpty else { return }
        let closed = closedLooks
        closedLooks = []
        do {
            try await store.closeSecondLooks(closed)
        } catch {
            noteStoreTrouble(error)
            closedLooks += closed
        }
    }

    private func progress(of id: WatchID) -> WatchProgress? {
        guard let followed = table[id], followed.isDirty else { return nil }
        followed.isDirty = false
        guard followed.holdsLease, followed.ending == nil, !followed.isSecondLook else { return nil }
        return WatchProgress(
            id: id, lease: followed.lease, status: followed.machine.status, following: followed.machine.following,
            sequenceNumber: followed.machine.cursor, model: followed.model, lastError: followed.lastError
        )
    }

    func markDirty(_ followed: Followed) {
        guard !followed.isDirty else { return }
        followed.isDirty = true
        dirty.append(followed.id)
    }

    /// Marks a watch whose way of being followed has changed.
    func noteProgress(of followed: Followed) {
        guard followed.machine.following != followed.notedFollowing else { return }
        followed.notedFollowing = followed.machine.following
        markDirty(followed)
    }

    /// What is known of a followed watch right now, which may be newer than its row in the store; `nil` when it is not followed here.
    package func liveProgress(of id: WatchID) -> FollowingProgress? {
        guard let followed = table[id], followed.holdsLease, followed.ending == nil, !followed.isSecondLook else { return nil }
        return FollowingProgress(
            sequenceNumber: followed.machine.cursor, following: followed.machine.following, status: followed.machine.status,
            eventCount: followed.eventCount
        )
    }

    /// The engine's figures, for `/readyz` and metrics. Walks the table: to be called seconds apart, not per request.
    package func snapshot() -> WatchEngineSnapshot {
        var snapshot = WatchEngineSnapshot(totals: totals, delays: alarm.delays, storeIsFailing: storeIsFailing, heldBytes: heldBytes)
        for followed in table.values {
            guard followed.ending == nil else {
                snapshot.unwrittenEndings += 1
                continue
            }
            guard followed.holdsLease, !followed.isSecondLook else { continue }
            let kind = WatchEngineSnapshot.Kind(following: followed.machine.following, status: followed.machine.status)
            snapshot.watches[kind, default: 0] += 1
        }
        snapshot.upstreams = upstreamSnapshots()
        return snapshot
    }

    /// The upstreams' part of ``snapshot()``. Looks at those who wait only, so that it may be asked for by every request.
    package func upstreamSnapshots() -> [UpstreamSnapshot] {
        let now = time.now
        var waiting: [UpstreamName: (count: Int, since: Moment)] = [:]
        for governor in governors.all {
            governor.governor.forEachWaiting { ask, since in
                guard let followed = table[ask.watch], followed.request(ask.token)?.governor === governor else { return }
                let before = waiting[followed.watch.upstream] ?? (0, since)
                waiting[followed.watch.upstream] = (before.count + 1, min(before.since, since))
            }
        }
        return upstreams.values.map { upstream in
            let name = upstream.upstream.name
            let governor = governors[upstream.credential]
            return UpstreamSnapshot(
                name: name, health: upstream.health, manners: upstream.manners.states, streams: upstream.streams,
                retrievals: upstream.retrievals, waitingRequests: waiting[name]?.count ?? 0,
                longestWait: waiting[name].map { now - $0.since } ?? .zero, lineLength: governor?.governor.count ?? 0,
                requestsPerSecond: governor?.governor.perSecond ?? upstream.upstream.requestsPerSecond,
                heldFor: governor?.governor.hold(now).map { $0 - now }, totals: upstream.totals
            )
        }.sorted { $0.name < $1.name }
    }
}
