import RingbackCore
import Testing

@Suite("A duration as text")
struct DurationTextTests {
    @Test(
        "is a number and a unit",
        arguments: [
            ("500ms", .milliseconds(500)), ("15s", .seconds(15)), ("5m", .seconds(300)), ("2h", .seconds(7200)), ("3d", .seconds(259_200)),
            ("0s", .zero),
            ("1.5h", .seconds(5400)), ("0.25s", .milliseconds(250)), ("0.4ms", .zero), ("36500d", .seconds(36_500 * 86_400)),
            ("007s", .seconds(7)),
        ] as [(String, Duration)])
    func parsed(_ text: String, _ duration: Duration) {
        #expect(Duration(text: text) == duration)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "5", "s", "ms", "-5s", "+5s", "5 s", " 5s", "5s ", "1e3s", "0x5s", "1..5s", "1.2.3s", ".s", "5S", "5M", "5min", "5w",
            "nans", "infs", "36501d", "٣s", "1,5s",
        ])
    func refused(_ text: String) {
        #expect(Duration(text: text) == nil)
    }

    @Test(
        "is written in the largest unit that fits, and reads back the same",
        arguments: [
            (.zero, "0s"), (.milliseconds(1), "1ms"), (.milliseconds(1500), "1500ms"), (.seconds(1), "1s"), (.seconds(90), "90s"),
            (.seconds(120), "2m"),
            (.seconds(3600), "1h"), (.seconds(5400), "90m"), (.seconds(86_400), "1d"), (.seconds(90_000), "25h"),
            (.seconds(7 * 86_400), "7d"),
        ] as [(Duration, String)])
    func written(_ duration: Duration, _ text: String) {
        #expect(duration.text == text)
        #expect(Duration(text: text) == duration)
    }

    @Test("counts whole milliseconds and saturates")
    func wholeMilliseconds() {
        #expect(Duration.microseconds(1999).wholeMilliseconds == 1)
        #expect(Duration.microseconds(-1999).wholeMilliseconds == -1)
        #expect(Duration.seconds(Int64.max).wholeMilliseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeMilliseconds == .min)
        #expect(Duration.milliseconds(1500).inSeconds == 1.5)
    }
}

@Suite("A timestamp")
struct TimestampTests {
    @Test(
        "is RFC 3339 in UTC with milliseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_795_414_328_123, "2026-11-23T06:12:08.123Z"),
            (1_795_414_328_007, "2026-11-23T06:12:08.007Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func written(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(
        "is read in any zone, with or without fractions",
        arguments: [
            ("2026-11-23T06:12:08Z", 1_795_414_328_000), ("2026-11-23T07:12:08+01:00", 1_795_414_328_000),
            ("2026-11-22T23:42:08.5-06:30", 1_795_414_328_500),
            ("2026-11-23T06:12:08.123456Z", 1_795_414_328_123), ("1985-04-12T23:20:50.52Z", 482_196_050_520),
            ("1996-12-19T16:39:57-08:00", 851_042_397_000),
        ] as [(String, Int64)])
    func parsed(_ text: String, _ milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(
        "is nothing else", arguments: ["", "now", "2026-11-23", "1795414328", "2026-11-23T06:12:08", "2026-13-23T06:12:08Z", "06:12:08Z"])
    func refused(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("loses no millisecond in text", arguments: [31, 32] as [UInt64])
    func roundTrip(_ seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let timestamp = Timestamp(milliseconds: Int64.random(in: -10_000_000_000_000...10_000_000_000_000, using: &dice))
            #expect(Timestamp(rfc3339: timestamp.rfc3339) == timestamp, "seed \(seed)")
        }
    }

    @Test("has a text at its limits too")
    func extremes() {
        #expect(Timestamp(milliseconds: .max).rfc3339.hasSuffix(".807Z"))
        #expect(Timestamp(milliseconds: .min).rfc3339.hasSuffix(".192Z"))
    }

    @Test("counts whole seconds downwards")
    func unixSeconds() {
        #expect(Timestamp(milliseconds: 1999).unixSeconds == 1)
        #expect(Timestamp(milliseconds: -1).unixSeconds == -1)
        #expect(Timestamp(unixSeconds: 1_795_414_328).milliseconds == 1_795_414_328_000)
    }

    @Test("moves by durations and saturates")
    func arithmetic() {
        let start = Timestamp(milliseconds: 1000)
        #expect(start + .milliseconds(250) == Timestamp(milliseconds: 1250))
        #expect(start - .seconds(2) == Timestamp(milliseconds: -1000))
        #expect(start - Timestamp(milliseconds: 1500) == .milliseconds(-500))
        #expect(Timestamp(milliseconds: .max) + .seconds(1) == Timestamp(milliseconds: .max))
        #expect(Timestamp(milliseconds: .min) - .seconds(1) == Timestamp(milliseconds: .min))
        #expect(start < start + .milliseconds(1))
    }
}

@Suite("A moment")
struct MomentTests {
    @Test("moves by durations and saturates")
    func arithmetic() {
        let start = Moment(nanoseconds: 5)
        #expect(start + .nanoseconds(7) == Moment(nanoseconds: 12))
        #expect(start + .seconds(-1) == Moment(nanoseconds: 5 - 1_000_000_000))
        #expect((start + .seconds(3)) - start == .seconds(3))
        #expect(start + .seconds(Int64.max) == .distantFuture)
        #expect(Moment.distantFuture + .nanoseconds(1) == .distantFuture)
        #expect(start + .seconds(Int64.min) == Moment(nanoseconds: .min))
        #expect(start < .distantFuture)
    }
}
