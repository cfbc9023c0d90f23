import RingbackCore
import Testing

@testable import Delivering

@Suite("A bucket of tokens")
struct TokenBucketTests {
    /// A bucket in a box: what a test does to it can stand inside an expectation.
    private final class Box {
        private var bucket: TokenBucket

        init(_ limit: RateLimit) { bucket = TokenBucket(limit, now: start) }

        var nextToken: Timestamp { bucket.nextToken }
        func tokens(_ limit: RateLimit, now: Timestamp) -> Int { bucket.tokens(limit, now: now) }
        func take(_ count: Int) { bucket.take(count) }
        func giveBack(_ count: Int) { bucket.giveBack(count) }
    }

    private func limit(_ text: String) throws -> RateLimit { try #require(RateLimit(text: text)) }

    @Test(
        "begins full and refills to the millisecond",
        arguments: [("50/s", 50, 20), ("10/m", 1, 6000), ("1000/h", 1, 3600), ("3/s", 3, 334)])
    func refill(text: String, burst: Int, milliseconds: Int) throws {
        let limit = try limit(text)
        let bucket = Box(limit)
        #expect(bucket.tokens(limit, now: start) == burst)
        bucket.take(burst)
        #expect(bucket.tokens(limit, now: start) == 0)
        let next = start + .milliseconds(milliseconds)
        #expect(bucket.nextToken == next)
        #expect(bucket.tokens(limit, now: next - .milliseconds(1)) == 0)
        #expect(bucket.tokens(limit, now: next) == 1)
        #expect(bucket.tokens(limit, now: next + .seconds(86_400)) == burst, "no more than one burst, however long the pause was")
    }

    @Test("takes back what was not used, up to a full one")
    func giveBack() throws {
        let limit = try limit("10/s")
        let bucket = Box(limit)
        bucket.take(10)
        bucket.giveBack(4)
        #expect(bucket.tokens(limit, now: start) == 4)
        bucket.giveBack(100)
        #expect(bucket.tokens(limit, now: start) == 10)
    }

    @Test("keeps whole tokens when the limit changes, as far as they fit")
    func change() throws {
        let fast = try limit("50/s")
        let slow = try limit("5/s")
        let bucket = Box(fast)
        bucket.take(48)
        #expect(bucket.tokens(slow, now: start) == 2)
        #expect(bucket.tokens(fast, now: start) == 2)
        #expect(bucket.tokens(fast, now: start + .seconds(1)) == 50)
        #expect(bucket.tokens(slow, now: start + .seconds(1)) == 5)
    }

    @Test("gives nothing for a clock that is set back, and goes on from there")
    func clockSetBack() throws {
        let limit = try limit("1/s")
        let bucket = Box(limit)
        bucket.take(1)
        let earlier = start - .seconds(3600)
        #expect(bucket.tokens(limit, now: earlier) == 0)
        #expect(bucket.tokens(limit, now: earlier + .seconds(1)) == 1)
    }

    @Test("never lets more through in any span than the rate allows and one burst", arguments: 0..<40)
    func neverTooMany(_ index: Int) throws {
        var chance = SeededGenerator(seed: UInt64(index))
        let texts = ["50/s", "7/s", "1000/s", "90/m", "1000/h"]
        let limit = try limit(texts[index % texts.count])
        let bucket = Box(limit)
        var now = start
        var sent: [Timestamp] = []
        for _ in 0..<150 {
            now = now + .milliseconds(Int.random(in: 0...400, using: &chance))
            let there = bucket.tokens(limit, now: now)
            let taken = Int.random(in: 0...max(there, 0), using: &chance)
            bucket.take(taken)
            sent += Array(repeating: now, count: taken)
        }
        // Millions of spans: what an expectation costs is paid once for all of them.
        let times = sent.map { Double(($0 - start).wholeMilliseconds) }
        let perMillisecond = Double(limit.count) / Double(limit.spanMilliseconds)
        var mostBeyond = -Double.infinity
        for first in stride(from: 0, to: times.count, by: 7) {
            for last in stride(from: first, to: times.count, by: 31) {
                let allowed = (times[last] - times[first]) * perMillisecond + Double(limit.burst)
                mostBeyond = max(mostBeyond, Double(last - first + 1) - allowed)
            }
        }
        #expect(mostBeyond <= 0.001, "seed \(index)")
    }
}
