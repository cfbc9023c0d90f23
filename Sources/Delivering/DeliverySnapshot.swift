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
    /// Since the start of the process.
    package var counters: DeliveryCounters
    /// Why the store does not do what it is asked at the moment; `nil` while it does.
    package var storeTrouble: StoreError?
}

/// Counts since the start of the process.
package struct DeliveryCounters: Sendable, Hashable {
    package var delivered = 0
    package var retried = 0
    package var dead: [DeadReason: Int] = [:]
    /// Failed attempts by what went wrong.
    package var failures: [AttemptError: Int] = [:]
    /// Outcomes that could not be written down and will be repeated.
    package var forgotten = 0
}
