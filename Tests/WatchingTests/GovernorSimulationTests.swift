import RingbackCore
import Testing

@testable import Watching

/// Thousands of watches under one governor in simulated time: what a vendor would see.
private struct GovernedCrowd {
    struct Watch {
        var cameAt: Moment
        var firstSentAt: Moment?
    }

    let rate: Double
    /// How many requests in any second the vendor takes; `nil`: all.
    var vendorLimit: Int?
    /// Whether its 429s say for how long.
    var saysRetryAfter = false
    var pollInterval: Duration = .seconds(30)

    private(set) var watches: [Watch] = []
    private(set) var sent: [Moment] = []
    private(set) var refusedAt: [Moment] = []
    private var governor: Governor<Int>
    private var now = Moment(nanoseconds: 0)
    private var chance: SeededGenerator
    private var polls = DeadlineQueue<Int>()
    private var arrivals = DeadlineQueue<Int>()
    private var answers = DeadlineQueue<(watch: Int, sentAt: Moment, isRefused: Bool)>()

    init(seed: UInt64, rate: Double) {
        self.rate = rate
        chance = SeededGenerator(seed: seed)
        governor = Governor(requestsPerSecond: rate, now: now)
    }

    mutating func arrive(_ count: Int, at moment: Moment) {
        for _ in 0..<count {
            watches.append(Watch(cameAt: moment))
            arrivals.insert(watches.count - 1, at: moment)
        }
    }

    mutating func hold(until moment: Moment) { governor.hold(until: moment) }

    mutating func run(until end: Moment) {
        while now < end {
            var next = min(arrivals.earliest ?? end, polls.earliest ?? end, answers.earliest ?? end)
            turns: while true {
                switch governor.next(now) {
                case .go(let watch, _): send(watch)
                case .wait(let moment):
                    next = min(next, moment)
                    break turns
                case .idle: break turns
                }
            }
            next = min(next, answers.earliest ?? end)
            now = max(now, min(next, end))
            happen()
        }
    }

    private mutating func happen() {
        while let (watch, _) = arrivals.popDue(now) {
            governor.enqueue(watch, fresh: true, now)
        }
        while let (watch, _) = polls.popDue(now) { governor.enqueue(watch, fresh: false, now) }
        while let (answer, _) = answers.popDue(now) {
            if answer.isRefused {
                governor.limited(
                    retryAfter: saysRetryAfter ? .seconds(3) : nil, sentAt: answer.sentAt, now: now, dice: fraction())
            }
            polls.insert(answer.watch, at: now + pollInterval * (0.8 + 0.4 * fraction()))
        }
    }

    private mutating func send(_ watch: Int) {
        if watches[watch].firstSentAt == nil { watches[watch].firstSentAt = now }
        sent.append(now)
        let isRefused = vendorLimit.map { limit in sent.suffix(limit + 1).count { now - $0 < .seconds(1) } > limit } ?? false
        if isRefused { refusedAt.append(now) }
        answers.insert((watch, now, isRefused), at: now + .seconds(0.05 + 0.3 * fraction()))
    }

    private mutating func fraction() -> Double { Double(chance.next() >> 11) * 0x1.0p-53 }

    /// The most requests in any stretch of so long.
    func busiest(_ length: Duration = .seconds(1)) -> Int {
        var most = 0
        var first = 0
        for last in sent.indices {
            while sent[last] - sent[first] >= length { first += 1 }
            most = max(most, last - first + 1)
        }
        return most
    }
}

@Suite("A governor among thousands of watches")
struct GovernorSimulationTests {
    private let start = Moment(nanoseconds: 0)

    @Test(
        "never exceeds the rate and its burst in any second", arguments: [(1, 50.0), (2, 3.0), (3, 0.5), (4, 400.0)] as [(UInt64, Double)])
    func rate(_ seed: UInt64, _ rate: Double) {
        var crowd = GovernedCrowd(seed: seed, rate: rate)
        crowd.pollInterval = .seconds(5)
        crowd.arrive(3000, at: start)
        crowd.arrive(1000, at: start + .seconds(40))
        crowd.hold(until: start + .seconds(20))
        crowd.run(until: start + .seconds(300))
        #expect(crowd.busiest() <= Int(rate + TokenBucket.burst(perSecond: rate)), "seed \(seed)")
        #expect(crowd.sent.count >= Int(rate * 275), "seed \(seed): the rate is used while thousands wait")
    }

