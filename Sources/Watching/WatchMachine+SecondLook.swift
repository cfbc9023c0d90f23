import ResponsesAPI
import RingbackCore

/// The second look at a response that ended as cancelled. Azure, LiteLLM, mistral.rs and jan-server complete some of them after all.
extension WatchMachine {
    mutating func secondLook(_ answer: RetrieveAnswer, in circumstances: Circumstances) -> Action {
        switch answer {
        case .response(let response) where response.terminalStatus == .completed:
            return conclude(response)
        case .response(let response) where response.terminalStatus == nil:
            // The cancel was taken back, or never reached the run: it may still complete.
            return lookAgain(after: WatchPace.spread(WatchPace.secondLookDelay, dice: circumstances.dice), in: circumstances)
        case .response, .notFound, .refused:
            state = .ended
            return .forget
        case .unauthorized:
            return lookAgain(after: delayAfterUnauthorized(dice: circumstances.dice), in: circumstances)
        case .rateLimited(let retryAfter), .unavailable(_, _, let retryAfter):
            return lookAgain(after: delayAfterFailure(retryAfter: retryAfter, dice: circumstances.dice), in: circumstances)
        case .unusable:
            return lookAgain(after: delayAfterFailure(retryAfter: nil, dice: circumstances.dice), in: circumstances)
        }
    }

    /// The look told nothing yet. Patience ends: the watch has rung already, and this is about a rare surprise.
    mutating func lookAgain(after delay: Duration, in circumstances: Circumstances) -> Action {
        let moment = circumstances.now + delay
        guard moment < expiresAt else {
            state = .ended
            return .forget
        }
        state = .cancelled(lookAgainAt: moment)
        return .wait
    }
}
