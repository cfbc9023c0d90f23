import Delivering
import RingbackCore

/// Something a receiver, or whoever speaks for it, is asked for once on behalf of all attempts that need it, and that is then remembered.
///
/// Kept in memory only: after a restart it is asked for again, which costs one small request.
actor SharedAnswer<Value: Sendable> {
    struct Kept: Sendable {
        let value: Value
        /// From then on it is asked for again.
        let until: Timestamp
    }

    private enum State {
        /// Exits: the first attempt to `asking`.
        case empty
        /// One attempt asks, the others wait for what it hears. Exits: an answer to `kept`; a failure to `empty`.
        case asking([CheckedContinuation<Result<Value, FailedAttempt>, Never>])
        /// Exits: its time, or ``forget(where:)``, to `asking` or `empty`.
        case kept(Kept)
    }

    private var state = State.empty

    /// - Parameter ask: Asks. Called by one attempt at a time, in that attempt's own task: when that is cancelled, those who wait hear of it
    ///   as a trouble that is not counted.
    func value(now: Timestamp, ask: @Sendable () async -> Result<Kept, FailedAttempt>) async -> Result<Value, FailedAttempt> {
        switch state {
        case .kept(let kept) where now < kept.until:
            return .success(kept.value)
        case .asking(let waiters):
            return await withCheckedContinuation { state = .asking(waiters + [$0]) }
        case .empty, .kept:
            state = .asking([])
            let outcome = await ask()
            return settle(outcome)
        }
    }

    /// Drops what is kept, if it is what the caller was given: meanwhile it may have been renewed.
    func forget(where isOutdated: (Value) -> Bool) {
        if case .kept(let kept) = state, isOutdated(kept.value) { state = .empty }
    }

    private func settle(_ outcome: Result<Kept, FailedAttempt>) -> Result<Value, FailedAttempt> {
        guard case .asking(let waiters) = state else { preconditionFailure("only the attempt that asks ends the asking") }
        state =
            switch outcome {
            case .success(let kept): .kept(kept)
            case .failure: .empty
            }
        let result = outcome.map(\.value)
        for waiter in waiters { waiter.resume(returning: result) }
        return result
    }
}

/// An attempt that came to its end before the callback was sent.
struct FailedAttempt: Error {
    let report: AttemptReport

    init(_ report: AttemptReport) {
        self.report = report
    }
}
