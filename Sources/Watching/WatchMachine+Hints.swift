import RingbackCore

/// Hints that the response may be at its end: somebody asked the upstream to cancel it, or the vendor's own webhook spoke of it.
extension WatchMachine {
    /// Somebody has reason to think that the response is at its end. A hint is not believed: it only makes the next GET come soon.
    ///
    /// One that comes too early after the last is not dropped: the GET comes at the earliest moment that is allowed.
    package mutating func hinted(in circumstances: Circumstances) -> Action {
        switch state {
        case .opening(let confirmAt):
            let moment = nextLook(in: circumstances)
            guard moment > circumstances.now else { return confirm(isOpened: false) }
            state = .opening(confirmAt: min(confirmAt, moment))
            return .wait
        case .streaming(let confirmAt):
            let moment = nextLook(in: circumstances)
            guard moment > circumstances.now else { return confirm(isOpened: true) }
            state = .streaming(confirmAt: min(confirmAt, moment))
            return .wait
        case .pausing where notFoundAnswers > 0:
            // 404s that come in quick succession would count for more than they say.
            return .ignore
        case .pausing(let until, _):
            let moment = nextLook(in: circumstances)
            guard moment > circumstances.now else {
                state = .retrieving
                return .retrieve
            }
            // What was to happen sooner tells as much.
            if moment < until { state = .pausing(until: moment, then: .retrieve) }
            return .wait
        case .confirming, .retrieving:
            // The answer on its way may be older than the hint: the GET after it comes soon.
            beEager()
            return .ignore
        case .parked, .lastLook, .cancelled, .lookingAgain, .ended:
            // A parked watch has nobody to ask, and for the others the GET that decides is set already. The second look at a cancelled
            // response keeps its time.
            return .ignore
        }
    }

    private mutating func confirm(isOpened: Bool) -> Action {
        state = .confirming(isOpened: isOpened)
        return .retrieve
    }

    private mutating func beEager() {
        eagerConfirmations = WatchPace.eagerConfirmationLimit
        polls = 0
    }

    /// When the hint may lead to a GET: now, or so much later that hints cannot make a hot loop.
    private mutating func nextLook(in circumstances: Circumstances) -> Moment {
        beEager()
        let now = circumstances.now
        // A GET that is set for later serves this hint too.
        if let last = hintedLookAt, last > now { return last }
        let moment = rested(max(hintedLookAt.map { $0 + WatchPace.shortestHintSpacing } ?? now, now))
        hintedLookAt = moment
        return moment
    }
}
