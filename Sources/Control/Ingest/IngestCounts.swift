import NIOConcurrencyHelpers
package import RingbackCore

/// What became of the webhooks that vendors, or others in their name, have sent; for metrics. Counts since the process began.
package final class IngestCounts: Sendable {
    /// A closed list, fit for a metric.
    package enum Result: String, Sendable, Hashable, CaseIterable {
        /// Verified, and about a response that is watched.
        case accepted
        /// Not signed as the upstream's secret signs.
        case forged
        /// Signed more than five minutes ago, or in the future.
        case stale
        /// Verified, but without the id of a response.
        case malformed
        /// Verified, but about a response nobody watches.
        case unknownResponse = "unknown_response"
        /// For an upstream that takes none, or that does not exist.
        case unconfigured
    }

    package struct Key: Sendable, Hashable {
        /// `nil` for ``Result/unconfigured``: strangers' names are no labels.
        package let upstream: UpstreamName?
        package let result: Result
    }

    /// A flood of refused webhooks must not become a flood of log lines.
    private static let logInterval: Duration = .seconds(60)

    private struct State {
        var counts: [Key: Int] = [:]
        var lastLogged: [Key: Timestamp] = [:]
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    package var all: [Key: Int] { state.withLockedValue(\.counts) }

    /// - Returns: Whether it is time to log another one of this kind.
    func note(_ result: Result, of upstream: UpstreamName?, now: Timestamp) -> Bool {
        let key = Key(upstream: upstream, result: result)
        return state.withLockedValue { state in
            state.counts[key, default: 0] += 1
            if let last = state.lastLogged[key], now - last < Self.logInterval, now >= last { return false }
            state.lastLogged[key] = now
            return true
        }
    }
}
