/// How an endpoint does, as its circuit breaker sees it (contract, section 6); for people, the API and metrics.
package struct BreakerStatus: Sendable, Hashable {
    package enum State: String, Sendable, Hashable, CaseIterable, Codable {
        /// Deliveries flow.
        case closed
        /// Deliveries wait; nothing is sent before the next probe.
        case open
        /// One probe is under way, or goes out with the next delivery; all others wait.
        case halfOpen = "half_open"
    }

    package var state: State
    /// Since when it is open or half-open, or closed again; `nil` when it never tripped.
    package var since: Timestamp?
    /// Attempts within the window that counts, and how many of them failed.
    package var attempts: Int
    package var failures: Int
    /// When the next delivery may try whether the receiver is back; `nil` unless open.
    package var nextProbeAt: Timestamp?
    /// Since when nothing but failures was seen; `nil` after a success.
    package var failingSince: Timestamp?

    package init(
        state: State = .closed, since: Timestamp? = nil, attempts: Int = 0, failures: Int = 0, nextProbeAt: Timestamp? = nil,
        failingSince: Timestamp? = nil
    ) {
        self.state = state
        self.since = since
        self.attempts = attempts
        self.failures = failures
        self.nextProbeAt = nextProbeAt
        self.failingSince = failingSince
    }

    /// From 0 to 1; `nil` when there was no attempt.
    package var failureRate: Double? { attempts == 0 ? nil : Double(failures) / Double(attempts) }
}
