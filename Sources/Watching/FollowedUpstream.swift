import ResponsesAPI
import RingbackCore
import Transport

/// What the engine keeps for each upstream. Belongs to the engine's loop.
final class FollowedUpstream {
    private(set) var client: ResponsesClient
    private(set) var pace: WatchPace
    var governor: Governor<Ask>
    var manners = Manners()
    /// Streams that are asked for, opening or open.
    var streams = 0
    /// GETs under way.
    var retrievals = 0
    /// The governor's line is being worked off.
    var isSending = false
    /// When the governor is looked at again.
    var wakesAt: Moment?
    private(set) var health = UpstreamHealth()

    init(_ upstream: Upstream, transport: any Transport, now: Moment) {
        client = ResponsesClient(upstream: upstream, transport: transport)
        pace = WatchPace(upstream)
        governor = Governor(requestsPerSecond: upstream.requestsPerSecond, now: now)
    }

    var upstream: Upstream { client.upstream }

    /// Takes over changed settings. Requests under way end under the old ones.
    func replace(_ upstream: Upstream, now: Moment) {
        guard upstream != self.upstream else { return }
        // Another server has other manners.
        if upstream.baseURL != self.upstream.baseURL { manners = Manners() }
        client = ResponsesClient(upstream: upstream, transport: client.transport)
        pace = WatchPace(upstream)
        governor.setRate(requestsPerSecond: upstream.requestsPerSecond, now: now)
        health = UpstreamHealth()
    }

    func welcomesStreams(_ now: Moment) -> Bool {
        upstream.follow == .stream && streams < upstream.maximumStreams && manners.welcomesStreams(now)
    }

    /// The pace with confirming polls stretched so that they take at most half of the allowed requests.
    var presentPace: WatchPace {
        var stretched = pace
        let busy: Duration = .seconds(Double(streams) / max(upstream.requestsPerSecond, TokenBucket.slowestRate) * 2)
        stretched.confirmInterval = max(pace.confirmInterval, busy)
        return stretched
    }

    func answered() {
        health = UpstreamHealth()
    }

    func refusedCredentials(_ message: String) {
        health.isUnauthorized = true
        health.lastError = message
    }

    func failed(_ message: String) {
        health.isUnauthorized = false
        health.failuresInARow += 1
        health.lastError = message
    }
}

/// How an upstream answered last.
package struct UpstreamHealth: Sendable, Hashable {
    /// The last answer was 401 or 403.
    package var isUnauthorized = false
    /// Requests without a usable answer since the last good one.
    package var failuresInARow = 0
    /// What went wrong last; `nil` after a good answer.
    package var lastError: String?

    package init() {}
}
