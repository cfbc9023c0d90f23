import RingbackCore
import Store

/// What an attempt is to its delivery.
package enum AttemptKind: Sendable, Hashable {
    case first
    /// Also of what was redriven or replayed.
    case retry
}

/// One endpoint's share of the sender.
struct Lane: Sendable, Hashable {
    /// Whether the store should be asked for this endpoint's deliveries.
    enum Look: Sendable, Hashable {
        /// Nothing is known to wait. Exits: a hint or a wake-up makes it ready.
        case nothing
        /// Something may be due; the lane stands in line for the next claim. Exits: asking; blocked when it has no free place; paused when
        /// it has no token, or its circuit breaker is open.
        case ready
        /// Something may be due, but all places are taken or the endpoint is disabled. Exits: ready when either changes, or when first
        /// attempts may wait and only retries were known to.
        case blocked
        /// Something may be due, but its time has not come: by the rate limit or the circuit breaker. Exits: ready when it has.
        case paused
        /// The store is being asked. Exits: ready or nothing with the answer.
        case asking
    }

    /// Places promised to deliveries that are about to be born.
    var reserved = 0
    /// Claimed, handed over, or being sent.
    var inFlight = 0
    var retriesInFlight = 0
    /// Of those, the ones being sent: never more than the endpoint has places.
    var sending = 0
    var retriesSending = 0
    /// How many deliveries may be in hand beyond the places, so that the next one is there when a place becomes free.
    var ahead = 0
    /// Attempts that ended since ``ahead`` was settled.
    var endedSinceClaim = 0
    var look = Look.nothing
    /// What may wait in the store; neither while ``look`` is nothing. A newcomer goes behind first attempts that wait, but past retries.
    var firstsMayWait = false
    var retriesMayWait = false
    /// Hints that came while the store was being asked: what they speak of may not be in its answer.
    var heardOfFirsts = false
    var heardOfRetries = false

    /// Whether retries were held back at the last look, because new events come.
    var isYielding = false
    /// When a lane that yields may claim again.
    var nextRetries: Timestamp?

    /// Of an endpoint with a digest: first attempts that wait for others.
    var gathering: Gathering?
    /// Since when something has been due, as far as the store was asked.
    var dueSince: Timestamp?
    /// Whether the claim under way is for a digest.
    var asksForDigest = false
    /// Whether the last digest was of first attempts.
    var isRetrysTurn = false

    var busy: Int { reserved + inFlight }

    /// In hand, and not being sent.
    var waiting: Int { inFlight - sending }

    /// Beyond it an endpoint's deliveries stay in the store: what waits in memory waits until its lease ends, should the process die.
    static let maximumAhead = 128

    /// How many deliveries may be in hand.
    func capacity(_ allowance: LaneAllowance) -> Int {
        allowance.places + (allowance.worksAhead ? ahead : 0)
    }

    /// How many more deliveries may come in hand; not more than 0 when there are as many as there may be.
    func room(_ allowance: LaneAllowance) -> Int {
        // First attempts keep their places also when more retries are in hand than there might be by now.
        let keptForFirsts = Self.share(of: allowance.places) - (busy - retriesInFlight)
        return max(capacity(allowance) - busy, keptForFirsts)
    }

    /// Whether it is too early to ask the store: half of what was taken ahead is to be left until its answer comes.
    var hasEnough: Bool {
        let waitingRetries = retriesInFlight - retriesSending
        return (firstsMayWait ? waiting - waitingRetries : waiting) > ahead / 2
    }

    /// Settles how far to work ahead from now on: half as many again as ended since the claim before.
    ///
    /// With claims made when half is left (``hasEnough``) this comes to rest at six times what the receiver takes while the store is asked,
    /// so it follows the pace of both without a clock: a slow receiver has few in hand, a dead one none beyond its places.
    mutating func settleAhead() {
        ahead = min(endedSinceClaim + endedSinceClaim / 2, Self.maximumAhead)
        endedSinceClaim = 0
    }

    /// Nothing waits in the store any more. How fast the receiver was says little about the next time something does.
    mutating func stopWorkingAhead() {
        ahead = 0
        endedSinceClaim = 0
    }

    /// Of a lane's places, a quarter is kept for retries, so that a stream of new events does not starve them, and a quarter for first
    /// attempts, so that they find a place while a hundred thousand dead letters are redriven. A lane with a single place cannot be
    /// divided: it sends retries while no first attempt waits.
    static let partOfEach = 4

    /// How many of `places` are kept for first attempts, and how many for retries; 0 of a single one.
    static func share(of places: Int) -> Int {
        places > 1 ? max(1, places / partOfEach) : 0
    }

    /// How many of `free` retries may have.
    ///
    /// - Parameter capacity: How many deliveries may be in hand.
    func room(forRetries free: Int, capacity: Int) -> Int {
        max(0, min(free, capacity - Self.share(of: capacity) - retriesInFlight))
    }

    /// How many of `free` retries may have even when first attempts wait.
    func reservedForRetries(of free: Int, capacity: Int) -> Int {
        min(free, max(0, Self.share(of: capacity) - retriesInFlight))
    }

    /// Which kind goes next, of what waits in hand: first attempts before retries, as far as the shares of both allow.
    ///
    /// - Parameter places: Attempts under way at once.
    /// - Returns: `nil` when nothing may go.
    func nextKind(places: Int, hasFirst: Bool, hasRetry: Bool) -> AttemptKind? {
        guard sending < places else { return nil }
        let share = Self.share(of: places)
        if hasFirst, !hasRetry || retriesSending >= share { return .first }
        if hasRetry, retriesSending < places - share { return .retry }
        return hasFirst ? .first : nil
    }
}

extension Lane {
    /// Takes from a claim's answer what may still wait in the store.
    ///
    /// The store takes first attempts up to what is reserved for retries, and then fills up with retries. So first attempts are left only if
    /// the answer is full and retries got no more than what is reserved for them. What was known not to wait still does not, unless a hint came.
    mutating func learn(_ asked: DeliveryClaim.Lane, deliveries: Int, retries: Int) {
        guard !asksForDigest else { return learnOfDigest(asked, deliveries: deliveries) }
        firstsMayWait = heardOfFirsts || (firstsMayWait && deliveries >= asked.limit && retries <= asked.reservedForRetries)
        retriesMayWait =
            heardOfRetries || (retriesMayWait && retries >= min(asked.limit - (deliveries - retries), asked.retryLimit))
    }

    /// A digest is of one kind: either of first attempts or of retries.
    private mutating func learnOfDigest(_ asked: DeliveryClaim.Lane, deliveries: Int) {
        let isFull = deliveries >= asked.limit
        isRetrysTurn = asked.retryLimit == 0
        if asked.retryLimit > 0 {
            retriesMayWait = heardOfRetries || isFull
            firstsMayWait = firstsMayWait || heardOfFirsts
        } else {
            firstsMayWait = heardOfFirsts || isFull
            retriesMayWait = retriesMayWait || heardOfRetries
            dueSince = nil
            // Those that are left have waited as long as the others.
            if isFull { gathering?.fill() } else { gathering = nil }
        }
    }
}
