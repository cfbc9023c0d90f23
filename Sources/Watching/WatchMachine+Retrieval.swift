package import ResponsesAPI
import RingbackCore
package import Transport

/// What GETs tell.
extension WatchMachine {
    /// A GET was answered.
    ///
    /// - Parameters:
    ///   - pollAfter: The upstream's wish when to be polled next.
    ///   - rest: How long no GET may follow, because the answer was so large.
    package mutating func retrieved(
        _ answer: RetrieveAnswer, pollAfter: Duration? = nil, rest: Duration? = nil, in circumstances: Circumstances
    ) -> Action {
        restsUntil = rest.map { circumstances.now + $0 }
        switch state {
        case .retrieving, .confirming:
            return apply(meaning(of: answer, in: circumstances), pollAfter: pollAfter, in: circumstances)
        case .lastLook:
            if case .response(let response) = answer, response.terminalStatus != nil { return conclude(response) }
            state = .ended
            return .expired
        case .lookingAgain:
            return secondLook(answer, in: circumstances)
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
            return lookAgain(after: delayAfterFailure(retryAfter: nil, dice: circumstances.dice), in: circumstances)
        case .parked, .pausing, .opening, .streaming, .cancelled, .ended:
            return .ignore
        }
    }

    /// What an answer comes to, wherever it was asked.
    private enum Meaning {
        case over(ResponseObject)
        case running
        case missing
        case lost(Loss)
        case trouble(delay: Duration)
    }

    private mutating func meaning(of answer: RetrieveAnswer, in circumstances: Circumstances) -> Meaning {
        switch answer {
        case .response(let response):
            forgetTroubles()
            guard let status = response.runningStatus else { return .over(response) }
            note(status, now: circumstances.now)
            return .running
        case .notFound:
            return missing(now: circumstances.now)
        case .unauthorized:
            return .trouble(delay: delayAfterUnauthorized(dice: circumstances.dice))
        case .rateLimited(let retryAfter), .unavailable(_, _, let retryAfter):
            return .trouble(delay: delayAfterFailure(retryAfter: retryAfter, dice: circumstances.dice))
        case .refused(let status, _) where Self.mayMeanUnknown(status):
            return refused(in: circumstances)
        case .refused, .unusable:
            return .trouble(delay: delayAfterFailure(retryAfter: nil, dice: circumstances.dice))
        }
    }

    /// Whether some vendor answers so to a plain GET for a response it does not know: LiteLLM with 400, "There are no healthy deployments",
    /// agentserver and SGLang with 400 to an id of another shape than theirs, servers made with FastAPI with 422.
    private static func mayMeanUnknown(_ status: Int) -> Bool {
        status == 400 || status == 422
    }

    /// A refusal may mean anything, and most often something that passes. Only when it persists for long, and the upstream does not speak of
    /// the response meanwhile, it is taken for a loss. What says nothing either way, such as a 503, does not break the row: with a gateway
    /// that has a bad hour it would never get long enough.
    private mutating func refused(in circumstances: Circumstances) -> Meaning {
        let now = circumstances.now
        let delay = delayAfterFailure(retryAfter: nil, dice: circumstances.dice)
        guard now >= graceEndsAt else { return .trouble(delay: delay) }
        refusedAnswers = refusedAnswers < .max ? refusedAnswers + 1 : .max
        let since = refusedSince ?? now
        refusedSince = since
        guard refusedAnswers >= WatchPace.refusalLimit, now - since >= WatchPace.refusalPatience else { return .trouble(delay: delay) }
        return .lost(.refused(since: since))
    }

    private mutating func missing(now: Moment) -> Meaning {
        let before = notFoundAnswers
        failures = 0
        unauthorizedAnswers = 0
        notFoundAnswers = 0
        guard now >= graceEndsAt else { return .missing }
        notFoundAnswers = before + 1
        return notFoundAnswers >= WatchPace.notFoundLimit ? .lost(.notFound) : .missing
    }

    private mutating func apply(_ meaning: Meaning, pollAfter: Duration?, in circumstances: Circumstances) -> Action {
        switch meaning {
        case .over(let response):
            return conclude(response)
        case .lost(let loss):
            state = .ended
            return .lost(loss)
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
        let confirmAt = rested(circumstances.now + delay)
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
        state = .pausing(until: rested(circumstances.now + delay), then: .retrieve)
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

    /// The upstream speaks of the response: whatever was in a row is no longer.
    mutating func forgetTroubles() {
        failures = 0
        unauthorizedAnswers = 0
        notFoundAnswers = 0
        refusedAnswers = 0
        refusedSince = nil
    }
}
