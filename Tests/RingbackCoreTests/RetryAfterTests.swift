import Foundation
import RingbackCore
import Testing

@Suite("Retry-After")
struct RetryAfterTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let value: String
        let seconds: Int64?
        let note: String

        var testDescription: String { "\(value.debugDescription): \(note)" }
    }

    private struct Table: Decodable {
        let now: String
        let cases: [Case]
    }

    static let cases: [Case] = { (try? table().cases) ?? [] }()
    static let now = Timestamp(rfc3339: "2026-08-18T12:00:00Z") ?? Timestamp(milliseconds: 0)

    private static func table() throws -> Table {
        let file = try #require(Bundle.module.url(forResource: "retry_after_cases", withExtension: "json", subdirectory: "Data"))
        return try JSONDecoder().decode(Table.self, from: Data(contentsOf: file))
    }

    @Test("has a table of cases, counted from the time these tests use")
    func tableIsThere() throws {
        #expect(try Self.table().now == "2026-08-18T12:00:00Z")
        #expect(Self.cases.count >= 26)
    }

    @Test("is read as the table says", arguments: cases)
    func table(row: Case) {
        #expect(RetryAfter.parse(row.value, now: Self.now) == row.seconds.map { .seconds($0) })
    }

    @Test(
        "all three forms of a date name the same instant",
        arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
    func forms(text: String) {
        // RFC 9110, section 5.6.7, with the instant it gives.
        let now = Timestamp(unixSeconds: 784_111_777 - 90)
        #expect(RetryAfter.parse(text, now: now) == .seconds(90))
    }

    @Test(
        "a two-digit year means the century in which it is at most 50 years ahead",
        arguments: [("76", 2076), ("27", 2027)])
    func twoDigitYears(year: String, means: Int) throws {
        let target = try #require(Timestamp(rfc3339: "\(means)-01-01T00:00:00Z"))
        #expect(RetryAfter.parse("Friday, 01-Jan-\(year) 00:00:00 GMT", now: Self.now) == target - Self.now)
    }

    @Test("a two-digit year more than 50 years ahead is in the past: no hint")
    func pastTwoDigitYear() {
        #expect(RetryAfter.parse("Friday, 01-Jan-77 00:00:00 GMT", now: Self.now) == nil)
        #expect(RetryAfter.parse("Sunday, 06-Nov-94 08:49:37 GMT", now: Self.now) == nil)
    }

    @Test("dates agree with Foundation's calendar on every 29th of February and every turn of a year until 2400")
    func calendar() throws {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        for year in 1995...2400 {
            for (month, day) in [(1, 1), (2, 28), (2, 29), (3, 1), (12, 31)] {
                let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
                let text = "Mon, \(day < 10 ? "0" : "")\(day) \(months[month - 1]) \(year) 01:02:03 GMT"
                let parsed = RetryAfter.parse(text, now: Timestamp(unixSeconds: 784_111_777))
                guard month != 2 || day != 29 || isLeap else {
                    #expect(parsed == nil)
                    continue
                }
                let pad = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
                let expected = try #require(Timestamp(rfc3339: "\(year)-\(pad(month))-\(pad(day))T01:02:03Z"))
                #expect(parsed == expected - Timestamp(unixSeconds: 784_111_777))
            }
        }
    }

    @Test(
        "what only looks like a date is no hint",
        arguments: [
            "Tue, 18 Aug 2026 12:05:00", "Tue, 18 Aug 2026 12:05:00 UTC", "Tue, 18 aug 2026 12:05:00 GMT", "Tue, 18 Aug 2026 24:00:00 GMT",
            "Tue, 18 Aug 2026 12:60:00 GMT", "Tue, 18 Aug 2026 12:05:61 GMT", "Tue, 00 Aug 2026 12:05:00 GMT",
            "Tue, 8 Aug 2026 12:05:00 GMT",
            "Tue, 18 Aug 26 12:05:00 GMT", "Tue 18 Aug 2026 12:05:00 GMT", "Tue, 18 Aug 2026 12:05:00 GMT x",
            "Xyz, 18 Aug 2026 12:05:00 GMT",
            "Tuesday, 18 Aug 2026 12:05:00 GMT", "Tue Aug 18 12:05:00 2026 GMT", "2026-08-18T12:05:00Z", "Tue, 18 Aug 0000 12:05:00 GMT",
        ])
    func almostDates(text: String) {
        #expect(RetryAfter.parse(text, now: Self.now) == nil)
    }

    @Test("every truncation of a date, and every date with one byte changed, is read or refused, but never a crash")
    func mangled() {
        for text in ["Tue, 18 Aug 2026 12:05:00 GMT", "Tuesday, 18-Aug-26 12:05:00 GMT", "Tue Aug 18 12:05:00 2026"] {
            let bytes = Array(text.utf8)
            for length in 0..<bytes.count {
                #expect(RetryAfter.parse(String(decoding: bytes[..<length], as: UTF8.self), now: Self.now) == nil)
            }
            for index in bytes.indices {
                for byte in UInt8(0)...127 {
                    var changed = bytes
                    changed[index] = byte
                    _ = RetryAfter.parse(String(decoding: changed, as: UTF8.self), now: Self.now)
                }
            }
        }
    }

    @Test("part of a second counts when the clock is between two seconds")
    func milliseconds() {
        let now = Timestamp(milliseconds: Self.now.milliseconds + 250)
        #expect(RetryAfter.parse("Tue, 18 Aug 2026 12:00:01 GMT", now: now) == .milliseconds(750))
    }
}
