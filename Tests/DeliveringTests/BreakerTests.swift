import RingbackCore
import Store
import Testing

@testable import Delivering

@Suite("A circuit breaker")
struct BreakerTests {
    /// A breaker and a clock: what a test does to them can stand inside an expectation.
    final class Scene {
        var breaker = Breaker()
        var now = start

        @discardableResult
        func attempt(_ verdict: Breaker.Verdict, jitter: Double = 0.5) throws -> Breaker.Consequences {
            let ticket = try #require(begin(), "nothing may be sent: \(breaker.state)")
            return breaker.attemptEnded(ticket, verdict, now: now, jitter: jitter)
        }

        func begin() -> Breaker.Ticket? { breaker.begin(now: now) }

        func reset(_ record: BreakerRecord) -> Bool { breaker.reset(record) }

        func end(_ ticket: Breaker.Ticket?, _ verdict: Breaker.Verdict) throws -> Breaker.Consequences {
            breaker.attemptEnded(try #require(ticket), verdict, now: now, jitter: 0.5)
        }

        /// Ten failures at once.
        func trip() throws {
            for _ in 0..<10 { try attempt(.failure) }
            #expect(breaker.state == .open(until: now + .seconds(15)))
        }

        func advance(_ duration: Duration) { now = now + duration }
    }

    @Test(
        "trips at ten attempts with seven failures among them, not before",
        arguments: [(9, 9, false), (10, 6, false), (10, 7, true), (10, 10, true), (100, 69, false), (100, 70, true)])
    func trips(attempts: Int, failures: Int, trips: Bool) throws {
        let scene = Scene()
        for _ in 0..<(attempts - failures) { try scene.attempt(.success) }
        var last = Breaker.Consequences()
        for index in 0..<failures {
            #expect(scene.breaker.state == .closed, "after \(index) failures")
            last = try scene.attempt(.failure)
        }
        #expect((scene.breaker.state != .closed) == trips)
        #expect(last.hasTripped == trips && last.mustSave == trips)
        #expect(scene.breaker.status(now: scene.now).failureRate == Double(failures) / Double(attempts))
    }

    @Test("counts only the last five minutes")
    func window() throws {
        let scene = Scene()
        for _ in 0..<9 { try scene.attempt(.failure) }
        scene.advance(FailureWindow.length)
        try scene.attempt(.failure)
        #expect(scene.breaker.state == .closed)
        #expect(scene.breaker.status(now: scene.now).attempts == 1)
    }

