import DequeModule
package import RingbackCore

/// The one gate all requests with one credential pass: polls, streams, reconnects, confirming GETs and second looks.
///
/// Requests wait in two lines, each first in, first out. The first requests of fresh watches go first, but every fourth turn belongs to the
/// routine line while it has anybody, so that a flood of registrations cannot starve the watches that exist. So a fresh watch with `n` others
/// before it goes within ``freshWait(behind:perSecond:)`` of its coming, however many others wait, and a routine request after at most four
/// times the line before it. The lines are bounded by the number of watches: each has at most two requests waiting.
///
/// In any second no more than `perSecond` and ``TokenBucket/burst(perSecond:)`` go. After a hold they go one by one at the rate.
package struct Governor<Ask: Sendable>: Sendable {
    package enum Turn {
        /// This one may be sent now; it has waited so long.
        case go(Ask, waited: Duration)
        /// Nobody may go before then.
        case wait(until: Moment)
        /// Nobody waits.
        case idle
    }

    private struct Waiting: Sendable {
        let ask: Ask
        let since: Moment
    }

    /// As configured.
    private var fullRate: Double
    private var bucket: TokenBucket
    private var backoff = RateLimitBackoff()
    private var heldUntil: Moment?
    private var fresh: Deque<Waiting> = []
    private var routine: Deque<Waiting> = []
    private var freshInARow = 0

    private static var freshTurns: Int { 3 }

    package init(requestsPerSecond: Double, now: Moment) {
        fullRate = max(requestsPerSecond, TokenBucket.slowestRate)
        bucket = TokenBucket(perSecond: fullRate, now: now)
    }

    /// How many requests wait, those included that are not wanted any more.
    package var count: Int { fresh.count + routine.count }

    /// The rate at the moment: as configured, or less after a 429.
    package var perSecond: Double { bucket.perSecond }

    /// The longest wait of a fresh watch's first request behind `count` others of its kind, when nobody is held.
    package static func freshWait(behind count: Int, perSecond: Double) -> Duration {
        .seconds(Double(count + 1 + (count + freshTurns) / freshTurns) / perSecond)
    }

    /// When the present hold ends; `nil` without one.
    package func hold(_ now: Moment) -> Moment? {
        heldUntil.flatMap { $0 > now ? $0 : nil }
    }

    // MARK: Waiting

    package mutating func enqueue(_ ask: Ask, fresh isFresh: Bool, _ now: Moment) {
        let waiting = Waiting(ask: ask, since: now)
        if isFresh { fresh.append(waiting) } else { routine.append(waiting) }
    }

    package mutating func next(_ now: Moment) -> Turn {
        guard count > 0 else { return .idle }
        settle(now)
        if let heldUntil { return .wait(until: heldUntil) }
        let free = bucket.reserve(now)
        guard free <= now else { return .wait(until: free) }
        guard let waiting = takeFirst() else { return .idle }
        return .go(waiting.ask, waited: now - waiting.since)
    }

    /// The request last given out turned out not to be wanted any more: its place goes to the next.
    package mutating func giveBack() {
        bucket.giveBack()
    }

    /// Looks at all who wait, in no order.
    package func forEachWaiting(_ body: (Ask, Moment) -> Void) {
        for waiting in fresh { body(waiting.ask, waiting.since) }
        for waiting in routine { body(waiting.ask, waiting.since) }
    }

    /// Drops those that are not wanted any more.
    package mutating func keep(_ isWanted: (Ask) -> Bool) {
        fresh.removeAll { !isWanted($0.ask) }
        routine.removeAll { !isWanted($0.ask) }
    }

    // MARK: The upstream's word

    /// The upstream answered 429 to a request that was sent at `sentAt`.
    ///
    /// - Parameter dice: From 0 up to 1.
    package mutating func limited(retryAfter: Duration?, sentAt: Moment, now: Moment, dice: Double) {
        settle(now)
        if let hold = backoff.limited(retryAfter: retryAfter, sentAt: sentAt, now: now, dice: dice) { self.hold(until: now + hold) }
        bucket.setRate(fullRate * backoff.factor, now: now)
    }

    /// Nobody goes before `moment`: the upstream said that its rate limit is reached. Only ever moves later.
    package mutating func hold(until moment: Moment) {
        heldUntil = max(heldUntil ?? moment, moment)
    }

    // MARK: Changes

    /// Changes the rate; whoever waits goes on waiting.
    package mutating func setRate(requestsPerSecond: Double, now: Moment) {
        fullRate = max(requestsPerSecond, TokenBucket.slowestRate)
        bucket.setRate(fullRate * backoff.factor, now: now)
    }

    /// Ends a hold that is over, and gives back the rate that calm time has earned.
    private mutating func settle(_ now: Moment) {
        if let heldUntil, heldUntil <= now {
            bucket.calm(at: heldUntil)
            self.heldUntil = nil
        }
        let level = backoff.level
        backoff.settle(now)
        if backoff.level != level { bucket.setRate(fullRate * backoff.factor, now: now) }
    }

    private mutating func takeFirst() -> Waiting? {
        if freshInARow < Self.freshTurns || routine.isEmpty, let waiting = fresh.popFirst() {
            freshInARow += 1
            return waiting
        }
        freshInARow = 0
        return routine.popFirst() ?? fresh.popFirst()
    }
}
