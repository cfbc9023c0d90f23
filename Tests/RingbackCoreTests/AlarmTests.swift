import RingbackCore
import RingbackTesting
import Testing

@Suite("An alarm", .timeLimit(.minutes(5)))
struct AlarmTests {
    private let time = ManualTime()
    private let alarm: Alarm

    init() {
        alarm = Alarm(time: time)
    }

    /// Waits, and tells when it was over.
    private func wait(for duration: Duration?) async -> Moment {
        await alarm.wait(until: duration.map { time.now + $0 })
        return time.now
    }

    @Test("lets a wait end at its deadline")
    func deadline() async {
        async let over = wait(for: .seconds(5))
        await time.waitForSleeper()
        time.advance(by: .seconds(5))
        #expect(await over == Moment(nanoseconds: 5_000_000_000))
    }

    @Test("lets a wait end at once whose deadline has passed")
    func pastDeadline() async {
        time.advance(by: .seconds(10))
        await alarm.wait(until: Moment(nanoseconds: 0))
    }

    @Test("lets a wait end by a ring, and leaves nothing asleep")
    func ring() async {
        async let over = wait(for: .seconds(5))
        await time.waitForSleeper()
        alarm.ring()
        #expect(await over == Moment(nanoseconds: 0))
        #expect(time.nextDeadline == nil)
    }

    @Test("counts how long after a ring the waiter was at work, and counts no wait without one")
    func delays() async {
        alarm.ring()
        await alarm.wait(until: nil)
        #expect(alarm.delays.count == 0, "nobody waited when it rang")
        // Whether the other task waits already cannot be seen from here; in one of the rounds it does.
        while alarm.delays.count == 0 {
            async let over = wait(for: nil)
            await Task.yield()
            alarm.ring()
            _ = await over
        }
        #expect(alarm.delays.count == 1)
    }

    @Test("remembers one ring while nobody waits, and one only")
    func earlyRings() async {
        alarm.ring()
        alarm.ring()
        await alarm.wait(until: nil)
        async let over = wait(for: .seconds(3))
        await time.waitForSleeper()
        time.advance(by: .seconds(3))
        #expect(await over == Moment(nanoseconds: 3_000_000_000))
    }

    @Test("that rang does not end the next wait by the sleep it cut short")
    func cutSleep() async {
        for round in 1...50 {
            async let first = wait(for: .seconds(5))
            await time.waitForSleeper()
            alarm.ring()
            let start = await first
            async let second = wait(for: .seconds(7))
            await time.waitForSleeper()
            time.advance(by: .seconds(7))
            #expect(await second - start == .seconds(7), "round \(round)")
        }
    }

    @Test("lets go of a task that is cancelled", arguments: [nil, .seconds(9)] as [Duration?])
    func cancellation(_ duration: Duration?) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await wait(for: duration) }
            group.cancelAll()
        }
        #expect(time.nextDeadline == nil)
    }
}

@Suite("A clock that is moved by hand")
struct ManualTimeTests {
    @Test("moves both clocks, or the wall's alone")
    func moves() {
        let time = ManualTime(wall: Timestamp(milliseconds: 1000))
        time.advance(by: .milliseconds(1500))
        #expect(time.now == Moment(nanoseconds: 1_500_000_000))
        #expect(time.wallNow == Timestamp(milliseconds: 2500))
        time.jumpWall(by: .seconds(-2))
        #expect(time.now == Moment(nanoseconds: 1_500_000_000))
        #expect(time.wallNow == Timestamp(milliseconds: 500))
    }
}
