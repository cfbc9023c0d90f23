import Logging
import ResponsesAPI
import RingbackCore
import Transport

/// Requests, from the governor's line to the last word of their transfers.
extension WatchEngine {
    func askForStream(of followed: Followed, startingAfter cursor: Int64?) {
        guard let upstream = followed.upstream else { return }
        let wish = streamWish(of: followed, startingAfter: cursor)
        let request = enqueue(.stream, of: followed, at: upstream, pass: upstream.manners.admit(wish, time.wallNow))
        followed.stream = request
        upstream.streams += 1
        request.governor.streams += 1
        sendRequests(under: request.governor)
    }

    func askForResponse(of followed: Followed) {
        guard let upstream = followed.upstream else { return }
        let request = enqueue(.retrieval, of: followed, at: upstream, pass: nil)
        followed.retrieval = request
        sendRequests(under: request.governor)
    }

    func streamWish(of followed: Followed, startingAfter cursor: Int64?) -> StreamWish {
        let watch = followed.watch
        return StreamWish(createdStreaming: watch.createdStreaming, age: time.wallNow - watch.createdAt, startingAfter: cursor)
    }

    private func enqueue(
        _ kind: Ask.Kind, of followed: Followed, at upstream: FollowedUpstream, pass: StreamPass?
    ) -> Followed.Request {
        requestCount += 1
        let token = RequestToken(rawValue: requestCount)
        let governor = governor(of: followed, at: upstream)
        governor.governor.enqueue(Ask(watch: followed.id, token: token, kind: kind), fresh: !followed.hasAsked, time.now)
        return Followed.Request(token: token, governor: governor, pass: pass)
    }

    /// The governor of the credential that the watch's calls are made with.
    func governor(of followed: Followed, at upstream: FollowedUpstream) -> CredentialGovernor {
        if followed.credential?.generation != upstream.generation {
            followed.credential = (upstream.credential(of: followed.watch), upstream.generation)
        }
        let key = followed.credential?.key ?? upstream.credential
        return governors.governor(of: key, for: upstream.upstream, own: upstream.credential, time.now)
    }

    /// Sends as many waiting requests as the governor allows now.
    func sendRequests(under governor: CredentialGovernor) {
        // A request that is not sent after all leads to another one for the same line: the loop below sees it without being entered again.
        guard !governor.isSending else { return }
        governor.isSending = true
        defer { governor.isSending = false }
        while !isStopping, heldBytes <= options.maximumHeldBytes, governor.retrievals < options.maximumRetrievals {
            switch governor.governor.next(time.now) {
            case .idle:
                return
            case .wait(let moment):
                return wake(governor, at: moment)
            case .go(let ask, let waited):
                guard let (followed, upstream) = wanted(ask, under: governor) else {
                    governor.unwanted = max(governor.unwanted - 1, 0)
                    governor.governor.giveBack()
                    continue
                }
                send(ask, of: followed, to: upstream, waited: waited)
            }
        }
    }

    /// Who waits for this request. Nobody does when it was given up, or waits in another line meanwhile; nor is anything sent to an upstream
    /// that is no longer configured.
    private func wanted(_ ask: Ask, under governor: CredentialGovernor) -> (Followed, FollowedUpstream)? {
        guard let followed = table[ask.watch], followed.request(ask.token)?.governor === governor, let upstream = followed.upstream,
            upstreams[upstream.upstream.name] === upstream
        else { return nil }
        return (followed, upstream)
    }

    private func wake(_ governor: CredentialGovernor, at moment: Moment) {
        if let wakesAt = governor.wakesAt, wakesAt <= moment { return }
        governor.wakesAt = moment
        enter(.governor(governor.key), at: moment)
    }

    private func send(_ ask: Ask, of followed: Followed, to upstream: FollowedUpstream, waited: Duration) {
        let watch = followed.watch
        switch ask.kind {
        case .stream:
            guard let pass = followed.stream?.pass, !upstream.manners.bars(pass) else {
                followed.stream?.governor.governor.giveBack()
                forgetStream(of: followed, isInLine: false)
                return apply(followed.machine.streamEnded(.unwelcome, in: circumstances(of: followed)), to: followed)
            }
            let request = upstream.client.streamRequest(watch.response, startingAfter: pass.startingAfter, headers: followed.headers)
            // What was seen before is recognized even where the stream begins at the beginning.
            let listener = StreamListener(
                engine: self, watch: watch, token: ask.token, cursor: followed.machine.cursor, isResumed: pass.startingAfter != nil,
                limit: options.maximumResponseBytes)
            followed.stream?.transfer = transport.start(request, handler: listener)
            followed.stream?.sentAt = time.now
            totals.streams += 1
            upstream.totals.streams += 1
            if followed.hasStreamed { upstream.totals.reconnects += 1 }
            followed.hasStreamed = true
        case .retrieval:
            var request = upstream.client.retrieveRequest(watch.response, headers: followed.headers)
            // The listener has bounds of its own: it can tell how a response ended that is too large to be held.
            request.limits.bodyBytes = nil
            if followed.hasHeavyAnswers { request.limits.total = ResponsesClient.patientTimeout }
            let listener = RetrievalListener(
                engine: self, watch: followed.id, token: ask.token, limit: options.maximumResponseBytes)
            followed.retrieval?.transfer = transport.start(request, handler: listener)
            followed.retrieval?.sentAt = time.now
            followed.retrieval?.governor.retrievals += 1
            upstream.retrievals += 1
            totals.retrievals += 1
            upstream.totals.retrievals += 1
        }
        upstream.totals.waits.record(waited)
        followed.hasAsked = true
        transfersUnderWay += 1
    }

