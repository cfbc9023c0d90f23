package import RingbackCore

/// What a receiver has allowed itself, for as long as its consent holds.
package struct RateGrant: Sendable, Hashable {
    /// `nil`: as much as it is sent.
    package let rate: RateLimit?
    package let until: Timestamp

    package init(rate: RateLimit?, until: Timestamp) {
        self.rate = rate
        self.until = until
    }
}

/// The grants of receivers that are asked for their consent.
///
/// Kept in memory only, like the consents themselves: after a restart they are asked for again.
struct GrantTable: Sendable {
    private var grants: [EndpointName: RateGrant] = [:]

    /// - Returns: `nil` while nothing is known, or no longer.
    func grant(_ endpoint: EndpointName, now: Timestamp) -> RateGrant? {
        grants[endpoint].flatMap { now < $0.until ? $0 : nil }
    }

    /// - Parameter grant: `nil` when the attempt brought none: what was granted before still holds.
    mutating func attemptEnded(_ endpoint: EndpointName, _ grant: RateGrant?) {
        // A callback is hardly ever used twice, and asks nobody.
        guard let grant, !endpoint.isCallback else { return }
        grants[endpoint] = grant
    }

    mutating func keep(where isKnown: (EndpointName) -> Bool) {
        grants = grants.filter { isKnown($0.key) }
    }
}
