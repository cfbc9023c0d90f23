import Logging
import ResponsesAPI
import RingbackCore
import Spans
import Transport

/// Running what the machines decide.
extension WatchEngine {
    func circumstances(of followed: Followed) -> WatchMachine.Circumstances {
        guard let upstream = followed.upstream else {
            return WatchMachine.Circumstances(now: time.now, dice: dice.fraction(), welcomesStreams: false, pace: .parked)
        }
        let wish = streamWish(of: followed, startingAfter: followed.machine.cursor)
        return WatchMachine.Circumstances(
            now: time.now, dice: dice.fraction(), welcomesStreams: followed.stream == nil && upstream.welcomes(wish, time.wallNow),
            pace: upstream.presentPace(under: governor(of: followed, at: upstream))
        )
    }

    /// Runs what a machine decided, after telling what it noticed.
    ///
    /// - Parameter response: The object that led to the decision, where there was one.
    func apply(_ action: WatchMachine.Action, to followed: Followed, after response: ResponseObject? = nil) {
        for notice in followed.machine.takeNotices() { tell(notice, about: followed, after: response) }
        switch action {
        case .openStream(let cursor): askForStream(of: followed, startingAfter: cursor)
        case .retrieve: askForResponse(of: followed)
        case .wait, .ignore: break
        case .finish(let response): finish(followed, with: response)
        case .lost(let loss): end(followed, .lost, type: .watchLost, reason: reason(for: loss, of: followed))
        case .expired:
            end(
                followed, .expired, type: .watchExpired,
                reason: "the response had not ended when the watch was \(maximumAge(of: followed).text) old")
        case .forget: closeSecondLook(at: followed)
        }
        noteProgress(of: followed)
        schedule(followed)
    }

    private func finish(_ followed: Followed, with response: ResponseObject) {
        guard let status = response.terminalStatus else { preconditionFailure("a machine finishes only with a terminal status") }
        let now = time.wallNow
        let lookAgainAt = status == .cancelled ? now + WatchPace.spread(WatchPace.secondLookDelay, dice: dice.fraction()) : nil
        let fact = Fact.finished(
            response, as: status, lookAgainAt: lookAgainAt, of: followed, at: now, keepingUpTo: options.maximumResponseBytes)
        if let oversized = fact.oversized { logOversize(oversized, of: followed) }
        write(fact, of: followed)
    }

    private func logOversize(_ oversized: OversizedResponse, of followed: Followed) {
        logger.warning(
            "A response object is too large to be kept: its end is told without it. Raise retention.max_response_size to keep such ones.",
            metadata: metadata(
                of: followed,
                [
                    "response.bytes": "\(oversized.size)",
                    "retention.max_response_size": "\(ByteCount(oversized.limit).text)",
                ]))
    }

    private func reason(for loss: WatchMachine.Loss, of followed: Followed) -> String {
        switch loss {
        case .notFound: return "the upstream no longer knows the response (404), and its result was not seen before"
        case .refused(let since):
            let span = (time.now - since).text
            let words = followed.lastError ?? "it gave no reason"
            return "the upstream refused to answer for the response for \(span), and its result was not seen before: \(words)"
        }
    }

    private func end(_ followed: Followed, _ status: WatchStatus, type: EventType, reason: String) {
        write(Fact.givenUp(status, type: type, of: followed, at: time.wallNow, reason: reason), of: followed)
    }

    private func write(_ ending: Fact, of followed: Followed) {
        dropRequests(of: followed)
        followed.ending = ending
        followed.recording = spans?.start("record an end", .inside, in: followed.span?.context, about: ending.event.logFields)
        heldBytes += ending.heldBytes
        if case .end(let status, _, _) = ending.kind { totals.endings[status, default: 0] += 1 }
        logger.debug(
            "The end of a response was seen, or its watch given up.",
            metadata: metadata(
                of: followed, ["event.id": "\(ending.event.id)", "watch.status": "\(ending.status.rawValue)"]))
        factFeed.yield(ending)
    }

    /// What a line of the log says about a followed watch, and `more`.
    func metadata(of followed: Followed, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        followed.watch.logFields.mapValues { .string($0) }.merging(more) { $1 }
    }

    private func tell(_ notice: WatchMachine.Notice, about followed: Followed, after response: ResponseObject?) {
        switch notice {
        case .stalled: tellStall(of: followed)
        case .running(let status):
            let fact = Fact.running(status, response, of: followed, at: time.wallNow)
            // Nobody asked for it, as is usual: ten thousand watches must not cost twenty thousand rows that nobody reads.
            guard !recipients(of: fact).isEmpty else { return }
            factFeed.yield(fact)
        }
    }

    private func tellStall(of followed: Followed) {
        let reason = "no progress for \((followed.upstream?.pace ?? .parked).stalledAfter.text)"
        logger.notice("A watch makes no progress.", metadata: metadata(of: followed))
        factFeed.yield(Fact.stalled(followed, at: time.wallNow, reason: reason))
    }

    private func maximumAge(of followed: Followed) -> Duration {
        followed.watch.maximumAge ?? followed.upstream?.upstream.maximumWatchAge ?? Self.ageWithoutUpstream
    }

    /// Enters the machine's deadline. An entry that comes up too early does no harm: the machine is asked again.
    func schedule(_ followed: Followed) {
        guard table[followed.id] === followed, let deadline = followed.deadline else { return }
        if let scheduled = followed.scheduled, scheduled <= deadline { return }
        followed.scheduled = deadline
        enter(.watch(followed.id), at: deadline)
    }

    /// How old a watch may get whose upstream is not configured: the default of `max_watch_age`.
    static let ageWithoutUpstream: Duration = .seconds(24 * 3600)
}
