import Logging
import ResponsesAPI
import RingbackCore
import Transport

/// Requests, from the governor's line to the last word of their transfers.
extension WatchEngine {
    func ask(_ kind: Ask.Kind, for followed: Followed) {
        guard let upstream = followed.upstream else { return }
        requestCount += 1
        let token = RequestToken(rawValue: requestCount)
        switch kind {
        case .stream:
            followed.stream = Followed.Request(token: token)
            upstream.streams += 1
        case .retrieval:
            followed.retrieval = Followed.Request(token: token)
        }
        upstream.governor.enqueue(Ask(watch: followed.id, token: token, kind: kind), fresh: !followed.hasAsked)
        sendRequests(to: upstream)
    }

    /// Sends as many waiting requests as the governor allows now.
    func sendRequests(to upstream: FollowedUpstream) {
        // A request that is not sent after all leads to another one for the same line: the loop below sees it without being entered again.
        // Nor is anything sent to an upstream that is no longer configured.
        guard !upstream.isSending, upstreams[upstream.upstream.name] === upstream else { return }
        upstream.isSending = true
        defer { upstream.isSending = false }
        while !isStopping, heldBytes <= options.maximumHeldBytes, upstream.retrievals < options.maximumRetrievals {
            switch upstream.governor.next(time.now) {
            case .idle:
                return
            case .wait(let moment):
                return wake(upstream, at: moment)
            case .go(let ask):
                guard let followed = table[ask.watch], followed.upstream === upstream, followed.expects(ask.token) else {
                    upstream.governor.giveBack()
                    continue
                }
                send(ask, of: followed, to: upstream)
            }
        }
    }

    private func wake(_ upstream: FollowedUpstream, at moment: Moment) {
        if let wakesAt = upstream.wakesAt, wakesAt <= moment { return }
        upstream.wakesAt = moment
        enter(.upstream(upstream.upstream.name), at: moment)
    }

    private func send(_ ask: Ask, of followed: Followed, to upstream: FollowedUpstream) {
        let watch = followed.watch
        switch ask.kind {
        case .stream(let cursor):
            guard upstream.manners.welcomesStreams(time.now) else {
                upstream.governor.giveBack()
                followed.stream = nil
                upstream.streams -= 1
                return apply(followed.machine.streamEnded(.unwelcome, in: circumstances(of: followed)), to: followed)
            }
            upstream.manners.streamAsked(time.now)
            let request = upstream.client.streamRequest(watch.response, startingAfter: cursor, headers: watch.headers)
            let listener = StreamListener(
                engine: self, watch: watch, token: ask.token, cursor: cursor, limit: options.maximumResponseBytes)
            followed.stream?.transfer = transport.start(request, handler: listener)
            totals.streams += 1
        case .retrieval:
            var request = upstream.client.retrieveRequest(watch.response, headers: watch.headers)
            // The listener has bounds of its own: it can tell how a response ended that is too large to be held.
            request.limits.bodyBytes = nil
            if followed.hasHeavyAnswers { request.limits.total = ResponsesClient.patientTimeout }
            let listener = RetrievalListener(
                engine: self, watch: followed.id, token: ask.token, limit: options.maximumResponseBytes)
            followed.retrieval?.transfer = transport.start(request, handler: listener)
            upstream.retrievals += 1
            totals.retrievals += 1
        }
        followed.hasAsked = true
        transfersUnderWay += 1
    }

    /// Ends what is under way for a watch. The last words of its transfers are recognized as late by their tokens.
    func dropRequests(of followed: Followed) {
        if let stream = forgetStream(of: followed)?.transfer { transport.cancel(stream) }
        if let retrieval = forgetRetrieval(of: followed)?.transfer { transport.cancel(retrieval) }
    }

    @discardableResult
    private func forgetStream(of followed: Followed) -> Followed.Request? {
        guard let stream = followed.stream else { return nil }
        followed.stream = nil
        followed.upstream?.streams -= 1
        return stream
    }

    @discardableResult
    private func forgetRetrieval(of followed: Followed) -> Followed.Request? {
        guard let retrieval = followed.retrieval else { return nil }
        followed.retrieval = nil
        if retrieval.transfer != nil, let upstream = followed.upstream {
            upstream.retrievals -= 1
            sendRequests(to: upstream)
        }
        return retrieval
    }

    // MARK: What streams tell

