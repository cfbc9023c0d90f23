import RingbackCore
import Testing

@Suite("The retry policy")
struct RetryPolicyTests {
    @Test(
        "waits as its table says",
        arguments: [
            (1, "5s"), (2, "30s"), (3, "5m"), (4, "30m"), (5, "2h"), (6, "5h"), (7, "10h"), (8, "14h"), (9, "20h"), (10, "1d"),
        ])
    func table(_ attempt: Int, _ wait: String) {
        #expect(RetryPolicy().delay(afterAttempt: attempt, jitter: 0.5)?.text == wait)
    }

    @Test("gives up when its schedule is used up")
    func exhausted() {
        #expect(RetryPolicy().delay(afterAttempt: 11, jitter: 0.5) == nil)
        #expect(RetryPolicy().delay(afterAttempt: 11, jitter: 0.5, retryAfter: .seconds(5)) == nil)
        #expect(RetryPolicy(schedule: []).delay(afterAttempt: 1, jitter: 0.5) == nil)
    }

    @Test("spreads each wait by its jitter to both sides")
    func jitter() {
        let policy = RetryPolicy(schedule: [.seconds(100)], jitter: 0.2)
        #expect(policy.delay(afterAttempt: 1, jitter: 0) == .seconds(80))
        #expect(policy.delay(afterAttempt: 1, jitter: 0.5) == .seconds(100))
        #expect(policy.delay(afterAttempt: 1, jitter: 0.75) == .seconds(110))
        #expect(RetryPolicy(schedule: [.seconds(100)], jitter: 0).delay(afterAttempt: 1, jitter: 0) == .seconds(100))
    }

    @Test(
        "lets a receiver ask for later, never for earlier, and at most for a day",
        arguments: [
            (nil, .seconds(300)), (.seconds(10), .seconds(300)), (.seconds(301), .seconds(301)), (.seconds(7 * 86_400), .seconds(86_400)),
            (.zero, .seconds(300)),
        ]
            as [(Duration?, Duration)])
    func retryAfter(_ wish: Duration?, _ wait: Duration) {
        #expect(RetryPolicy().delay(afterAttempt: 3, jitter: 0.5, retryAfter: wish) == wait)
    }
}

@Suite("The dice")
struct DiceTests {
    @Test("with a seed throw what SplitMix64's published values say")
    func splitMix() {
        var generator = SeededGenerator(seed: 1_234_567)
        let numbers = (0..<5).map { _ in generator.next() }
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ])
    }

    @Test("stay from 0 to below 1")
    func range() {
        struct Constant: RandomNumberGenerator {
            let value: UInt64
            func next() -> UInt64 { value }
        }
        #expect(Dice(Constant(value: 0)).fraction() == 0)
        #expect(Dice(Constant(value: .max)).fraction() < 1)
        let seeded = Dice(SeededGenerator(seed: 7))
        #expect((0..<1000).map { _ in seeded.fraction() }.allSatisfy { (0..<1).contains($0) })
    }
}
