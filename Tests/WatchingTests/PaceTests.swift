import RingbackCore
import Testing
import Watching

@Suite("A watch's pace")
struct WatchPaceTests {
    let pace = MachineBench.pace

    @Test("spreads polls by 20 % to both sides", arguments: [(0.0, 1600), (0.5, 2000), (1.0, 2400)])
    func spread(_ dice: Double, _ milliseconds: Int64) {
        #expect(pace.pollDelay(afterPolls: 0, hint: nil, dice: dice).wholeMilliseconds == milliseconds)
    }

    @Test("heeds a poll hint within bounds, spread only towards later")
    func hints() {
        #expect(pace.pollDelay(afterPolls: 5, hint: .milliseconds(400), dice: 0) == .milliseconds(400))
        #expect(pace.pollDelay(afterPolls: 5, hint: .milliseconds(400), dice: 1) == .milliseconds(480))
        #expect(pace.pollDelay(afterPolls: 5, hint: .zero, dice: 0) == WatchPace.shortestHeededDelay)
        #expect(pace.pollDelay(afterPolls: 5, hint: .seconds(1_000_000), dice: 0) == WatchPace.longestHeededDelay)
    }

    @Test("keeps a maximum interval that is not below the interval")
    func oddSettings() {
        let odd = WatchPace(
            pollInterval: .seconds(10), pollMaximumInterval: .seconds(1), stalledAfter: .seconds(1), confirmInterval: .seconds(1))
        #expect(odd.pollDelay(afterPolls: 9, hint: nil, dice: 0.5) == .seconds(10))
    }

    @Test("never waits less than Retry-After says")
    func retryAfter() {
        #expect(WatchPace.failureDelay(afterFailures: 1, retryAfter: .seconds(5), dice: 0) == .seconds(5))
        #expect(WatchPace.failureDelay(afterFailures: 9, retryAfter: .seconds(5), dice: 0) == .seconds(48))
    }
}

@Suite("A token bucket")
struct TokenBucketTests {
    @Test("lets one second's worth go at once, then keeps the rate")
    func rate() {
        var now = Moment(nanoseconds: 0)
        var bucket = TokenBucket(perSecond: 10, now: now)
        var taken = 0
        while now < Moment(nanoseconds: 0) + .seconds(10) {
            let free = bucket.reserve(now)
            if free == now { taken += 1 } else { now = free }
        }
        #expect((109...111).contains(taken))
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
}

@Suite("A governor")
struct GovernorTests {
    let start = Moment(nanoseconds: 0)

    @Test("keeps each line in order and gives every fourth turn to the routine line")
    func order() {
        var governor = Governor<String>(requestsPerSecond: 100, now: start)
        for number in 1...8 { governor.enqueue("fresh \(number)", fresh: true) }
        for number in 1...3 { governor.enqueue("routine \(number)", fresh: false) }
        #expect(
            drain(&governor) == [
                "fresh 1", "fresh 2", "fresh 3", "routine 1", "fresh 4", "fresh 5", "fresh 6", "routine 2", "fresh 7", "fresh 8",
                "routine 3",
            ])
    }

    @Test("says when the next request may go, and lets it go then")
    func waits() {
        var governor = Governor<Int>(requestsPerSecond: 2, now: start)
        for number in 0..<4 { governor.enqueue(number, fresh: false) }
        #expect(drain(&governor) == ["0", "1"])
        guard case .wait(let until) = governor.next(start) else { return #expect(Bool(false), "the rate was not kept") }
        #expect(until - start == .milliseconds(500))
        guard case .go(2) = governor.next(until) else { return #expect(Bool(false), "the promised moment did not hold") }
    }

    @Test("does not count a request that was not sent after all")
    func giveBack() {
        var governor = Governor<Int>(requestsPerSecond: 1, now: start)
        for number in 0..<2 { governor.enqueue(number, fresh: false) }
        guard case .go(0) = governor.next(start) else { return #expect(Bool(false)) }
        governor.giveBack()
        guard case .go(1) = governor.next(start) else { return #expect(Bool(false), "the place was lost") }
    }

    @Test("holds everybody while the upstream's rate limit is reached")
    func holds() {
        var governor = Governor<Int>(requestsPerSecond: 100, now: start)
        governor.enqueue(1, fresh: true)
        governor.hold(until: start + .seconds(5))
        governor.hold(until: start + .seconds(3))
        guard case .wait(let until) = governor.next(start) else { return #expect(Bool(false), "nobody was held") }
        #expect(until == start + .seconds(5))
        #expect(drain(&governor, at: until) == ["1"])
    }

    private func drain<Ask>(_ governor: inout Governor<Ask>, at now: Moment? = nil) -> [String] {
        var asks: [String] = []
        while case .go(let ask) = governor.next(now ?? start) { asks.append("\(ask)") }
        return asks
    }
}

@Suite("Manners")
struct MannersTests {
    let start = Moment(nanoseconds: 0)

    @Test("close the door for ten minutes after five refusals in a row, not after four")
    func refusals() {
        var manners = Manners()
        for _ in 0..<4 { manners.streamRefused(start) }
        #expect(manners.welcomesStreams(start))
        manners.streamAccepted()
        for _ in 0..<5 { manners.streamRefused(start) }
        #expect(!manners.welcomesStreams(start + .seconds(599)))
        #expect(manners.welcomesStreams(start + .seconds(600)))
    }

    @Test("let one watch probe at a time after that, until a stream works")
    func probes() {
        var manners = Manners()
        for _ in 0..<5 { manners.streamRefused(start) }
        let later = start + .seconds(600)
        manners.streamAsked(later)
        #expect(!manners.welcomesStreams(later))
        #expect(manners.welcomesStreams(later + .seconds(30)))
        manners.streamRefused(later)
        #expect(!manners.welcomesStreams(later + .seconds(599)))
        manners.streamAccepted()
        #expect(manners.welcomesStreams(later))
        manners.streamAsked(later)
        #expect(manners.welcomesStreams(later))
    }
}
