import RingbackCore
import Testing

@Suite("A rate limit")
struct RateLimitTests {
    @Test(
        "is written as a number in a second, a minute or an hour",
        arguments: [
            ("50/s", 50, RateLimit.Span.second, 50), ("1/s", 1, .second, 1), ("10/m", 10, .minute, 1), ("120/m", 120, .minute, 2),
            ("1000/h", 1000, .hour, 1), ("7200/h", 7200, .hour, 2), ("1000000/s", 1_000_000, .second, 1_000_000),
        ])
    func text(text: String, count: Int, span: RateLimit.Span, burst: Int) throws {
        let limit = try #require(RateLimit(text: text))
        #expect(limit.count == count && limit.span == span)
        #expect(limit.burst == burst, "one second's worth, and at least one")
        #expect(limit.text == text)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "50", "/s", "50/", "0/s", "-1/s", "1.5/s", "50/d", "50/sec", "50 /s", "50/s ", "+5/s", "5/s/s", "1000001/s", "٥/s",
            "99999999999999999999/s",
        ])
    func rubbish(text: String) {
        #expect(RateLimit(text: text) == nil)
    }

    @Test("is slower than another by what it lets through in the same time, whatever their spans")
    func slower() throws {
        let second = try #require(RateLimit(text: "1/s"))
        let minute = try #require(RateLimit(text: "59/m"))
        let hour = try #require(RateLimit(text: "3601/h"))
        #expect(RateLimit.slower(second, minute) == minute)
        #expect(RateLimit.slower(hour, second) == second)
        #expect(RateLimit.slower(nil, hour) == hour && RateLimit.slower(hour, nil) == hour)
        #expect(RateLimit.slower(nil, nil) == nil)
    }
}
