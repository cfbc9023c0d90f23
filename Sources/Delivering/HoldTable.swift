import RingbackCore

/// The endpoints that take nothing for the moment though nothing is wrong with them, such as an inbox that is full.
///
/// Their deliveries wait: no attempt is used up or put on record, and no circuit breaker hears of it. After ``pause`` a single delivery finds
/// out whether there is room; the first one that gets through lets all others follow.
struct HoldTable: Sendable {
    /// Short, since the question costs little and nobody is spared by waiting.
    static let pause: Duration = .seconds(2)

    private var holds: [EndpointName: Timestamp] = [:]

    /// - Returns: Until when, and whether the endpoint took deliveries before.
    mutating func hold(_ endpoint: EndpointName, now: Timestamp) -> (until: Timestamp, isNew: Bool) {
        let until = now + Self.pause
        return (until, holds.updateValue(until, forKey: endpoint) == nil)
    }

    /// - Returns: Whether it was held.
    mutating func release(_ endpoint: EndpointName) -> Bool {
        // Nearly always there is none.
        !holds.isEmpty && holds.removeValue(forKey: endpoint) != nil
    }

    mutating func keep(where isKnown: (EndpointName) -> Bool) {
        if !holds.isEmpty { holds = holds.filter { isKnown($0.key) } }
    }

    func applied(to allowance: LaneAllowance, of endpoint: EndpointName, now: Timestamp) -> LaneAllowance {
        guard let until = holds[endpoint] else { return allowance }
        var allowance = allowance
        allowance.places = min(1, allowance.places)
        allowance.worksAhead = false
        // Further away than any pause: the wall clock was set back, and nobody shall wait until it has caught up.
        if until - now <= Self.pause { allowance.notBefore = max(allowance.notBefore ?? until, until) }
        return allowance
    }
}
