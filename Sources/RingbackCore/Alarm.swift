import NIOConcurrencyHelpers

/// Lets one task sleep until a deadline or until somebody rings, whichever comes first.
///
/// A ring while nobody waits is remembered once, so that "look at your queue" is never lost between two waits.
/// Exactly one task may wait at a time. A wait may return early without a ring; callers look again and wait again.
package final class Alarm: Sendable {
    private struct State {
        var rung = false
        var waiter: CheckedContinuation<Void, Never>?
        /// When the waiter was rung for, until it is back at work.
        var rungAt: Moment?
        var delays = Histogram(bounds: Alarm.delayBounds)
    }

    private static let delayBounds = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]

    private let time: any TimeSource
    private let state = NIOLockedValueBox(State())

    package init(time: any TimeSource) {
        self.time = time
    }

    /// How long it took whoever waited to be at work after a ring, in seconds. Counted as it happens: nobody is woken for it.
    package var delays: Histogram { state.withLockedValue(\.delays) }

    /// Wakes the waiting task, or lets the next wait return at once.
    package func ring() {
        let waiter = state.withLockedValue { state in
            defer { state.waiter = nil }
            state.rung = state.waiter == nil
            if state.waiter != nil { state.rungAt = time.now }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns when `deadline` has passed, after a ring, or at once when the task is cancelled.
    package func wait(until deadline: Moment?) async {
        guard let deadline else { return await waitForRing() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                // A cancelled sleep must not ring: the ring would be kept and end the next wait at once, for ever.
                guard (try? await time.sleep(until: deadline)) != nil else { return }
                ring()
            }
            await waitForRing()
            group.cancelAll()
        }
    }

    private func waitForRing() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let alreadyRung = state.withLockedValue { state in
                    defer { state.rung = false }
                    precondition(state.waiter == nil, "an alarm wakes one task, but two are waiting")
                    guard !state.rung else { return true }
                    state.waiter = continuation
                    return false
                }
                if alreadyRung { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
        noteReturn()
    }

    private func noteReturn() {
        state.withLockedValue { state in
            guard let rungAt = state.rungAt else { return }
            state.rungAt = nil
            state.delays.record(time.now - rungAt)
        }
    }
}
