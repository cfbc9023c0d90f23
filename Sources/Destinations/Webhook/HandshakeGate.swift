import Delivering
import RingbackCore

/// Lets callbacks through to a receiver that has consented, and asks it before: once for all attempts that wait meanwhile.
///
/// A consent is remembered in memory only. After a restart the question is asked again, which costs one small request.
actor HandshakeGate {
    /// After this time a receiver is asked again: its owner may have changed.
    static let validity: Duration = .seconds(24 * 3600)

    private enum State {
        /// Exits: the first attempt to `asking`.
        case closed
        /// One attempt asks, the others wait for what it hears. Exits: consent to `open`; anything else to `closed`.
        case asking([CheckedContinuation<AttemptReport?, Never>])
        /// Exits: the moment to `asking`.
        case open(until: Timestamp)
    }

    private var state = State.closed

    /// - Parameter ask: Asks the receiver; what it returns is why the callback must not go out, or `nil`. Called by one attempt at a time,
    ///   in that attempt's own task: when that is cancelled, those who wait hear of it as a trouble that is not counted.
    /// - Returns: The failed attempt; `nil` when the callback may go out.
    func refusal(now: Timestamp, ask: @Sendable () async -> AttemptReport?) async -> AttemptReport? {
        switch state {
        case .open(let until) where now < until:
            return nil
        case .asking(let waiters):
            return await withCheckedContinuation { state = .asking(waiters + [$0]) }
        case .closed, .open:
            state = .asking([])
            let refusal = await ask()
            let waiters = if case .asking(let waiters) = state { waiters } else { [CheckedContinuation<AttemptReport?, Never>]() }
            state = refusal == nil ? .open(until: now + Self.validity) : .closed
            for waiter in waiters { waiter.resume(returning: refusal) }
            return refusal
        }
    }
}
