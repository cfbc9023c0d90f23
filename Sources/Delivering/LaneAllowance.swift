package import RingbackCore

/// What an endpoint may take at the moment: by its settings, by its circuit breaker, and by what its receiver allowed.
package struct LaneAllowance: Sendable, Hashable {
    /// Attempts under way at once; 0 while the endpoint is disabled.
    package var places: Int
    /// Deliveries in a time; `nil` for as many as the places allow.
    package var rate: RateLimit?
    /// Endpoints with the same one share their tokens; `nil`: its own alone.
    package var destination: String?
    /// Nothing is claimed before then: the circuit breaker is open.
    package var notBefore: Timestamp?
    /// Whether deliveries are taken in hand before there is a place for them. Not where each costs a token, by an endpoint that is in trouble,
    /// which would keep them in memory instead of the store, or by one with a single place, which has none to keep for first attempts.
    package var worksAhead = false
    /// Deliveries gather for one message, and one message is under way at a time; ``places`` then only says whether there are any.
    package var digest: Digest?

    package init(
        places: Int, rate: RateLimit? = nil, destination: String? = nil, notBefore: Timestamp? = nil, digest: Digest? = nil
    ) {
        self.places = places
        self.digest = digest
        self.rate = rate
        self.destination = destination
        self.notBefore = notBefore
    }
}

extension LaneAllowance {
    /// - Parameter grant: What the receiver allowed, where it is asked and as far as is known.
    init(of endpoint: Endpoint, _ permission: Breaker.Permission, _ grant: RateGrant?) {
        guard endpoint.isEnabled else {
            self.init(places: 0)
            return
        }
        // Until a receiver that is asked has said how much it takes, one attempt goes out to hear it; the others would all be too many.
        let isUnheard = endpoint.asksForConsent && grant == nil
        let places = isUnheard ? 1 : max(1, endpoint.maximumInFlight)
        let own = RateLimit.slower(endpoint.rateLimit, endpoint.asksForConsent ? grant?.rate : nil)
        let limit = RateLimit.slower(own, endpoint.pace)
        let destination = endpoint.pacedDestination
        switch permission {
        case .flow:
            self.init(places: places, rate: limit, destination: destination)
            worksAhead = places > 1 && limit == nil && endpoint.digest == nil
        case .flowSlowly(let rate): self.init(places: places, rate: RateLimit.slower(limit, rate), destination: destination)
        // A single place: stragglers from before the trip keep the probe waiting, a probe keeps everybody waiting.
        case .probe, .waitForProbe: self.init(places: 1, rate: limit, destination: destination)
        case .wait(let until): self.init(places: 1, rate: limit, destination: destination, notBefore: until)
        }
        digest = endpoint.digest
    }
}

extension Endpoint {
    fileprivate var asksForConsent: Bool {
        switch target {
        case .webhook(let target): target.handshake != nil
        case .inbox, .preset, .command: false
        }
    }

    /// How fast the system takes messages.
    fileprivate var pace: RateLimit? {
        switch target {
        case .preset(let target): target.pace
        case .webhook, .inbox, .command: nil
        }
    }

    /// Whom the endpoint shares its pace with.
    fileprivate var pacedDestination: String? {
        switch target {
        case .preset(let target): target.destination
        case .webhook, .inbox, .command: nil
        }
    }
}