    @Test("sends no burst after a hold: no tenth of a second has more than its share")
    func evenly() {
        var crowd = GovernedCrowd(seed: 5, rate: 50)
        crowd.arrive(5000, at: start)
        crowd.hold(until: start + .seconds(60))
        crowd.run(until: start + .seconds(120))
        #expect(crowd.sent.first == start + .seconds(60))
        #expect(crowd.busiest(.milliseconds(100)) <= 6)
    }

    @Test("sends a fresh watch's first request within its bound, however many others wait", arguments: 1...5 as ClosedRange<UInt64>)
    func fresh(_ seed: UInt64) {
        let rate = 50.0
        var crowd = GovernedCrowd(seed: seed, rate: rate)
        crowd.pollInterval = .seconds(2)
        crowd.arrive(5000, at: start)
        for second in 200..<260 { crowd.arrive(1, at: start + .seconds(second)) }
        crowd.run(until: start + .seconds(300))
        let bound = Governor<Int>.freshWait(behind: 0, perSecond: rate) + .milliseconds(10)
        for watch in crowd.watches.suffix(60) {
            let wait = watch.firstSentAt.map { $0 - watch.cameAt }
            #expect(wait.map { $0 <= bound } == true, "seed \(seed): waited \(String(describing: wait))")
        }
        // The five thousand themselves came at once: the last of them has all others before it.
        let last = crowd.watches.prefix(5000).compactMap(\.firstSentAt).max().map { $0 - start }
        #expect(last.map { $0 <= Governor<Int>.freshWait(behind: 4999, perSecond: rate) + .seconds(1) } == true)
    }

    @Test("lets the watches that exist have every fourth turn through a flood of fresh ones")
    func routine() {
        var crowd = GovernedCrowd(seed: 6, rate: 100)
        crowd.pollInterval = .seconds(1)
        crowd.arrive(50, at: start)
        crowd.arrive(20_000, at: start + .seconds(5))
        crowd.run(until: start + .seconds(105))
        let freshSent = crowd.watches.count { $0.firstSentAt != nil }
        let routineSent = crowd.sent.count - freshSent
        #expect(routineSent >= 2400)
        #expect(freshSent >= 7000)
    }

    @Test("comes to rest below what the vendor allows, with few refusals", arguments: [true, false])
    func adapts(_ saysRetryAfter: Bool) {
        var crowd = GovernedCrowd(seed: 7, rate: 50)
        crowd.vendorLimit = 10
        crowd.saysRetryAfter = saysRetryAfter
        crowd.arrive(2000, at: start)
        crowd.run(until: start + .seconds(600))
        // Each test of the limit costs the requests of one round trip; the rest is served.
        #expect(Double(crowd.refusedAt.count) < 0.1 * Double(crowd.sent.count), "\(crowd.refusedAt.count) of \(crowd.sent.count)")
        #expect(crowd.sent.count - crowd.refusedAt.count > 600 * 10 / 4, "\(crowd.sent.count) were sent")
    }

    @Test("confirming polls of streams that were opened together part")
    func confirming() {
        let pace = MachineBench.pace
        var chance = SeededGenerator(seed: 8)
        var polls: [Int: Int] = [:]
        for _ in 0..<3000 {
            let delay = pace.firstConfirmDelay(dice: Double(chance.next() >> 11) * 0x1.0p-53)
            polls[Int(delay.inSeconds), default: 0] += 1
        }
        // Three thousand over three hundred seconds are ten in each.
        #expect(polls.values.max() ?? 0 <= 30)
        #expect((polls.keys.max() ?? 0) - (polls.keys.min() ?? 0) >= 290)
    }
}
