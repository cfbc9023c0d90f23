import CCurl
import CLinux
import Glibc
import RingbackCore
import Transport

/// Drives all transfers of one transport. Lives on the transport's thread, so that only this thread ever touches libcurl.
///
/// A handler is called from inside libcurl (head, body) or between two calls of it (end). It can only leave orders, which are obeyed
/// later: so nothing here is re-entered, and libcurl is never called from its own callbacks.
actor TransferEngine {
    nonisolated let loop: TransferLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// On top of a transfer's connect limit, which libcurl itself watches: libcurl 7.88 does not watch it while a transfer waits for
    /// another one's HTTP/2 connection.
    private static let connectGrace: Duration = .seconds(1)

    private let options: CurlTransportOptions
    private let counters: TransferCounters
    let clock = LoopClock()
    private let poller: Poller
    private var shards: ShardTable
    private(set) var transfers: [TransferID: Transfer] = [:]
    private var admission: Admission
    var deadlines = DeadlineQueue()
    let resolver: ResolverPool
    var resolutions: ResolutionTable
    private var trim: MemoryTrim
    private var orders: [TransferOrder] = []
    private var shutdownWaiters: [CheckedContinuation<Void, Never>] = []
    private var isClosing = false

    init(loop: TransferLoop, options: CurlTransportOptions, counters: TransferCounters) throws(CurlTransportError) {
        self.loop = loop
        self.options = options
        self.counters = counters
        let poller = try Poller()
        guard poller.add(loop.wakeup, tag: ShardTable.wakeupTag, reads: true, writes: false) else {
            throw .system(call: "epoll_ctl", errorNumber: errno)
        }
        self.poller = poller
        shards = try ShardTable(count: options.shards, maxConnects: options.maxConnectsPerShard, poller: poller)
        admission = Admission(
            maxActive: options.maxTransfers, maxWaiting: options.maxQueued, maxOpeningPerHost: options.maxOpeningPerHost
        )
        trim = MemoryTrim()
        resolver = ResolverPool(resolver: options.resolver, maxThreads: options.maxResolverThreads, maxWaiting: options.maxTransfers)
        resolutions = ResolutionTable(lifetime: options.resolutionLifetime)
    }

    // MARK: One round

    /// Waits until there is something to do, and does it.
    ///
    /// - Returns: Whether the engine goes on.
    func turn() -> Bool {
        let deadline = loop.mayFallAsleep() ? nextDeadline() : clock.now
        let count = poller.wait(until: deadline)
        clock.advance()
        for index in 0..<count { handle(poller[index]) }
        handleTimers()
        loop.takeOrders(&orders)
        for order in orders { obey(order) }
        orders.removeAll(keepingCapacity: orders.capacity <= TransferLoop.keptCapacity)
        handleDeadlines()
        beginWaiting()
        if trim.isDue(at: clock.now) { malloc_trim(0) }
        counters.publish(CurlTransportStatistics(active: admission.active, queued: admission.waiting))
        return !isClosing
    }

    private func nextDeadline() -> MonotonicInstant? {
        [shards.nextDeadline, deadlines.next, trim.due].compactMap { $0 }.min()
    }

    private func handle(_ event: Poller.Event) {
        if event.tag == ShardTable.wakeupTag {
            var count: UInt64 = 0
            eventfd_read(event.descriptor, &count)
        } else {
            let shard = shards[event.tag]
            shard.socketReady(event)
            settle(shard)
        }
    }

    private func handleTimers() {
        for shard in shards.all {
            guard let deadline = shard.deadline, deadline <= clock.now else { continue }
            shard.timeout()
            settle(shard)
        }
    }

    private func handleDeadlines() {
        while let (id, instant) = deadlines.popDue(at: clock.now) {
            guard let transfer = transfers[id], transfer.deadline == instant else { continue }
            transfer.deadline = nil
            deadlineReached(transfer)
        }
    }

    private func beginWaiting() {
        while let id = admission.next() {
            guard let transfer = transfers[id], case .waiting(let lane) = transfer.stage else {
                preconditionFailure("the admission named a transfer that does not wait")
            }
            begin(transfer, in: lane)
        }
    }

    // MARK: Orders

    private func obey(_ order: TransferOrder) {
        switch order {
        case .start(let id, let request, let box): start(id, request, box.handler)
        case .refuse(let error, let box): box.handler.transferEnded(error, summary: TransferSummary())
        case .cancel(let id): if let transfer = transfers[id] { end(transfer, .failed(.cancelled)) }
        case .resume(let id): if let transfer = transfers[id] { resume(transfer) }
        case .resolved(let name, let resolution): resolved(name, resolution)
        case .shutDown(let waiter):
            isClosing = true
            if let waiter { shutdownWaiters.append(waiter) }
        }
    }

    private func start(_ id: TransferID, _ request: PreparedRequest, _ handler: any TransferHandler) {
        switch admission.arrive(id, host: request.origin) {
        case .begin(let lane):
            let transfer = Transfer(id, request, handler: handler, stage: .opening(lane), clock: clock)
            transfers[id] = transfer
            begin(transfer, in: lane)
        case .wait(let lane):
            let transfer = Transfer(id, request, handler: handler, stage: .waiting(lane), clock: clock)
            transfers[id] = transfer
            transfer.deadline = deadlines.add(id, at: clock.now + options.maxQueueWait)
        case .refuse:
            let trouble = "\(options.maxQueued) requests wait already to be sent; send fewer at a time, or raise the bound"
            handler.transferEnded(.internalTrouble(trouble), summary: TransferSummary())
        }
    }

    private func resume(_ transfer: Transfer) {
        if transfer.resume(), let easy = transfer.easy, let shard = transfer.shard {
            easy.unpause()
            settle(shard)
        }
        if let ending = transfer.ending {
            // The handler had enough with what it was given just now, which libcurl does not act upon before its next call.
            end(transfer, ending)
        } else if case .delivering(let error, let summary) = transfer.stage, !transfer.hasHeldBytes {
            leave(transfer, error, summary)
        }
    }

    // MARK: Beginning

    private func begin(_ transfer: Transfer, in lane: Admission.Lane) {
        transfer.since = clock.now
        transfer.deadline = nil
        guard let request = transfer.request else { preconditionFailure("a transfer begins twice") }
        guard let policy = request.request.addressPolicy else { return open(transfer, in: lane) }
        if let address = request.address {
            route(transfer, in: lane, by: policy, to: [address], lookup: nil)
        } else if request.request.proxy?.resolution == .proxy {
            // The operator has said so: what the name leads to is the proxy's to know, and to judge.
            open(transfer, in: lane)
        } else {
            resolve(transfer, in: lane, by: policy)
        }
    }

    /// Gives a transfer to libcurl.
    func open(_ transfer: Transfer, in lane: Admission.Lane) {
        transfer.stage = .opening(lane)
        guard let request = transfer.request else { preconditionFailure("a transfer opens twice") }
        transfer.request = nil
        do throws(TransportError) {
            let shard = try shards.shard(for: request)
            transfer.passage = Passage(of: request, judged: transfer.route?.addresses ?? [])
            guard let easy = shard.makeHandle() else { throw .internalTrouble("no memory is left for a transfer") }
            try easy.write(request, options: options, user: transfer)
            let code = shard.add(easy)
            guard code == CURLM_OK else { throw .internalTrouble(String(cString: curl_multi_strerror(code))) }
            transfer.shard = shard
            transfer.easy = easy
        } catch {
            return end(transfer, .failed(error))
        }
        // One deadline at most: libcurl watches the connect limit of every other transfer.
        if transfer.limits.idle != nil || request.request.version == .negotiated {
            transfer.deadline = deadlines.add(transfer.id, at: transfer.since + transfer.limits.connect + Self.connectGrace)
        }
    }

    // MARK: What came of a call to libcurl

    private func settle(_ shard: Shard) {
        for transfer in shard.connected { connected(transfer) }
        shard.connected.removeAll(keepingCapacity: true)
        for transfer in shard.answered where transfer.isStream || transfer.easy?.hasLargeBody == true { transfer.easy?.releaseRequest() }
        shard.answered.removeAll(keepingCapacity: true)
        while let (transfer, code) = shard.nextFinished() { finish(transfer, code) }
    }

    private func connected(_ transfer: Transfer) {
        guard case .opening(let lane) = transfer.stage else { return }
        transfer.stage = .running
        admission.connected(lane)
        transfer.deadline = transfer.limits.idle.map { deadlines.add(transfer.id, at: clock.now + $0) }
    }

    /// libcurl is done with a transfer.
    private func finish(_ transfer: Transfer, _ code: CURLcode) {
        guard let easy = transfer.easy else { preconditionFailure("a transfer without a handle has ended") }
        let error: TransportError? =
            switch transfer.ending {
            case .finished: nil
            case .failed(let error): error
            case nil: failure(transfer, easy, code)
            }
        let summary = TransferSummary(easy, of: transfer)
        transfer.shard?.remove(easy, keeps: code == CURLE_OK && !transfer.isStream && summary.httpVersion != "2")
        transfer.easy = nil
        transfer.shard = nil
        if transfer.hasHeldBytes {
            releasePlace(of: transfer)
            transfer.stage = .delivering(error, summary)
        } else {
            leave(transfer, error, summary)
        }
    }

    private func failure(_ transfer: Transfer, _ easy: EasyHandle, _ code: CURLcode) -> TransportError? {
        if code == CURLE_OK && !transfer.hasHead { return .protocolViolation(detail: "the answer had no final status line") }
        let circumstances = FailureCircumstances(
            host: transfer.host,
            detail: easy.errorDetail(code),
            errorNumber: Int32(truncatingIfNeeded: easy.long(CURLINFO_OS_ERRNO)),
            isConnected: transfer.isConnected,
            hasHead: transfer.hasHead,
            headerLimit: transfer.limits.headerBytes
        )
        guard let passage = transfer.passage else { return TransportError(code, circumstances) }
        return passage.failure(code, circumstances, easy) ?? TransportError(code, circumstances)
    }

    // MARK: Ending

    /// Ends a transfer that libcurl would let run on.
    func end(_ transfer: Transfer, _ ending: Transfer.Ending) {
        transfer.end(ending)
        var summary = TransferSummary()
        if case .delivering(_, let measured) = transfer.stage { summary = measured }
        if let easy = transfer.easy {
            summary = TransferSummary(easy, of: transfer)
            summary.total = clock.now - transfer.since
            transfer.shard?.remove(easy, keeps: false)
        }
        switch ending {
        case .finished: leave(transfer, nil, summary)
        case .failed(let error): leave(transfer, error, summary)
        }
    }

    /// The one place where a handler hears of the end.
    private func leave(_ transfer: Transfer, _ error: TransportError?, _ summary: TransferSummary) {
        if case .ended = transfer.stage { return }
        releasePlace(of: transfer)
        transfer.stage = .ended
        transfer.easy = nil
        transfer.shard = nil
        transfers[transfer.id] = nil
        trim.transferEnded(at: clock.now)
        transfer.handler.transferEnded(error, summary: summary)
    }

    private func releasePlace(of transfer: Transfer) {
        switch transfer.stage {
        case .waiting(let lane): admission.withdraw(transfer.id, from: lane)
        case .resolving(let lane), .opening(let lane): admission.ended(lane)
        case .running: admission.ended(nil)
        case .delivering, .ended: break
        }
    }

    private func deadlineReached(_ transfer: Transfer) {
        switch transfer.stage {
        case .waiting:
            end(transfer, .failed(.internalTrouble("the request waited \(options.maxQueueWait) for a place among those being sent")))
        case .resolving:
            end(transfer, .failed(lookupTimeout(of: transfer)))
        case .opening:
            end(transfer, .failed(.connectTimeout))
        case .running:
            guard let idle = transfer.limits.idle else { return }
            // While the handler pauses, it is not the peer who is silent.
            let due = (transfer.isPaused ? clock.now : transfer.lastByte) + idle
            if due <= clock.now {
                end(transfer, .failed(.idleTimeout))
            } else {
                transfer.deadline = deadlines.add(transfer.id, at: due)
            }
        case .delivering, .ended:
            break
        }
    }

    // MARK: Closing

    /// Ends every transfer and closes every connection.
    ///
    /// - Returns: Who waits for the thread's end.
    func close() -> [CheckedContinuation<Void, Never>] {
        for transfer in transfers.values { end(transfer, .failed(.closed)) }
        shards.close()
        deadlines.removeAll()
        counters.publish(CurlTransportStatistics(active: 0, queued: 0))
        return shutdownWaiters
    }
}
