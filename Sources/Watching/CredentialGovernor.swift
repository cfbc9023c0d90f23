import RingbackCore

/// The governor of one credential, with what the engine counts beside it. Belongs to the engine's loop.
final class CredentialGovernor {
    let key: CredentialKey
    var governor: Governor<Ask>
    /// Streams that are asked for, opening or open.
    var streams = 0
    /// GETs under way.
    var retrievals = 0
    /// The line is being worked off.
    var isSending = false
    /// When the line is looked at again.
    var wakesAt: Moment?
    /// Requests in the line that are not wanted any more.
    var unwanted = 0
    private(set) var usedAt: Moment
    /// What the configuration allows the upstreams whose watches come here.
    private var rates: [UpstreamName: Double]

    init(key: CredentialKey, upstream: Upstream, now: Moment) {
        self.key = key
        governor = Governor(requestsPerSecond: upstream.requestsPerSecond, now: now)
        rates = [upstream.name: upstream.requestsPerSecond]
        usedAt = now
    }

    /// As configured: of several upstreams with one credential the most careful one decides.
    var configuredRate: Double { rates.values.min() ?? TokenBucket.slowestRate }

    func use(by upstream: Upstream, _ now: Moment) {
        usedAt = now
        setRate(upstream.requestsPerSecond, of: upstream.name, now)
    }

    /// - Parameter rate: `nil` for an upstream that is no longer configured, or has another credential now.
    func setRate(_ rate: Double?, of upstream: UpstreamName, _ now: Moment) {
        guard rates[upstream] != rate else { return }
        let before = configuredRate
        rates[upstream] = rate
        guard !rates.isEmpty, configuredRate != before else { return }
        governor.setRate(requestsPerSecond: configuredRate, now: now)
    }

    /// Whether nothing would be lost by forgetting it: nobody is in it, no hold is left, and the rate has recovered.
    func isIdle(_ now: Moment) -> Bool {
        governor.count == 0 && streams == 0 && retrievals == 0 && governor.hold(now) == nil && now - usedAt >= GovernorTable.idleTime
    }
}
