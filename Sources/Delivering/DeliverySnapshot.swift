package import RingbackCore
package import Store

/// What the sender is doing right now, for `/readyz` and metrics.
package struct DeliverySnapshot: Sendable, Hashable {
    package struct LaneCount: Sendable, Hashable {
        package let endpoint: EndpointName
        package let reserved: Int
        package let inFlight: Int
        /// Whether deliveries are known to wait in the store: for a place, or for the endpoint to be enabled.
        package let hasWorkWaiting: Bool
    }

    /// Whether ``DeliveryEngine/run()`` is at work.
    package var isRunning: Bool
    /// Places promised to deliveries that are about to be born.
    package var reserved: Int
    /// Claimed, handed over or being sent.
    package var inFlight: Int
    /// Sent, with an outcome that is not on record yet.
    package var recording: Int
    /// Handed over and not begun.
    package var queued: Int
    /// Lanes in memory, by endpoint; callbacks are in it one by one while they are busy.
    package var lanes: [LaneCount]
    /// How the endpoints do, callbacks apart; an endpoint that was not sent anything yet is not in it.
    package var breakers: [EndpointName: BreakerStatus]
    /// For how long the oldest delivery of each endpoint that is due has waited, as of the last regular look at the store.
    package var queueAges: [EndpointName: Duration] = [:]
    /// Since the start of the process.
    package var counters: DeliveryCounters
    /// Why the store does not do what it is asked at the moment; `nil` while it does.
    package var storeTrouble: StoreError?
    /// How long the sender took to be at work after it was rung for, in seconds.
    package var delays: Histogram
}

/// Counts since the start of the process.
package struct DeliveryCounters: Sendable, Hashable {
    package var delivered = 0
    package var retried = 0
    package var dead: [DeadReason: Int] = [:]
    /// Failed attempts by what went wrong.
    package var failures: [AttemptError: Int] = [:]
    /// Attempts that succeeded or failed, uncounted ones included; by endpoint for those that have a name.
    package var attempts: [EndpointName: Attempts] = [:]
    /// Outcomes that could not be written down and will be repeated.
    package var forgotten = 0
    /// Given back untried, because the endpoint's circuit breaker opened meanwhile.
    package var heldBack = 0
    package var trips = 0
    package var recoveries = 0
    /// Endpoints disabled by what their receiver answered, or by nothing but failures.
    package var disabled = 0
    /// From the moment the end of a response was seen to the first attempt that brought the word of it, in seconds.
    package var latencies: [EndpointKind: Histogram] = [:]

    /// From a round trip on this machine to the end of the usual schedule.
    package static let latencyBounds = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43_200, 86_400,
    ]

    package struct Attempts: Sendable, Hashable {
        package var succeeded = 0
        package var failed = 0
    }
}
