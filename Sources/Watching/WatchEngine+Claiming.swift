import Logging
package import RingbackCore
import Spans
import Store

/// Claiming watches and letting go of them.
extension WatchEngine {
    func listenToHints() async {
        for await hint in store.hints() {
            switch hint {
            case .watchesRegistered: claimBell.ring()
            case .watchesStopped(let ids): await letGo(ids)
            case .watchesWorthALook(let ids): lookAt(ids)
            case .deliveriesDue, .retriesDue, .endpointsChanged: break
            }
        }
    }

    func keepClaiming() async {
        while !Task.isCancelled {
            await claimAll()
            await claimBell.wait(until: time.now + options.claimInterval)
        }
    }

    private func claimAll() async {
        while !Task.isCancelled {
            let limit = min(options.claimPage, options.maximumWatches - table.count)
            guard limit > 0 else { return noteFullTable() }
            do {
                let claimed = try await store.claimWatches(for: node, now: time.wallNow, limit: limit)
                noteStoreWorks()
                claimed.forEach(follow)
                guard claimed.count == limit else { return }
            } catch {
                return noteStoreTrouble(error)
            }
        }
    }

    private func noteFullTable() {
        guard !isFull else { return }
        isFull = true
        logger.warning("The limit of watches followed at once is reached; further ones wait in the store.")
    }

    private func follow(_ claimed: ClaimedWatch) {
        // A watch that was stopped and registered anew may come back before the word of its stop: the new claim counts.
        if let old = table[claimed.watch.id] { remove(old) }
        let upstream = upstreams[claimed.watch.upstream]
        let followed = Followed(claimed, machine: machine(for: claimed.watch, upstream: upstream?.upstream))
        followed.upstream = upstream
        followed.span = spans?.start("follow a response", .inside, in: followed.watch.trace, about: followed.watch.logFields)
        table[followed.id] = followed
        totals.claimed += 1
        logger.debug("A watch is followed from now on.", metadata: metadata(of: followed))
        // Claimed while the engine stops: it is released with the others.
        guard !Task.isCancelled else { return }
        begin(followed)
    }

    private func machine(for watch: Watch, upstream: Upstream?) -> WatchMachine {
        let now = time.now
        guard watch.status != .cancelled else { return .secondLook(now: now) }
        let age = time.wallNow - watch.createdAt
        let maximumAge = watch.maximumAge ?? upstream?.maximumWatchAge ?? Self.ageWithoutUpstream
        return WatchMachine(
            status: watch.status.isOpen ? watch.status : .queued, cursor: watch.sequenceNumber, isStalled: watch.stalled,
            expiresAt: now + (maximumAge - age), graceEndsAt: now + ((upstream?.notFoundGrace ?? .zero) - age), now: now
        )
    }

    private func begin(_ followed: Followed) {
        guard followed.upstream != nil else {
            noteUnknownUpstream(of: followed)
            return schedule(followed)
        }
        apply(followed.machine.begin(in: circumstances(of: followed)), to: followed)
    }

    private func noteUnknownUpstream(of followed: Followed) {
        let name = followed.watch.upstream
        note("no upstream called '\(name)' is configured: add it under `upstreams`, or stop the watch", about: followed)
        guard unknownUpstreams.insert(name).inserted else { return }
        logger.warning(
            "Watches name an upstream that is not configured; they wait until it is, or until they expire.",
            metadata: ["upstream.name": "\(name)"]
        )
    }

    /// Takes over a changed list of upstreams: new ones are followed at once, watches of removed ones wait.
    package func replaceUpstreams(_ new: [Upstream]) {
        let now = time.now
        let names = Set(new.map(\.name))
        for name in upstreams.keys where !names.contains(name) {
            upstreams[name] = nil
            governors.all.forEach { $0.setRate(nil, of: name, now) }
        }
        for upstream in new {
            if let known = upstreams[upstream.name] {
                let credential = known.credential
                known.replace(upstream)
                if known.credential != credential { governors[credential]?.setRate(nil, of: upstream.name, now) }
                governors[known.credential]?.use(by: upstream, now)
            } else {
                upstreams[upstream.name] = followedUpstream(upstream)
            }
        }
        unknownUpstreams.subtract(names)
        for followed in table.values where followed.upstream !== upstreams[followed.watch.upstream] { move(followed) }
        moveToRightLines()
    }

    func followedUpstream(_ upstream: Upstream) -> FollowedUpstream {
        FollowedUpstream(upstream, transport: transport, credentials: credentials, remembered: rememberedManners?[upstream.name])
    }

    /// The watch's upstream was removed, or is there again.
    private func move(_ followed: Followed) {
        dropRequests(of: followed)
        followed.machine.park()
        followed.upstream = upstreams[followed.watch.upstream]
        guard followed.ending == nil else { return }
        guard followed.machine.state != .ended else { return closeSecondLook(at: followed) }
        begin(followed)
    }

    /// A cancelled response needs no further look; written back with the next progress.
    func closeSecondLook(at followed: Followed) {
        closedLooks.append((id: followed.id, lease: followed.lease))
        remove(followed)
    }

    /// These watches were stopped by somebody. One whose end is being written is left to the writer: the store knows what came first.
    ///
    /// The leases are given back as well. A stopped watch has none left, but one that was registered anew and claimed before this late word
    /// of its stop must not stay leased to a node that does not follow it.
    private func letGo(_ ids: [WatchID]) async {
        let stopped = ids.compactMap { table[$0] }.filter { $0.ending == nil }
        guard !stopped.isEmpty else { return }
        stopped.forEach(remove)
        do {
            try await store.releaseWatches(stopped.map { (id: $0.id, lease: $0.lease) })
        } catch {
            noteStoreTrouble(error)
        }
    }

    /// Somebody has reason to think that these responses are at their end.
    private func lookAt(_ ids: [WatchID]) {
        for followed in ids.compactMap({ table[$0] }) {
            apply(followed.machine.hinted(in: circumstances(of: followed)), to: followed)
        }
    }

    func endSpans(of followed: Followed) {
        followed.recording?.end()
        followed.span?.end(["watch.status": (followed.ending?.status ?? followed.machine.status).rawValue])
        (followed.recording, followed.span) = (nil, nil)
    }

    func remove(_ followed: Followed) {
        dropRequests(of: followed)
        followed.machine.stop()
        if let ending = followed.ending { release(ending) }
        endSpans(of: followed)
        table[followed.id] = nil
        guard isFull else { return }
        isFull = false
        claimBell.ring()
    }
}