    @Test("is not moved by what says nothing about the receiver")
    func ownTrouble() throws {
        let scene = Scene()
        for _ in 0..<1000 { #expect(try scene.attempt(.nothing) == Breaker.Consequences()) }
        #expect(scene.breaker.state == .closed && scene.breaker.status(now: scene.now).attempts == 0)
    }

    @Test("lets nothing through while it is open, then one probe")
    func probe() throws {
        let scene = Scene()
        try scene.trip()
        scene.advance(.milliseconds(14_999))
        #expect(scene.begin() == nil)
        #expect(scene.breaker.permission(now: scene.now) == .wait(until: scene.now + .milliseconds(1)))
        scene.advance(.milliseconds(1))
        #expect(scene.breaker.permission(now: scene.now) == .probe)
        let probe = scene.begin()
        #expect(probe?.isProbe == true)
        for _ in 0..<3 { #expect(scene.begin() == nil, "one at a time") }
        #expect(scene.breaker.permission(now: scene.now) == .waitForProbe)
        #expect(scene.breaker.status(now: scene.now).state == .halfOpen)
    }

    @Test("waits twice as long after each probe that fails, up to five minutes")
    func growingWaits() throws {
        let scene = Scene()
        try scene.trip()
        var waits: [Duration] = []
        for _ in 0..<8 {
            guard case .open(let until) = scene.breaker.state else { break }
            waits.append(until - scene.now)
            scene.now = until
            #expect(try scene.attempt(.failure).mustSave)
        }
        #expect(waits == [15, 30, 60, 120, 240, 300, 300, 300].map { .seconds($0) })
    }

    @Test("spreads its waits by a fifth to both sides", arguments: [(0.0, 12_000), (0.5, 15_000), (0.999_999, 18_000)])
    func jitter(dice: Double, milliseconds: Int) throws {
        let scene = Scene()
        for _ in 0..<9 { try scene.attempt(.failure) }
        try scene.attempt(.failure, jitter: dice)
        #expect(scene.breaker.state == .open(until: scene.now + .milliseconds(milliseconds)))
    }

    @Test("closes with the probe that succeeds, lets the backlog flow faster and faster, and then freely")
    func ramp() throws {
        let scene = Scene()
        try scene.trip()
        scene.advance(.seconds(15))
        #expect(try scene.attempt(.success).mustSave)
        #expect(scene.breaker.state == .closed)
        var rates: [String] = []
        for _ in 0..<10 {
            guard case .flowSlowly(let rate) = scene.breaker.permission(now: scene.now) else { break }
            rates.append(rate.text)
            scene.advance(.seconds(1))
        }
        #expect(rates == ["5/s", "10/s", "20/s", "40/s", "80/s", "160/s", "320/s", "640/s", "1280/s", "2560/s"])
        #expect(scene.breaker.permission(now: scene.now) == .flow)
    }

    @Test("takes another probe, after the same wait, when one told nothing")
    func probeWithoutWord() throws {
        let scene = Scene()
        try scene.trip()
        scene.advance(.seconds(15))
        try scene.attempt(.nothing)
        #expect(scene.breaker.state == .open(until: scene.now + .seconds(15)))
    }

    @Test("is not moved by attempts that began before it tripped")
    func stragglers() throws {
        let scene = Scene()
        let old = (0..<4).map { _ in scene.begin() }
        try scene.trip()
        let open = scene.breaker.state
        _ = try scene.end(old[0], .failure)
        _ = try scene.end(old[1], .success)
        #expect(scene.breaker.state == open)
        #expect(scene.breaker.status(now: scene.now).failingSince == nil, "not everything failed")
        scene.advance(.seconds(15))
        let probe = scene.begin()
        _ = try scene.end(old[2], .success)
        #expect(scene.breaker.state == .probing, "the probe decides, nobody else")
        _ = try scene.end(probe, .success)
        _ = try scene.end(old[3], .failure)
        #expect(scene.breaker.state == .closed)
        #expect(scene.breaker.status(now: scene.now).failures == 0)
    }

    @Test("goes on with its waits when it trips again soon, and begins anew when it was calm for ten minutes")
    func relapse() throws {
        for (pause, wait) in [(Duration.seconds(599), Duration.seconds(60)), (.seconds(600), .seconds(15))] {
            let scene = Scene()
            try scene.trip()
            scene.advance(.seconds(15))
            try scene.attempt(.failure)
            scene.advance(.seconds(30))
            try scene.attempt(.success)
            scene.advance(pause)
            for _ in 0..<10 { try scene.attempt(.failure) }
            #expect(scene.breaker.state == .open(until: scene.now + wait))
        }
    }

    @Test("owes one recovery per time of trouble and pays it with the first success after it")
    func recovery() throws {
        let scene = Scene()
        for _ in 0..<20 { #expect(try scene.attempt(.success).recoveredFrom == nil, "nothing was wrong") }
        scene.advance(.seconds(600))
        let tripped = scene.now
        try scene.trip()
        scene.advance(.seconds(15))
        #expect(try scene.attempt(.failure).recoveredFrom == nil)
        scene.advance(.seconds(30))
        #expect(try scene.attempt(.success).recoveredFrom == tripped)
        #expect(try scene.attempt(.success).recoveredFrom == nil)
    }

    @Test("owes a recovery for a disabled endpoint until it is enabled and takes something")
    func recoveryAfterDisabling() throws {
        let scene = Scene()
        let straggler = scene.begin()
        scene.breaker.disabled(now: scene.now)
        #expect(try scene.end(straggler, .success).recoveredFrom == nil, "it is still disabled")
        var record = scene.breaker.recordToSave()
        #expect(record.openUntil == nil && record.recoveryOwedSince == start)
        record.resetAt = start + .seconds(5)
        scene.advance(.seconds(10))
        #expect(scene.reset(record))
        #expect(try scene.attempt(.failure).recoveredFrom == nil)
        #expect(try scene.attempt(.success).recoveredFrom == start)
        #expect(try scene.attempt(.success).recoveredFrom == nil)
    }

    @Test("is closed and without a history after a reset, once per reset")
    func reset() throws {
        let scene = Scene()
        try scene.trip()
        let record = BreakerRecord(resetAt: scene.now)
        #expect(scene.reset(record))
        #expect(scene.breaker.state == .closed)
        #expect(scene.breaker.status(now: scene.now).attempts == 0)
        try scene.trip()
        #expect(!scene.reset(record), "that reset was taken already")
        #expect(scene.breaker.state != .closed)
    }

    @Test("says when nothing but failures came for five days, and only then")
    func hopeless() throws {
        let scene = Scene()
        let end = start + .seconds(5 * 86_400)
        while scene.now < end {
            if case .open(let until) = scene.breaker.state { scene.now = max(scene.now, until) }
            guard scene.now < end else { break }
            #expect(try scene.attempt(.failure).failingSince == nil, "after \(scene.now - start)")
            scene.advance(.seconds(3600))
        }
        scene.now = max(end, scene.now)
        #expect(try scene.attempt(.failure).failingSince == start)
    }

    @Test("does not give an endpoint up for a few failures far apart, nor after a success among them")
    func notHopeless() throws {
        let scene = Scene()
        for _ in 0..<9 {
            #expect(try scene.attempt(.failure).failingSince == nil)
            scene.advance(.seconds(86_400))
        }
        try scene.attempt(.success)
        for _ in 0..<9 {
            #expect(try scene.attempt(.failure).failingSince == nil)
            scene.advance(.seconds(86_400))
        }
        #expect(try scene.attempt(.failure).failingSince != nil)
    }

    @Test("writes a lasting failure down once, and the success that ends it")
    func lasting() throws {
        let scene = Scene()
        #expect(try !scene.attempt(.failure).mustSave)
        scene.advance(Breaker.lasting)
        #expect(try scene.attempt(.failure).mustSave)
        #expect(try !scene.attempt(.failure).mustSave)
        #expect(try scene.attempt(.success).mustSave)
        #expect(try !scene.attempt(.success).mustSave)
        #expect(try !scene.attempt(.failure).mustSave)
        #expect(try !scene.attempt(.success).mustSave, "a passing failure is not worth a write")
    }

    @Test("is after a restart what it was")
    func restart() throws {
        let scene = Scene()
        try scene.trip()
        scene.advance(.seconds(15))
        try scene.attempt(.failure)
        let before = scene.breaker.state
        scene.breaker = Breaker(scene.breaker.recordToSave())
        #expect(scene.breaker.state == before)
        #expect(scene.breaker.status(now: scene.now).failingSince == start)
        scene.advance(.seconds(30))
        #expect(try scene.attempt(.failure).mustSave)
        #expect(scene.breaker.state == .open(until: scene.now + .seconds(60)), "the waits go on where they were")
        scene.advance(.seconds(60))
        #expect(try scene.attempt(.success).recoveredFrom == start)
    }

    @Test("does not wait for a clock that was set back to catch up")
    func clockSetBack() throws {
        let scene = Scene()
        try scene.trip()
        scene.now = scene.now - .seconds(86_400)
        #expect(scene.breaker.permission(now: scene.now) == .probe)
    }

    @Test("answers every event in every state")
    func everyEventInEveryState() throws {
        for verdict in Breaker.Verdict.allCases {
            for isStraggler in [false, true] {
                for name in ["closed", "open", "due", "probing"] {
                    let scene = Scene()
                    let straggler = scene.begin()
                    var ticket: Breaker.Ticket?
                    switch name {
                    case "closed": ticket = scene.begin()
                    case "open": try scene.trip()
                    case "due":
                        try scene.trip()
                        scene.advance(.seconds(15))
                    default:
                        try scene.trip()
                        scene.advance(.seconds(15))
                        ticket = scene.begin()
                    }
                    let before = scene.breaker.state
                    guard let used = isStraggler && name != "closed" ? straggler : ticket else { continue }
                    let consequences = try scene.end(used, verdict)
                    switch (name, isStraggler, verdict) {
                    case ("probing", false, .success): #expect(scene.breaker.state == .closed && consequences.mustSave)
                    case ("probing", false, .failure): #expect(scene.breaker.state == .open(until: scene.now + .seconds(30)))
                    case ("probing", false, .nothing): #expect(scene.breaker.state == .open(until: scene.now + .seconds(15)))
                    default: #expect(scene.breaker.state == before, "\(name) \(verdict)")
                    }
                    scene.breaker.disabled(now: scene.now)
                    #expect(scene.breaker.state == .closed)
                    #expect(scene.begin() != nil)
                }
            }
        }
    }

    @Test("burns few attempts on a receiver that is down, and misses it by minutes at most when it is back", arguments: 0..<60)
    func simulation(_ index: Int) throws {
        let seed = UInt64(index) &* 7919 &+ 3
        var chance = SeededGenerator(seed: seed)
        let scene = Scene()
        let downFrom = start + .seconds(Int.random(in: 60...900, using: &chance))
        let downFor = Duration.seconds(Int.random(in: 60...20_000, using: &chance))
        let healthyFailures = Bool.random(using: &chance) ? 0 : Double.random(in: 0...0.3, using: &chance)
        let rate = Int.random(in: 1...40, using: &chance)
        let end = downFrom + downFor + .seconds(1200)
        var underWay: [(ticket: Breaker.Ticket, endsAt: Timestamp, fails: Bool)] = []
        var attemptsWhileDown = 0
        var probes = 0
        var recoveries = 0
        var trips = 0
        var closedAgainAt: Timestamp?
        // Counted, since an expectation a step would take most of the time.
        var probesBesideAnother = 0
        var hopeless = 0
        while scene.now < end {
            let isDown = scene.now >= downFrom && scene.now < downFrom + downFor
            for _ in 0..<rate {
                guard let ticket = scene.breaker.begin(now: scene.now) else { break }
                probes += ticket.isProbe ? 1 : 0
                if ticket.isProbe, underWay.contains(where: \.ticket.isProbe) { probesBesideAnother += 1 }
                attemptsWhileDown += isDown ? 1 : 0
                let fails = isDown || Double.random(in: 0..<1, using: &chance) < healthyFailures
                underWay.append((ticket, scene.now + .seconds(Int.random(in: 0...3, using: &chance)), fails))
            }
            scene.advance(.seconds(1))
            for attempt in underWay where attempt.endsAt <= scene.now {
                let consequences = scene.breaker.attemptEnded(
                    attempt.ticket, attempt.fails ? .failure : .success, now: scene.now, jitter: Double.random(in: 0..<1, using: &chance))
                trips += consequences.hasTripped ? 1 : 0
                recoveries += consequences.recoveredFrom == nil ? 0 : 1
                hopeless += consequences.failingSince == nil ? 0 : 1
            }
            underWay.removeAll { $0.endsAt <= scene.now }
            if scene.now >= downFrom + downFor, closedAgainAt == nil, scene.breaker.state == .closed { closedAgainAt = scene.now }
        }
        #expect(probesBesideAnother == 0, "one probe at a time; seed \(seed)")
        #expect(hopeless == 0, "seed \(seed)")
        // What was under way when it tripped, the failures it takes to trip against a window full of successes, and the probes.
        #expect(probes <= 6 + Int(downFor.inSeconds) / 240 + 3, "seed \(seed): \(probes) probes")
        #expect(attemptsWhileDown <= rate * 300 * 3 + rate * 5 + probes + 20, "seed \(seed)")
        let closed = try #require(closedAgainAt, "seed \(seed)")
        // A receiver that is back but fails now and then may fail a probe or two.
        let misses = healthyFailures == 0 ? 1 : 6
        #expect(closed - (downFrom + downFor) <= (Breaker.longestWait * 1.2 + .seconds(8)) * misses, "seed \(seed)")
        #expect(recoveries <= trips && recoveries >= (trips > 0 ? 1 : 0), "seed \(seed)")
        #expect(scene.breaker.state == .closed, "seed \(seed)")
    }
}
