import RingbackCore
import Testing

@testable import Watching

@Suite("A token bucket")
struct TokenBucketTests {
    @Test("lets a tenth of a second's worth go at once, then keeps the rate")
    func rate() {
        var now = Moment(nanoseconds: 0)
        var bucket = TokenBucket(perSecond: 50, now: now)
        var taken = 0
        while now < Moment(nanoseconds: 0) + .seconds(10) {
            let free = bucket.reserve(now)
            if free == now { taken += 1 } else { now = free }
        }
        #expect((504...506).contains(taken))
    }

    @Test("works for rates far below one per second")
    func slow() {
        let start = Moment(nanoseconds: 0)
        var bucket = TokenBucket(perSecond: 0.01, now: start)
        #expect(bucket.reserve(start) == start)
        #expect(abs((bucket.reserve(start) - start).inSeconds - 100) < 0.001)
        var stopped = TokenBucket(perSecond: 0, now: start)
        #expect(stopped.reserve(start) == start)
        #expect(stopped.reserve(start) - start < .seconds(1001))
    }

    @Test("gives nothing away when its rate changes")
    func rateChange() {
        let start = Moment(nanoseconds: 0)
        var bucket = TokenBucket(perSecond: 100, now: start)
        while bucket.reserve(start) == start {}
        bucket.setRate(1000, now: start)
        #expect(bucket.reserve(start) > start)
        bucket.setRate(1, now: start + .seconds(60))
        #expect(bucket.reserve(start + .seconds(60)) == start + .seconds(60))
        #expect(bucket.reserve(start + .seconds(60)) > start + .seconds(60), "what was saved up for a fast rate is too much for a slow one")
    }
}

@Suite("A back-off from a rate limit")
struct RateLimitBackoffTests {
    let start = Moment(nanoseconds: 0)

    @Test("grows with each 429 and is bounded")
    func grows() {
        var backoff = RateLimitBackoff()
        var now = start
        var holds: [Duration?] = []
        for _ in 0..<8 {
            holds.append(backoff.limited(retryAfter: nil, sentAt: now, now: now, dice: 0))
            now = now + .milliseconds(1)
        }
        #expect(holds == [1, 2, 4, 8, 16, 32, 32, 32].map { .seconds($0) })
        #expect(backoff.factor == 1.0 / 64)
    }

    @Test("takes the late answers of one flood for one 429")
    func flood() {
        var backoff = RateLimitBackoff()
        #expect(backoff.limited(retryAfter: nil, sentAt: start, now: start + .seconds(1), dice: 0) == .seconds(1))
        for _ in 0..<100 {
            #expect(backoff.limited(retryAfter: nil, sentAt: start + .milliseconds(500), now: start + .seconds(2), dice: 0) == nil)
        }
        #expect(backoff.level == 1)
        let asked = backoff.limited(retryAfter: .seconds(9), sentAt: start, now: start + .seconds(2), dice: 0)
        #expect(asked == .seconds(9), "the upstream's own word counts all the same")
        #expect(backoff.level == 1)
    }

    @Test("heeds Retry-After, at most for an hour")
    func retryAfter() {
        var backoff = RateLimitBackoff()
        #expect(backoff.limited(retryAfter: .seconds(7), sentAt: start, now: start, dice: 0.9) == .seconds(7))
        #expect(backoff.limited(retryAfter: .seconds(100_000), sentAt: start, now: start, dice: 0) == .seconds(3600))
    }

    @Test("recovers step by step in calm times")
    func recovers() {
        var backoff = RateLimitBackoff()
        for _ in 0..<3 { _ = backoff.limited(retryAfter: nil, sentAt: start, now: start, dice: 0) }
        backoff.settle(start + .seconds(29))
        #expect(backoff.level == 3)
        backoff.settle(start + .seconds(30))
        #expect(backoff.level == 2)
        backoff.settle(start + .seconds(1000))
        #expect(backoff.level == 0 && backoff.factor == 1 && backoff.sinksAt == nil)
    }
}