    func streamOpened(_ id: WatchID, _ token: RequestToken) {
        guard let followed = streaming(id, token) else { return }
        apply(followed.machine.streamOpened(), to: followed)
    }

    /// The first bytes came: this upstream does stream.
    func streamSpoke(_ id: WatchID, _ token: RequestToken) {
        guard let upstream = streaming(id, token)?.upstream else { return }
        upstream.manners.streamAccepted()
        upstream.answered()
    }

    func streamProgressed(_ id: WatchID, _ token: RequestToken, cursor: Int64?, events: Int) -> TransferVerdict {
        guard let followed = streaming(id, token) else { return .finish }
        followed.eventCount += events
        // The deadline can only have moved to a later time: no entry is needed for it.
        _ = followed.machine.streamProgressed(cursor: cursor, now: time.now)
        markDirty(followed)
        guard heldBytes > options.maximumHeldBytes, let transfer = followed.stream?.transfer else { return .proceed }
        pausedStreams.append(transfer)
        return .pause
    }

    func streamReported(_ id: WatchID, _ token: RequestToken, status: RunningStatus) {
        guard let followed = streaming(id, token) else { return }
        markDirty(followed)
        apply(followed.machine.streamReported(status, now: time.now), to: followed)
    }

    /// The stream brought the final response object.
    ///
    /// - Returns: `finish` when it is believed: a proxy may keep the connection open long after the last event.
    func streamConcluded(_ id: WatchID, _ token: RequestToken, response: ResponseObject) -> TransferVerdict {
        guard let followed = streaming(id, token) else { return .finish }
        let action = followed.machine.streamConcluded(response, in: circumstances(of: followed))
        guard case .finish = action else {
            apply(action, to: followed)
            return .proceed
        }
        forgetStream(of: followed)
        apply(action, to: followed)
        return .finish
    }

    /// The stream spoke of an end that it does not prove.
    func streamAnnouncedEnd(_ id: WatchID, _ token: RequestToken) {
        guard let followed = streaming(id, token) else { return }
        apply(followed.machine.streamAnnouncedEnd(in: circumstances(of: followed)), to: followed)
    }

    func streamEnded(_ id: WatchID, _ token: RequestToken, _ end: StreamEnd) {
        defer { transferEnded() }
        guard let followed = streaming(id, token), let upstream = followed.upstream else { return }
        forgetStream(of: followed)
        noteHealth(after: end, of: upstream)
        if let trouble = end.trouble { note(trouble, about: followed) }
        apply(followed.machine.streamEnded(end, in: circumstances(of: followed)), to: followed)
    }

    private func streaming(_ id: WatchID, _ token: RequestToken) -> Followed? {
        guard let followed = table[id], followed.stream?.token == token else { return nil }
        return followed
    }

    // MARK: What GETs tell

    func retrievalEnded(_ id: WatchID, _ token: RequestToken, _ result: Result<Retrieved, TransportError>) {
        defer { transferEnded() }
        guard let followed = table[id], followed.retrieval?.token == token, let upstream = followed.upstream else { return }
        noteHealth(after: result, of: upstream)
        if let trouble = Self.trouble(of: result) { note(trouble, about: followed) }
        let action: WatchMachine.Action
        var response: ResponseObject?
        switch result {
        case .success(let retrieved):
            if case .response(let object) = retrieved.answer {
                response = object
                followed.model = object.model ?? followed.model
            }
            followed.hasHeavyAnswers = retrieved.rest != nil
            action = followed.machine.retrieved(
                retrieved.answer, pollAfter: retrieved.pollAfter, rest: retrieved.rest, in: circumstances(of: followed))
        case .failure(let error):
            action = followed.machine.requestFailed(error, in: circumstances(of: followed))
        }
        forgetRetrieval(of: followed)
        apply(action, to: followed, after: response)
    }

    private func transferEnded() {
        transfersUnderWay -= 1
        guard transfersUnderWay == 0, let drained else { return }
        self.drained = nil
        drained.resume()
    }

    /// Ends all transfers and returns when the last one has said its last word, which every transport promises soon.
    func endTransfers() async {
        isStopping = true
        for followed in table.values { dropRequests(of: followed) }
        await withCheckedContinuation { continuation in
            // Last words may be said before this closure runs: an await is a place where others get their turn.
            if transfersUnderWay == 0 { continuation.resume() } else { drained = continuation }
        }
    }
}