    /// Ends what is under way for a watch. The last words of its transfers are recognized as late by their tokens.
    func dropRequests(of followed: Followed) {
        if let stream = forgetStream(of: followed)?.transfer { transport.cancel(stream) }
        if let retrieval = forgetRetrieval(of: followed)?.transfer { transport.cancel(retrieval) }
    }

    @discardableResult
    private func forgetStream(of followed: Followed, isInLine: Bool = true) -> Followed.Request? {
        guard let stream = followed.stream else { return nil }
        releasePass(of: followed)
        followed.stream = nil
        followed.upstream?.streams -= 1
        stream.governor.streams -= 1
        if isInLine, stream.transfer == nil { noteUnwanted(in: stream.governor) }
        return stream
    }

    @discardableResult
    private func forgetRetrieval(of followed: Followed) -> Followed.Request? {
        guard let retrieval = followed.retrieval else { return nil }
        followed.retrieval = nil
        if retrieval.transfer != nil {
            followed.upstream?.retrievals -= 1
            retrieval.governor.retrievals -= 1
            sendRequests(under: retrieval.governor)
        } else {
            noteUnwanted(in: retrieval.governor)
        }
        return retrieval
    }

    /// What was given up stays in its line until its turn. During a long hold many could gather there: then the line is cleared of them.
    private func noteUnwanted(in governor: CredentialGovernor) {
        governor.unwanted += 1
        guard governor.unwanted > 64, governor.unwanted > governor.governor.count / 2, !governor.isSending else { return }
        governor.unwanted = 0
        governor.governor.keep { wanted($0, under: governor) != nil }
    }

    /// The stream had its first answer, or will have none.
    private func releasePass(of followed: Followed) {
        guard let stream = followed.stream, let pass = stream.pass, !stream.isPassReleased else { return }
        followed.stream?.isPassReleased = true
        followed.upstream?.manners.release(pass)
    }

    /// The settings of upstreams changed: whoever waits under a credential that is no longer theirs goes to the end of the right line.
    func moveToRightLines() {
        for followed in table.values {
            guard let upstream = followed.upstream else { continue }
            let right = governor(of: followed, at: upstream)
            if let stream = followed.stream, stream.transfer == nil, stream.governor !== right {
                right.governor.enqueue(Ask(watch: followed.id, token: stream.token, kind: .stream), fresh: !followed.hasAsked, time.now)
                followed.stream = Followed.Request(token: stream.token, governor: right, pass: stream.pass)
                stream.governor.streams -= 1
                right.streams += 1
                noteUnwanted(in: stream.governor)
            }
            if let retrieval = followed.retrieval, retrieval.transfer == nil, retrieval.governor !== right {
                right.governor.enqueue(
                    Ask(watch: followed.id, token: retrieval.token, kind: .retrieval), fresh: !followed.hasAsked, time.now)
                followed.retrieval = Followed.Request(token: retrieval.token, governor: right)
                noteUnwanted(in: retrieval.governor)
            }
        }
        governors.all.forEach(sendRequests)
    }

    // MARK: What streams tell

    /// - Parameter renewal: When the credential may ask again, where this answer used up its allowance.
    func streamOpened(_ id: WatchID, _ token: RequestToken, renewal: Duration?) {
        guard let followed = streaming(id, token) else { return }
        releasePass(of: followed)
        if let renewal { followed.stream?.governor.governor.hold(until: time.now + renewal) }
        apply(followed.machine.streamOpened(), to: followed)
    }

    /// The first bytes came: this upstream does stream.
    func streamSpoke(_ id: WatchID, _ token: RequestToken) {
        guard let followed = streaming(id, token), let upstream = followed.upstream else { return }
        learn(.streamed, from: followed)
        upstream.answered()
    }

    /// The first number of a stream that was to begin after another one.
    func streamBegan(_ id: WatchID, _ token: RequestToken, at number: Int64) {
        guard let followed = streaming(id, token) else { return }
        learn(.began(at: number), from: followed)
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

    /// - Parameter refusal: What the words of a refusal said.
    func streamEnded(_ id: WatchID, _ token: RequestToken, _ end: StreamEnd, refusal: StreamRefusal) {
        defer { transferEnded() }
        guard let followed = streaming(id, token), let upstream = followed.upstream, let request = followed.stream else { return }
        if let lesson = StreamLesson(end, refusal: refusal) {
            upstream.totals.refusedStreams += 1
            learn(lesson, from: followed)
        }
        forgetStream(of: followed)
        noteHealth(after: end, of: upstream, request)
        if let trouble = end.trouble { note(trouble, about: followed) }
        apply(followed.machine.streamEnded(end, in: circumstances(of: followed)), to: followed)
    }

    private func learn(_ lesson: StreamLesson, from followed: Followed) {
        guard let pass = followed.stream?.pass else { return }
        followed.upstream?.manners.learn(lesson, from: pass, time.wallNow)
    }

    private func streaming(_ id: WatchID, _ token: RequestToken) -> Followed? {
        guard let followed = table[id], followed.stream?.token == token else { return nil }
        return followed
    }

    // MARK: What GETs tell

    func retrievalEnded(_ id: WatchID, _ token: RequestToken, _ result: Result<Retrieved, TransportError>) {
        defer { transferEnded() }
        guard let followed = table[id], let request = followed.retrieval, request.token == token, let upstream = followed.upstream else {
            return
        }
        noteHealth(after: result, of: upstream, request)
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
