package import RingbackCore

/// Deadlines.
extension WatchMachine {
    /// When ``timerFired(in:)`` is to be called if nothing happens before; `nil` only when the watch has ended.
    package func deadline(under pace: WatchPace) -> Moment? {
        switch state {
        case .parked: expiresAt
        case .pausing(let until, _): min(until, stallsAt(under: pace), expiresAt)
        case .opening(let confirmAt), .streaming(let confirmAt): min(confirmAt, stallsAt(under: pace), expiresAt)
        case .confirming, .retrieving: min(stallsAt(under: pace), expiresAt)
        case .lastLook(let until), .lookingAgain(let until): until
        case .cancelled(let lookAgainAt): lookAgainAt
        case .ended: nil
        }
    }

    /// The deadline, or something before it, has come. Several things may be due: the caller looks at the deadline again afterwards.
    package mutating func timerFired(in circumstances: Circumstances) -> Action {
        let now = circumstances.now
        switch state {
        case .parked:
            guard now >= expiresAt else { return .ignore }
            state = .ended
            return .expired
        case .pausing(let until, let step):
            if let action = ageOrStall(in: circumstances) { return action }
            guard now >= until else { return .ignore }
            return take(step, in: circumstances)
        case .opening(let confirmAt), .streaming(let confirmAt):
            if let action = ageOrStall(in: circumstances) { return action }
            guard now >= confirmAt else { return .ignore }
            state = .confirming(isOpened: isStreaming)
            return .retrieve
        case .confirming, .retrieving:
            guard now < expiresAt else {
                // The GET that is under way is the last look.
                state = .lastLook(until: now + WatchPace.lastLookPatience)
                return .wait
            }
            return ageOrStall(in: circumstances) ?? .ignore
        case .lastLook(let until):
            guard now >= until else { return .ignore }
            state = .ended
            return .expired
        case .cancelled(let lookAgainAt):
            guard now >= lookAgainAt else { return .ignore }
            state = .lookingAgain(until: expiresAt)
            return .retrieve
        case .lookingAgain(let until):
            guard now >= until else { return .ignore }
            state = .ended
            return .forget
        case .ended:
            return .ignore
        }
    }

    /// How the watch is followed, for people.
    package var following: Watch.Following {
        switch state {
        case .opening, .streaming, .confirming, .pausing(_, .stream): .stream
        case .pausing(_, .retrieve), .retrieving, .lastLook: .poll
        case .parked, .cancelled, .lookingAgain, .ended: .none
        }
    }

    private var isStreaming: Bool {
        if case .streaming = state { true } else { false }
    }

    private mutating func ageOrStall(in circumstances: Circumstances) -> Action? {
        if circumstances.now >= expiresAt { return lookOnceMore(in: circumstances) }
        guard circumstances.now >= stallsAt(under: circumstances.pace) else { return nil }
        notice(.stalled)
        return .wait
    }

    private mutating func take(_ step: Step, in circumstances: Circumstances) -> Action {
        switch step {
        case .stream where circumstances.welcomesStreams:
            return openStream(in: circumstances)
        case .stream, .retrieve:
            return ask(in: circumstances)
        }
    }

    /// When the stall is to be noticed; far away once it was.
    private func stallsAt(under pace: WatchPace) -> Moment {
        isStalled ? .distantFuture : progressedAt + pace.stalledAfter
    }
}
