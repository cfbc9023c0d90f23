import DequeModule
package import RingbackCore

/// The one gate all requests with one upstream's key pass: polls, streams, reconnects and confirming GETs.
///
/// Requests wait in two lines, each first in, first out. The first requests of fresh watches go first, but every fourth turn belongs to the
/// routine line while it has anybody, so that a flood of registrations cannot starve the watches that exist. The lines are bounded by the
/// number of watches: each has at most two requests waiting.
package struct Governor<Ask: Sendable>: Sendable {
    package enum Turn {
        /// This one may be sent now.
        case go(Ask)
        /// Nobody may go before then.
        case wait(until: Moment)
        /// Nobody waits.
        case idle
    }

    private var bucket: TokenBucket
    private var heldUntil: Moment?
    private var fresh: Deque<Ask> = []
    private var routine: Deque<Ask> = []
    private var freshInARow = 0

    private static var freshTurns: Int { 3 }

    package init(requestsPerSecond: Double, now: Moment) {
        bucket = TokenBucket(perSecond: requestsPerSecond, now: now)
    }

    /// How many requests wait.
    package var count: Int { fresh.count + routine.count }

    package mutating func enqueue(_ ask: Ask, fresh isFresh: Bool) {
        if isFresh { fresh.append(ask) } else { routine.append(ask) }
    }

    /// Nobody goes before `moment`: the upstream said that its rate limit is reached. Only ever moves later.
    package mutating func hold(until moment: Moment) {
        heldUntil = max(heldUntil ?? moment, moment)
    }

    package mutating func next(_ now: Moment) -> Turn {
        guard count > 0 else { return .idle }
        if let heldUntil, heldUntil > now { return .wait(until: heldUntil) }
        heldUntil = nil
        let free = bucket.reserve(now)
        guard free <= now else { return .wait(until: free) }
        guard let ask = takeFirst() else { return .idle }
        return .go(ask)
    }

    /// The request last given out turned out not to be wanted any more: its place goes to the next.
    package mutating func giveBack() {
        bucket.giveBack()
    }

    /// Changes the rate; whoever waits goes on waiting.
    package mutating func setRate(requestsPerSecond: Double, now: Moment) {
        guard requestsPerSecond != bucket.perSecond else { return }
        bucket = TokenBucket(perSecond: requestsPerSecond, now: now)
    }

    private mutating func takeFirst() -> Ask? {
        if freshInARow < Self.freshTurns || routine.isEmpty, let ask = fresh.popFirst() {
            freshInARow += 1
            return ask
        }
        freshInARow = 0
        return routine.popFirst() ?? fresh.popFirst()
    }
}