@Suite("A governor")
struct GovernorTests {
    let start = Moment(nanoseconds: 0)

    @Test("keeps each line in order and gives every fourth turn to the routine line")
    func order() {
        var governor = Governor<String>(requestsPerSecond: 1000, now: start)
        for number in 1...8 { governor.enqueue("fresh \(number)", fresh: true, start) }
        for number in 1...3 { governor.enqueue("routine \(number)", fresh: false, start) }
        #expect(
            drain(&governor) == [
                "fresh 1", "fresh 2", "fresh 3", "routine 1", "fresh 4", "fresh 5", "fresh 6", "routine 2", "fresh 7", "fresh 8",
                "routine 3",
            ])
    }

    @Test("says when the next request may go, lets it go then, and tells how long it has waited")
    func waits() {
        var governor = Governor<Int>(requestsPerSecond: 2, now: start)
        for number in 0..<2 { governor.enqueue(number, fresh: false, start) }
        #expect(drain(&governor) == ["0"])
        guard case .wait(let until) = governor.next(start) else { return #expect(Bool(false), "the rate was not kept") }
        #expect(until - start == .milliseconds(500))
        guard case .go(1, waited: .milliseconds(500)) = governor.next(until) else {
            return #expect(Bool(false), "the promised moment did not hold")
        }
    }

    @Test("does not count a request that was not sent after all")
    func giveBack() {
        var governor = Governor<Int>(requestsPerSecond: 1, now: start)
        for number in 0..<2 { governor.enqueue(number, fresh: false, start) }
        guard case .go(0, _) = governor.next(start) else { return #expect(Bool(false)) }
        governor.giveBack()
        guard case .go(1, _) = governor.next(start) else { return #expect(Bool(false), "the place was lost") }
    }

    @Test("holds everybody while the upstream's rate limit is reached, and lets them go one by one then")
    func holds() {
        var governor = Governor<Int>(requestsPerSecond: 100, now: start)
        for number in 0..<3 { governor.enqueue(number, fresh: true, start) }
        governor.hold(until: start + .seconds(5))
        governor.hold(until: start + .seconds(3))
        guard case .wait(let until) = governor.next(start) else { return #expect(Bool(false), "nobody was held") }
        #expect(until == start + .seconds(5))
        #expect(governor.hold(start) == until)
        #expect(drain(&governor, at: until) == ["0"], "no burst after a hold")
        #expect(drain(&governor, at: until + .milliseconds(10)) == ["1"])
        #expect(governor.hold(until) == nil)
    }

    @Test("slows down at each 429 and comes back to its rate in calm times")
    func slowsDown() {
        var governor = Governor<Int>(requestsPerSecond: 100, now: start)
        governor.enqueue(1, fresh: false, start)
        governor.limited(retryAfter: nil, sentAt: start, now: start, dice: 0)
        #expect(governor.perSecond == 50)
        #expect(governor.hold(start) == start + .seconds(1))
        governor.setRate(requestsPerSecond: 200, now: start)
        #expect(governor.perSecond == 100, "a changed configuration does not end the back-off")
        guard case .go = governor.next(start + .seconds(30)) else { return #expect(Bool(false)) }
        #expect(governor.perSecond == 200)
    }

    @Test("forgets those who are not wanted any more")
    func keep() {
        var governor = Governor<Int>(requestsPerSecond: 1000, now: start)
        for number in 0..<6 { governor.enqueue(number, fresh: number % 2 == 0, start) }
        governor.keep { $0 > 2 }
        #expect(governor.count == 3)
        #expect(drain(&governor) == ["4", "3", "5"])
    }

    private func drain<Ask>(_ governor: inout Governor<Ask>, at now: Moment? = nil) -> [String] {
        var asks: [String] = []
        while case .go(let ask, _) = governor.next(now ?? start) { asks.append("\(ask)") }
        return asks
    }
}
