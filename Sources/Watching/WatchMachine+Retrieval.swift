package import ResponsesAPI
import RingbackCore
package import Transport

/// What GETs tell.
extension WatchMachine {
    /// A GET was answered.
    ///
    /// - Parameter pollAfter: The upstream's wish when to be polled next.
    package mutating func retrieved(_ answer: RetrieveAnswer, pollAfter: Duration? = nil, in circumstances: Circumstances) -> Action {
        switch state {
        case .retrieving, .confirming:
            return apply(meaning(of: answer, in: circumstances), pollAfter: pollAfter, in: circumstances)
        case .lastLook:
            if case .response(let response) = answer, response.terminalStatus != nil { return conclude(response, in: circumstances) }
            state = .ended
            return .expired
        case .lookingAgain:
            state = .ended
            if case .response(let response) = answer, response.terminalStatus == .completed { return .finish(response) }
            return .forget
        case .parked, .pausing, .opening, .streaming, .cancelled, .ended:
            // No GET is under way that anybody waits for: a late word changes nothing.
            return .ignore
        }
    }

    /// A GET got no answer.
    package mutating func requestFailed(_ error: TransportError, in circumstances: Circumstances) -> Action {
        switch state {
        case .retrieving, .confirming:
            let delay = delayAfterFailure(retryAfter: nil, dice: circumstances.dice)
            return apply(.trouble(delay: delay), pollAfter: nil, in: circumstances)
        case .lastLook:
            state = .ended
            return .expired
        case .lookingAgain:
            state = .ended
            return .forget
        case .parked, .pausing, .opening, .streaming, .cancelled, .ended:
            return .ignore
        }
    }

    /// What an answer comes to, wherever it was asked.
    private enum Meaning {
        case over(ResponseObject)
        case running
        case missing
        case lost
        case trouble(delay: Duration)
    }

    private mutating func meaning(of answer: RetrieveAnswer, in circumstances: Circumstances) -> Meaning {
        switch answer {
        case .response(let response):
            forgetTroubles()
            guard response.terminalStatus == nil else { return .over(response) }
            note(response.watchStatus, now: circumstances.now)
            return .running
        case .notFound:
            return missing(now: circumstances.now)
        case .unauthorized:
            return .trouble(delay: delayAfterUnauthorized(dice: circumstances.dice))
        case .rateLimited(let retryAfter), .unavailable(_, _, let retryAfter):
            return .trouble(delay: delayAfterFailure(retryAfter: retryAfter, dice: circumstances.dice))
        case .refused, .unusable:
            return .trouble(delay: delayAfterFailure(retryAfter: nil, dice: circumstances.dice))
        }
    }

    private mutating func missing(now: Moment) -> Meaning {
        let before = notFoundAnswers
        forgetTroubles()
        guard now >= graceEndsAt else { return .missing }
        notFoundAnswers = before + 1
        return notFoundAnswers >= WatchPace.notFoundLimit ? .lost : .missing
    }

    private mutating func apply(_ meaning: Meaning, pollAfter: Duration?, in circumstances: Circumstances) -> Action {
        switch meaning {
        case .over(let response):
            return conclude(response, in: circumstances)
        case .lost:
            state = .ended
            return .lost
        case .running:
            return goOn(confirmingAgainIn: confirmDelay(in: circumstances), in: circumstances) { machine in
                machine.askLater(pollAfter: pollAfter, in: circumstances)
            }
        case .missing:
            return goOn(confirmingAgainIn: WatchPace.missingConfirmInterval, in: circumstances) { machine in
                machine.pause(for: circumstances.pace.notFoundDelay(dice: circumstances.dice), in: circumstances)
            }
        case .trouble(let delay):
            return goOn(confirmingAgainIn: max(delay, circumstances.pace.confirmDelay(dice: circumstances.dice)), in: circumstances) {
                machine in
                machine.pause(for: delay, in: circumstances)
            }
        }
    }

    /// Goes back to the stream where there is one, else does what `withoutStream` says.
    private mutating func goOn(
        confirmingAgainIn delay: Duration, in circumstances: Circumstances, withoutStream: (inout WatchMachine) -> Action
    ) -> Action {
        guard case .confirming(let isOpened) = state else { return withoutStream(&self) }
        let confirmAt = circumstances.now + delay
        state = isOpened ? .streaming(confirmAt: confirmAt) : .opening(confirmAt: confirmAt)
        return .wait
    }

    private mutating func confirmDelay(in circumstances: Circumstances) -> Duration {
        guard eagerConfirmations > 0 else { return circumstances.pace.confirmDelay(dice: circumstances.dice) }
        defer { eagerConfirmations -= 1 }
        return circumstances.pace.eagerConfirmDelay(left: eagerConfirmations, dice: circumstances.dice)
    }

    /// The response is running and no stream is open: resume one where that is welcome, else poll.
    private mutating func askLater(pollAfter: Duration?, in circumstances: Circumstances) -> Action {
        guard circumstances.welcomesStreams, streamsFrom ?? circumstances.now <= circumstances.now else {
            let delay = circumstances.pace.pollDelay(afterPolls: Int(polls), hint: pollAfter, dice: circumstances.dice)
            polls = polls < .max ? polls + 1 : polls
            return pause(for: delay, in: circumstances)
        }
        let earliest = earliestOpening(in: circumstances)
        guard earliest > circumstances.now else { return openStream(in: circumstances) }
        state = .pausing(until: earliest, then: .stream)
        return .wait
    }

    /// Streams that keep dying without an event are reopened more and more slowly, and none is reopened at once after its opening.
    private func earliestOpening(in circumstances: Circumstances) -> Moment {
        let spaced = lastOpening.map { $0 + WatchPace.spread(WatchPace.shortestStreamSpacing, dice: circumstances.dice) }
        guard barrenStreams > 0 else { return spaced ?? circumstances.now }
        let delayed = circumstances.now + WatchPace.failureDelay(afterFailures: Int(barrenStreams), dice: circumstances.dice)
        return max(spaced ?? delayed, delayed)
    }

    mutating func pause(for delay: Duration, in circumstances: Circumstances) -> Action {
        state = .pausing(until: circumstances.now + delay, then: .retrieve)
        return .wait
    }

    mutating func delayAfterFailure(retryAfter: Duration?, dice: Double) -> Duration {
        failures = failures < .max ? failures + 1 : failures
        unauthorizedAnswers = 0
        notFoundAnswers = 0
        return WatchPace.failureDelay(afterFailures: Int(failures), retryAfter: retryAfter, dice: dice)
    }

    mutating func delayAfterUnauthorized(dice: Double) -> Duration {
        unauthorizedAnswers = unauthorizedAnswers < .max ? unauthorizedAnswers + 1 : unauthorizedAnswers
        failures = 0
        notFoundAnswers = 0
        return WatchPace.unauthorizedDelay(afterRefusals: Int(unauthorizedAnswers), dice: dice)
    }

    /// The upstream answers as it should: whatever was in a row is no longer.
    mutating func forgetTroubles() {
        failures = 0
        unauthorizedAnswers = 0
        notFoundAnswers = 0
    }

    /// Takes over the status of a running response. Only the step forward counts as progress: a vendor may swing between its words.
    mutating func note(_ status: WatchStatus, now: Moment) {
        guard status.isOpen, status != self.status else { return }
        if status == .inProgress {
            progressedAt = now
            polls = 0
        }
        self.status = status
    }
}
