package import ResponsesAPI
package import RingbackCore

/// What streams tell.
extension WatchMachine {
    /// The answer is an event stream.
    package mutating func streamOpened() -> Action {
        switch state {
        case .opening(let confirmAt):
            state = .streaming(confirmAt: confirmAt)
            return .wait
        case .confirming:
            state = .confirming(isOpened: true)
            return .wait
        case .streaming, .parked, .pausing, .retrieving, .lastLook, .cancelled, .lookingAgain, .ended:
            // The last look decides alone, and in the other states no stream is under way: a late word changes nothing.
            return .ignore
        }
    }

    /// The stream brought events.
    ///
    /// - Parameter cursor: The last `sequence_number` seen; `nil` when the upstream does not number its events.
    package mutating func streamProgressed(cursor: Int64?, now: Moment) -> Action {
        switch state {
        case .opening, .streaming, .confirming, .lastLook:
            // A server that replays what we know already makes no progress.
            if let cursor {
                guard self.cursor.map({ $0 < cursor }) ?? true else { return .wait }
                self.cursor = cursor
            }
            streamBroughtEvents = true
            streamAnnounced = false
            progressedAt = now
            forgetTroubles()
            return .wait
        case .parked, .pausing, .retrieving, .cancelled, .lookingAgain, .ended:
            // The stream is over already: a late word changes nothing.
            return .ignore
        }
    }

    /// The stream said which status the running response has.
    package mutating func streamReported(_ status: RunningStatus, now: Moment) -> Action {
        switch state {
        case .opening, .streaming, .confirming, .lastLook:
            note(status, now: now)
            return .wait
        case .parked, .pausing, .retrieving, .cancelled, .lookingAgain, .ended:
            return .ignore
        }
    }

    /// The stream brought the response object. One with a terminal status settles the matter; every other one is only a reason to go on.
    ///
    /// Right after a hint, which most often means that somebody cancelled, a failure is only a reason to ask: a gateway may make one up when
    /// the stream behind it breaks off without a word, as streams do on a cancel.
    package mutating func streamConcluded(_ response: ResponseObject, in circumstances: Circumstances) -> Action {
        switch state {
        case .opening, .streaming, .confirming, .lastLook:
            guard let status = response.terminalStatus else { return .wait }
            if status == .failed, mayFailByCancel(now: circumstances.now) { return streamAnnouncedEnd(in: circumstances) }
            return conclude(response)
        case .parked, .pausing, .retrieving, .cancelled, .lookingAgain, .ended:
            return .ignore
        }
    }

    /// The stream spoke of an end that it does not prove. It goes on, as far as anybody knows, and a GET beside it tells.
    package mutating func streamAnnouncedEnd(in circumstances: Circumstances) -> Action {
        switch state {
        case .opening, .streaming, .confirming:
            streamAnnounced = true
            return hinted(in: circumstances)
        case .lastLook, .parked, .pausing, .retrieving, .cancelled, .lookingAgain, .ended:
            return .ignore
        }
    }

    private func mayFailByCancel(now: Moment) -> Bool {
        hintedLookAt.map { now < $0 + WatchPace.cancelAftermath } ?? false
    }

    /// The stream is over and did not tell the response's end.
    package mutating func streamEnded(_ end: StreamEnd, in circumstances: Circumstances) -> Action {
        switch state {
        case .opening, .streaming:
            noteStreamEnd(end, now: circumstances.now)
            return askAfterStream(end, in: circumstances)
        case .confirming:
            // The GET that is under way decides what comes next, unless the "stream" was the answer itself.
            noteStreamEnd(end, now: circumstances.now)
            state = .retrieving
            return concludeIfTerminal(end, in: circumstances) ?? .wait
        case .lastLook:
            return concludeIfTerminal(end, in: circumstances) ?? .wait
        case .parked, .pausing, .retrieving, .cancelled, .lookingAgain, .ended:
            return .ignore
        }
    }

    private mutating func noteStreamEnd(_ end: StreamEnd, now: Moment) {
        switch end {
        case .unwelcome:
            // Nothing was asked, so nothing was learned.
            return
        case .closed where streamAnnounced, .announced, .empty, .json, .refused, .notFound, .tooLarge:
            // The next stream would end the same way.
            abstain(now: now)
        case .closed, .unauthorized, .rateLimited, .unavailable, .failed:
            guard !streamBroughtEvents else {
                barrenStreams = 0
                return
            }
            barrenStreams += 1
            if barrenStreams >= WatchPace.barrenStreamLimit { abstain(now: now) }
        }
    }

    private mutating func abstain(now: Moment) {
        streamsFrom = now + WatchPace.streamAbstinence
        barrenStreams = 0
    }

    private mutating func askAfterStream(_ end: StreamEnd, in circumstances: Circumstances) -> Action {
        switch end {
        case .announced, .tooLarge:
            // A good reason to ask, also for what is resting.
            state = .retrieving
            return .retrieve
        case .closed, .empty, .refused, .notFound, .unwelcome, .json(nil):
            return ask(in: circumstances)
        case .json(let answer?):
            state = .retrieving
            return retrieved(answer, in: circumstances)
        case .unauthorized:
            return pause(for: delayAfterUnauthorized(dice: circumstances.dice), in: circumstances)
        case .rateLimited(let retryAfter), .unavailable(_, let retryAfter):
            return pause(for: delayAfterFailure(retryAfter: retryAfter, dice: circumstances.dice), in: circumstances)
        case .failed:
            return pause(for: delayAfterFailure(retryAfter: nil, dice: circumstances.dice), in: circumstances)
        }
    }

    private mutating func concludeIfTerminal(_ end: StreamEnd, in circumstances: Circumstances) -> Action? {
        guard case .json(.response(let response)?) = end, response.terminalStatus != nil else { return nil }
        return conclude(response)
    }
}
