import Cryptography
import ResponsesAPI
package import RingbackCore
import Store
import Transport

/// What the engine keeps for each upstream. Belongs to the engine's loop.
final class FollowedUpstream {
    private(set) var client: ResponsesClient
    private(set) var pace: WatchPace
    /// Of the upstream's own key; a watch may bring another one.
    private(set) var credential: CredentialKey
    /// Grows when the settings change: what was derived from them is old then.
    private(set) var generation = 0
    var manners: Manners
    /// What the store knows of the manners.
    var savedManners: RememberedManners
    /// Streams that are asked for, opening or open.
    var streams = 0
    /// GETs under way.
    var retrievals = 0
    var totals = UpstreamTotals()
    private(set) var health = UpstreamHealth()
    private let credentials: CredentialDigest

    /// - Parameter remembered: What the store knows about an upstream of this name.
    init(_ upstream: Upstream, transport: any Transport, credentials: CredentialDigest, remembered: RememberedManners?) {
        client = ResponsesClient(upstream: upstream, transport: transport)
        pace = WatchPace(upstream)
        self.credentials = credentials
        credential = credentials.key(of: client.credential(headers: []))
        savedManners = remembered ?? Self.nothing(about: upstream)
        manners = Self.manners(of: upstream, from: savedManners)
    }

    var upstream: Upstream { client.upstream }

    /// Takes over changed settings. Requests under way end under the old ones.
    func replace(_ upstream: Upstream) {
        guard upstream != self.upstream else { return }
        let isMoved = upstream.baseURL != self.upstream.baseURL
        client = ResponsesClient(upstream: upstream, transport: client.transport)
        pace = WatchPace(upstream)
        credential = credentials.key(of: client.credential(headers: []))
        generation += 1
        health = UpstreamHealth()
        if isMoved { manners.forget() }
        manners.fixed = upstream.manners
    }

    /// The credential that a watch's calls are made with.
    func credential(of watch: Watch) -> CredentialKey {
        watch.headers.isEmpty ? credential : credentials.key(of: client.credential(headers: watch.headers))
    }

    func welcomes(_ wish: StreamWish, _ now: Timestamp) -> Bool {
        upstream.follow == .stream && streams < upstream.maximumStreams && manners.welcomes(wish, now)
    }

    /// The pace with confirming polls stretched so that they take at most half of what the credential may ask.
    func presentPace(under governor: CredentialGovernor) -> WatchPace {
        var stretched = pace
        let busy: Duration = .seconds(Double(governor.streams) / governor.governor.perSecond * 2)
        stretched.confirmInterval = max(pace.confirmInterval, busy)
        return stretched
    }

    // MARK: Manners

    /// Takes up what the store knows, when that was learned at this very base URL and nothing was learned meanwhile.
    func recall(_ remembered: RememberedManners) {
        guard manners.isBlank else { return }
        savedManners = remembered
        manners = Self.manners(of: upstream, from: remembered)
    }

    /// What the store does not know yet; `nil` when it knows all.
    var unsavedManners: RememberedManners? {
        let present = RememberedManners(upstream: upstream.name, base: Self.base(of: upstream), manners: manners.learned)
        return present == savedManners ? nil : present
    }

    private static func manners(of upstream: Upstream, from remembered: RememberedManners) -> Manners {
        // Another server has other manners.
        Manners(fixed: upstream.manners, remembered: remembered.base == base(of: upstream) ? remembered.manners : [])
    }

    private static func nothing(about upstream: Upstream) -> RememberedManners {
        RememberedManners(upstream: upstream.name, base: base(of: upstream), manners: [])
    }

    /// A digest, since a base URL may hold a key in its query.
    private static func base(of upstream: Upstream) -> String {
        Hex.encode(SHA256.digest(of: Array(upstream.baseURL.utf8)))
    }

    // MARK: Health

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

/// Counts of one upstream since it was configured; they only grow.
package struct UpstreamTotals: Sendable, Hashable {
    package var streams = 0
    package var retrievals = 0
    /// Stream requests that were answered with something else than a stream, for good.
    package var refusedStreams = 0
    /// Streams of watches that had had a stream before, from the same process.
    package var reconnects = 0
    /// Answers with 429.
    package var rateLimited = 0
    /// How long requests waited in the governor's line, in seconds.
    package var waits = Histogram(bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800])

    package init() {}
}
