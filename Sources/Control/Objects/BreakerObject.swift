package import RingbackCore

/// An endpoint's circuit breaker as the API shows it.
package struct BreakerObject: Codable, Sendable, Hashable {
    package var state: BreakerStatus.State
    /// Since when it is open or half-open, or closed again; `null` when it never tripped.
    @Nullable package var since: APITime?
    /// Attempts of the last five minutes that count, since the breaker last closed.
    package var attempts: Int
    /// The share of them that failed, from 0 to 1; `null` when there was none.
    @Nullable package var failureRate: Double?
    /// When the next delivery tries whether the receiver is back; in the past when none was due since. `null` while closed.
    @Nullable package var nextProbeAt: APITime?
    /// Since when every attempt has failed; `null` after a success.
    @Nullable package var failingSince: APITime?

    private enum CodingKeys: String, CodingKey {
        case state
        case since
        case attempts
        case failureRate = "failure_rate"
        case nextProbeAt = "next_probe_at"
        case failingSince = "failing_since"
    }
}

extension BreakerObject {
    package init(_ status: BreakerStatus) {
        state = status.state
        since = status.since.map { APITime($0) }
        attempts = status.attempts
        failureRate = status.failureRate
        nextProbeAt = status.nextProbeAt.map { APITime($0) }
        failingSince = status.failingSince.map { APITime($0) }
    }
}
