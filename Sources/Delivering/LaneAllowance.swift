package import RingbackCore

/// What an endpoint may take at the moment: by its settings, and by its circuit breaker.
package struct LaneAllowance: Sendable, Hashable {
    /// Attempts under way at once; 0 while the endpoint is disabled.
    package var places: Int
    /// Deliveries in a time; `nil` for as many as the places allow.
    package var rate: RateLimit?
    /// Nothing is claimed before then: the circuit breaker is open.
    package var notBefore: Timestamp?

    package init(places: Int, rate: RateLimit? = nil, notBefore: Timestamp? = nil) {
        self.places = places
        self.rate = rate
        self.notBefore = notBefore
    }
}

extension LaneAllowance {
    init(of endpoint: Endpoint, _ permission: Breaker.Permission) {
        guard endpoint.isEnabled else {
            self.init(places: 0)
            return
        }
        let places = max(1, endpoint.maximumInFlight)
        switch permission {
        case .flow: self.init(places: places, rate: endpoint.rateLimit)
        case .flowSlowly(let rate): self.init(places: places, rate: RateLimit.slower(endpoint.rateLimit, rate))
        // A single place: stragglers from before the trip keep the probe waiting, a probe keeps everybody waiting.
        case .probe, .waitForProbe: self.init(places: 1, rate: endpoint.rateLimit)
        case .wait(let until): self.init(places: 1, rate: endpoint.rateLimit, notBefore: until)
        }
    }
}
