package import ResponsesAPI
package import RingbackCore

/// The life of one watch: which request follows from which word of the upstream, and when the matter is settled.
///
/// It knows no clock, socket or store. The engine tells it what happened and under which ``Circumstances``, runs the returned ``Action``,
/// and calls ``timerFired(in:)`` when ``deadline(under:)`` has come. Every state but the last has a deadline: nothing waits for ever.
///
/// The status in a response object is the truth. Event names, closed streams, 404s and silence are only reasons to ask.
package struct WatchMachine: Sendable, Hashable {
    package enum Step: Sendable, Hashable {
        case stream
        case retrieve
    }

    package enum State: Sendable, Hashable {
        /// Nothing was asked yet, or the upstream is not configured at the moment.
        /// Exits: `begin` to `opening`, `retrieving` or `lastLook`; too old, or stopped, to `ended`.
        case parked
        /// Nothing is under way until a moment.
        /// Exits: the moment to `opening` or `retrieving`; a hint to `retrieving`; too old to `lastLook`; `park`; stopped to `ended`.
        case pausing(until: Moment, then: Step)
        /// A stream is asked for.
        /// Exits: its head to `streaming`; its end to `retrieving`, `pausing` or `ended`; the moment or a hint to `confirming`; too old to
        /// `lastLook`; `park`; stopped to `ended`.
        case opening(confirmAt: Moment)
        /// A stream is read.
        /// Exits: as for `opening`, and a terminal response object to `ended`.
        case streaming(confirmAt: Moment)
        /// A GET is under way beside a stream.
        /// Exits: its answer back to `opening` or `streaming`, or to `ended`; the stream's end to `retrieving`; too old to `lastLook`; `park`;
        /// stopped to `ended`.
        case confirming(isOpened: Bool)
        /// A GET is under way and nothing else.
        /// Exits: its answer to `opening`, `pausing` or `ended`; too old to `lastLook`; `park`; stopped to `ended`.
        case retrieving
        /// The watch is too old; one last GET decides.
        /// Exits: its answer, whatever it is, or the moment to `ended`; `park`; stopped to `ended`.
        case lastLook(until: Moment)
        /// The watch ended as cancelled a while ago, and this machine is there only to look once more: some vendors complete such a response
        /// after all.
        /// Exits: `begin` or the moment to `lookingAgain`; `park` or stopped to `ended`.
        case cancelled(lookAgainAt: Moment)
        /// The GET that looks at a cancelled response once more.
        /// Exits: an answer that says nothing, or "running", back to `cancelled`; any other, or the moment, to `ended`; `park` or stopped
        /// to `ended`.
        case lookingAgain(until: Moment)
        /// Nothing more will happen. No exits.
        case ended
    }

    package enum Action: Sendable, Hashable {
        case openStream(startingAfter: Int64?)
        /// Send a GET for the response object.
        case retrieve
        /// Nothing to start: the deadline or a request under way leads on.
        case wait
        /// The response has ended: write it down. Whatever is under way is not needed any more.
        case finish(ResponseObject)
        /// The upstream no longer knows the response.
        case lost(Loss)
        /// The watch is too old.
        case expired
        /// The second look at a cancelled response brought nothing: it needs no further one.
        case forget
        /// What was reported comes too late to matter.
        case ignore
    }

    /// What made the machine think that the upstream no longer knows the response.
    package enum Loss: Sendable, Hashable {
        /// 404s or 410s.
        case notFound
        /// GETs were refused since then, and no other one told of the response.
        case refused(since: Moment)
    }

    /// What a decision depends on beside the machine's own state.
    package struct Circumstances: Sendable {
        package var now: Moment
        /// From 0 up to 1.
        package var dice: Double
        /// Whether a stream may be asked for: the upstream is to be streamed, its manners allow, a stream slot is free.
        package var welcomesStreams: Bool
        package var pace: WatchPace

        package init(now: Moment, dice: Double, welcomesStreams: Bool, pace: WatchPace) {
            self.now = now
            self.dice = dice
            self.welcomesStreams = welcomesStreams
            self.pace = pace
        }
    }

    package internal(set) var state: State = .parked
    /// `queued` or `in_progress`: what the upstream said last while the response ran.
    package internal(set) var status: WatchStatus
    /// The last `sequence_number` seen: where a new stream resumes.
    package internal(set) var cursor: Int64?
    /// What was noticed about a response that goes on, and what of it was not handed out yet.
    var noticed: NoticeSet
    var untold: NoticeSet = []

    let expiresAt: Moment
    /// Before it a 404 may be creation lag.
    let graceEndsAt: Moment
    var progressedAt: Moment
    /// Before it no GET is made: the last answer was heavy. The last look is made all the same.
    var restsUntil: Moment?
    /// Before it this watch does not try a stream.
    var streamsFrom: Moment?
    var lastOpening: Moment?
    /// Streams in a row without one new event.
    var barrenStreams: UInt8 = 0
    /// Polls in a row that brought nothing new.
    var polls: UInt8 = 0
    /// Requests in a row without a usable answer.
    var failures: UInt8 = 0
    /// 401s and 403s in a row.
    var unauthorizedAnswers: UInt8 = 0
    /// 404s in a row after the grace.
    var notFoundAnswers: UInt8 = 0
    /// Refused GETs after the grace since the upstream last spoke of the response, and when the first of them was answered.
    var refusedAnswers: UInt8 = 0
    var refusedSince: Moment?
    var streamBroughtEvents = false
    /// The last thing the stream said was an end that a GET did not confirm.
    var streamAnnounced = false
    /// When a hint last led to a GET, or will.
    var hintedLookAt: Moment?
    /// Confirming polls that still come soon after a hint.
    var eagerConfirmations: UInt8 = 0

    /// - Parameters:
    ///   - status: What is known so far; `queued` or `in_progress`.
    ///   - cursor: The last `sequence_number` seen by whoever followed the watch before.
    ///   - isStalled: Whether `watch.stalled` was raised before.
    ///   - expiresAt: When the watch is too old. May lie in the past: the response is then asked for once, as it may have ended long ago.
    ///   - graceEndsAt: Until when a 404 may be creation lag.
    package init(status: WatchStatus, cursor: Int64?, isStalled: Bool, expiresAt: Moment, graceEndsAt: Moment, now: Moment) {
        self.status = status
        self.cursor = cursor
        noticed = isStalled ? NoticeSet(.stalled) : []
        self.expiresAt = expiresAt
        self.graceEndsAt = graceEndsAt
        progressedAt = now
    }

    /// A machine for the second look at a response that ended as cancelled, which is due.
    package static func secondLook(now: Moment) -> WatchMachine {
        var machine = WatchMachine(
            status: .inProgress, cursor: nil, isStalled: true, expiresAt: now + WatchPace.secondLookPatience, graceEndsAt: now, now: now)
        machine.state = .cancelled(lookAgainAt: now)
        return machine
    }

    /// Begins to follow.
    package mutating func begin(in circumstances: Circumstances) -> Action {
        if case .cancelled = state { return timerFired(in: circumstances) }
        guard case .parked = state else { return .ignore }
        guard circumstances.now < expiresAt else { return lookOnceMore(in: circumstances) }
        progressedAt = circumstances.now
        if circumstances.welcomesStreams { return openStream(in: circumstances) }
        state = .retrieving
        return .retrieve
    }

    /// Somebody stopped the watch, or this node lets go of it. Whatever is under way is not needed any more.
    package mutating func stop() {
        state = .ended
    }

    /// The upstream is no longer configured. Whatever is under way is not needed any more; ``begin(in:)`` starts anew.
    package mutating func park() {
        switch state {
        case .parked, .pausing, .opening, .streaming, .confirming, .retrieving, .lastLook: state = .parked
        case .cancelled, .lookingAgain, .ended: state = .ended
        }
    }

    mutating func openStream(in circumstances: Circumstances) -> Action {
        let confirmAt = rested(circumstances.now + circumstances.pace.firstConfirmDelay(dice: circumstances.dice))
        state = .opening(confirmAt: confirmAt)
        streamBroughtEvents = false
        streamAnnounced = false
        lastOpening = circumstances.now
        return .openStream(startingAfter: cursor)
    }

    /// Asks at once, or as soon as the rest after a heavy answer is over.
    mutating func ask(in circumstances: Circumstances) -> Action {
        let moment = rested(circumstances.now)
        guard moment > circumstances.now else {
            state = .retrieving
            return .retrieve
        }
        state = .pausing(until: moment, then: .retrieve)
        return .wait
    }

    /// `moment`, or later when the watch rests.
    func rested(_ moment: Moment) -> Moment {
        max(moment, restsUntil ?? moment)
    }

    mutating func lookOnceMore(in circumstances: Circumstances) -> Action {
        state = .lastLook(until: circumstances.now + WatchPace.lastLookPatience)
        return .retrieve
    }

    /// The response has ended.
    mutating func conclude(_ response: ResponseObject) -> Action {
        state = .ended
        return .finish(response)
    }
}
