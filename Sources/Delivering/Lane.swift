/// One endpoint's share of the sender.
struct Lane: Sendable, Hashable {
    /// Whether the store should be asked for this endpoint's deliveries.
    enum Look: Sendable, Hashable {
        /// Nothing is known to wait. Exits: a hint or a wake-up makes it ready.
        case nothing
        /// Something may be due; the lane stands in line for the next claim. Exits: asking; blocked when it has no free place.
        case ready
        /// Something may be due, but all places are taken or the endpoint is disabled. Exits: ready when either changes.
        case blocked
        /// The store is being asked; `again` says that there was a hint meanwhile. Exits: ready or nothing with the answer.
        case asking(again: Bool)
    }

    /// Places promised to deliveries that are about to be born.
    var reserved = 0
    /// Claimed, handed over, or being sent.
    var inFlight = 0
    var retriesInFlight = 0
    /// First attempts claimed since a retry was.
    var firstsInARow = 0
    var look = Look.nothing

    var busy: Int { reserved + inFlight }

    /// Of a lane's places, a quarter is kept for retries, so that a stream of new events does not starve them; a lane with a single place
    /// gives it to a retry after three first attempts.
    static let firstsPerRetry = 3

    /// How many of `free` places retries may take even when first attempts wait.
    func reservedForRetries(of free: Int, places: Int) -> Int {
        guard places > 1 else { return firstsInARow >= Self.firstsPerRetry ? free : 0 }
        let share = max(1, places / (Self.firstsPerRetry + 1))
        return min(free, max(0, share - retriesInFlight))
    }
}
