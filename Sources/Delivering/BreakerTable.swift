import RingbackCore
import Store

/// The circuit breakers of all endpoints. Each node has its own; they meet in the store only after a restart or a reset.
///
/// Callbacks of watches have none. A breaker learns from many deliveries to one receiver, and a callback is hardly ever used twice, so it
/// would have to be one per host; but hosts are what strangers name: at a shared one (a tunnel, an API gateway) the dead URL of one would
/// hold up the callbacks of all others, and anybody could do that on purpose. What a dead host can cost is bounded without: each callback
/// has its own schedule, and all of them together hold at most half of the places (``LaneTable``).
struct BreakerTable: Sendable {
    private var breakers: [EndpointName: Breaker] = [:]

    func permission(_ endpoint: EndpointName, now: Timestamp) -> Breaker.Permission {
        breakers[endpoint]?.permission(now: now) ?? .flow
    }

    /// Begins an attempt; `nil` when it has to wait.
    mutating func begin(_ endpoint: EndpointName, now: Timestamp) -> Breaker.Ticket? {
        guard !endpoint.isCallback else { return Breaker.Ticket.none }
        return breakers[endpoint, default: Breaker()].begin(now: now)
    }

    /// Takes what an attempt came to, and says what follows and what is to be written down.
    mutating func attemptEnded(
        _ endpoint: EndpointName, _ ticket: Breaker.Ticket, _ verdict: Breaker.Verdict, now: Timestamp, jitter: Double
    ) -> (consequences: Breaker.Consequences, record: BreakerRecord?) {
        // Unknown by now: the endpoint was removed while the attempt was under way.
        guard var breaker = breakers[endpoint] else { return (Breaker.Consequences(), nil) }
        let consequences = breaker.attemptEnded(ticket, verdict, now: now, jitter: jitter)
        let record = consequences.mustSave ? breaker.recordToSave() : nil
        breakers[endpoint] = breaker
        return (consequences, record)
    }

    /// - Returns: What is to be written down.
    mutating func disabled(_ endpoint: EndpointName, now: Timestamp) -> BreakerRecord {
        breakers[endpoint, default: Breaker()].disabled(now: now)
        return breakers[endpoint, default: Breaker()].recordToSave()
    }

    /// Takes over what the store holds: all of it for endpoints that are new here, and newer resets for the others.
    mutating func adopt(_ records: [EndpointName: BreakerRecord]) {
        for (endpoint, record) in records {
            if breakers[endpoint] == nil {
                breakers[endpoint] = Breaker(record)
            } else {
                _ = breakers[endpoint]?.reset(record)
            }
        }
    }

    mutating func keep(where isKnown: (EndpointName) -> Bool) {
        breakers = breakers.filter { isKnown($0.key) }
    }

    func status(_ endpoint: EndpointName, now: Timestamp) -> BreakerStatus? {
        breakers[endpoint]?.status(now: now)
    }

    func statuses(now: Timestamp) -> [EndpointName: BreakerStatus] {
        breakers.mapValues { $0.status(now: now) }
    }
}
