import NIOConcurrencyHelpers
package import RingbackCore

/// A clock that stands still until a test moves it.
package final class ManualTime: TimeSource {
    private struct Sleeper {
        let deadline: Moment
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Moment(nanoseconds: 0)
        var wallOffset: Int64
        var nextToken = 0
        var sleepers: [Int: Sleeper] = [:]
        var arrivals: [CheckedContinuation<Void, Never>] = []
    }

    private let state: NIOLockedValueBox<State>

    /// - Parameter wall: What the wall clock shows at the start.
    package init(wall: Timestamp = Timestamp(milliseconds: 1_790_000_000_000)) {
        state = NIOLockedValueBox(State(wallOffset: wall.milliseconds))
    }

    package var now: Moment { state.withLockedValue(\.now) }

    package var wallNow: Timestamp {
        state.withLockedValue { Timestamp(milliseconds: $0.wallOffset + $0.now.nanoseconds / 1_000_000) }
    }

    /// The earliest deadline somebody sleeps for.
    package var nextDeadline: Moment? {
        state.withLockedValue { $0.sleepers.values.map(\.deadline).min() }
    }

    /// How many sleep. Whoever was woken does not count any more, also before it has run: a test that waits for sleepers waits for it.
    package var sleeperCount: Int { state.withLockedValue(\.sleepers.count) }

    /// Moves to the earliest moment somebody sleeps for.
    package func advanceToNextDeadline() {
        guard let deadline = nextDeadline else { return }
        advance(by: max(deadline - now, .zero))
    }

    /// Moves both clocks and wakes whoever's deadline has come.
    package func advance(by duration: Duration) {
        let woken = state.withLockedValue { state in
            state.now = state.now + duration
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for token in due.keys { state.sleepers[token] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// Moves the wall clock alone, as an administrator or NTP would.
    package func jumpWall(by duration: Duration) {
        state.withLockedValue { $0.wallOffset += duration.wholeMilliseconds }
    }

    /// Returns when somebody sleeps: a test's signal that the code under test has nothing left to do now. Returns also when the task is
    /// cancelled: a test that waits in vain comes to its end.
    package func waitForSleeper() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLockedValue { state in
                    guard state.sleepers.isEmpty, !Task.isCancelled else { return true }
                    state.arrivals.append(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let arrivals = state.withLockedValue { state in
                defer { state.arrivals = [] }
                return state.arrivals
            }
            for arrival in arrivals { arrival.resume() }
        }
    }

    package func sleep(until deadline: Moment) async throws {
        let token = state.withLockedValue { state in
            state.nextToken += 1
            return state.nextToken
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                enum Entry { case due, cancelled, asleep([CheckedContinuation<Void, Never>]) }
                let entry: Entry = state.withLockedValue { state in
                    if Task.isCancelled { return .cancelled }
                    if deadline <= state.now { return .due }
                    state.sleepers[token] = Sleeper(deadline: deadline, continuation: continuation)
                    defer { state.arrivals = [] }
                    return .asleep(state.arrivals)
                }
                switch entry {
                case .due: continuation.resume()
                case .cancelled: continuation.resume(throwing: CancellationError())
                case .asleep(let arrivals): for arrival in arrivals { arrival.resume() }
                }
            }
        } onCancel: {
            state.withLockedValue { $0.sleepers.removeValue(forKey: token) }?.continuation.resume(throwing: CancellationError())
        }
    }
}
