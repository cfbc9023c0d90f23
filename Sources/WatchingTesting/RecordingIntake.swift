import NIOConcurrencyHelpers
package import RingbackCore
package import Store

/// A sender that sends nothing: it hands out places and keeps what it was given.
package final class RecordingIntake: DeliveryIntake {
    private struct State {
        var places = 1000
        var jobs: [DeliveryJob] = []
        var reserved = 0
        var givenBack = 0
        var accepted = 0
        var waiter: CheckedContinuation<DeliveryJob, any Error>?
    }

    private let node: NodeID
    private let state = NIOLockedValueBox(State())

    package init(node: NodeID) {
        self.node = node
    }

    package func reserve(_ endpoint: EndpointName) -> BirthLease? {
        state.withLockedValue { state in
            guard state.places > 0 else { return nil }
            state.places -= 1
            state.reserved += 1
            return BirthLease(node: node, until: Timestamp(milliseconds: .max / 2))
        }
    }

    package func cancel(_ endpoints: [EndpointName]) {
        state.withLockedValue { state in
            state.places += endpoints.count
            state.givenBack += endpoints.count
        }
    }

    package func accept(_ jobs: [DeliveryJob]) {
        for job in jobs {
            let waiter = state.withLockedValue { state in
                state.accepted += 1
                defer { state.waiter = nil }
                if state.waiter == nil { state.jobs.append(job) }
                return state.waiter
            }
            waiter?.resume(returning: job)
        }
    }

    /// The next delivery that was handed over; suspends until there is one, or the task is cancelled.
    package func next() async throws -> DeliveryJob {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<DeliveryJob, any Error>? = state.withLockedValue { state in
                    guard !Task.isCancelled else { return .failure(CancellationError()) }
                    guard state.jobs.isEmpty else { return .success(state.jobs.removeFirst()) }
                    state.waiter = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let waiter = state.withLockedValue { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    /// Whether every place that was handed out was used or given back.
    package var isBalanced: Bool {
        state.withLockedValue { $0.reserved == $0.givenBack + $0.accepted }
    }

    package var acceptedCount: Int { state.withLockedValue(\.accepted) }
}
