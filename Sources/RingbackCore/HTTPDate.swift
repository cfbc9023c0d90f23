/// A date as HTTP writes it (RFC 9110, section 5.6.7): the form senders must use, and the two obsolete ones recipients must accept.
///
/// | form | example |
/// |---|---|
/// | IMF-fixdate | `Sun, 06 Nov 1994 08:49:37 GMT` |
/// | RFC 850 | `Sunday, 06-Nov-94 08:49:37 GMT` |
/// | asctime | `Sun Nov  6 08:49:37 1994` |
///
/// The name of the weekday must be one, but need not fit the date: a receiver with a wrong calendar still tells a usable time.
package enum HTTPDate {
    /// - Parameter now: Tells the century of the second form.
    package static func parse(_ text: ArraySlice<UInt8>, now: Timestamp) -> Timestamp? {
        var reader = DateReader(text)
        if reader.skip(oneOf: longWeekdays), reader.skip(", ") { return rfc850(&reader, now: now) }
        reader = DateReader(text)
        guard reader.skip(oneOf: weekdays) else { return nil }
        return reader.skip(", ") ? fixdate(&reader) : asctime(&reader)
    }

    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longWeekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func fixdate(_ reader: inout DateReader) -> Timestamp? {
        guard let day = reader.number(digits: 2), reader.skip(" "), let month = reader.index(in: months), reader.skip(" "),
            let year = reader.number(digits: 4), reader.skip(" "), let second = secondOfDay(&reader), reader.skip(" GMT"), reader.isAtEnd
        else { return nil }
        return timestamp(year: year, month: month + 1, day: day, second: second)
    }

    private static func rfc850(_ reader: inout DateReader, now: Timestamp) -> Timestamp? {
        guard let day = reader.number(digits: 2), reader.skip("-"), let month = reader.index(in: months), reader.skip("-"),
            let yearOfCentury = reader.number(digits: 2), reader.skip(" "), let second = secondOfDay(&reader), reader.skip(" GMT"),
            reader.isAtEnd
        else { return nil }
        // "Recipients […] MUST interpret a timestamp that appears to be more than 50 years in the future as representing the most
        // recent year in the past that had the same last two digits." A far future is no hint either way, but a near one must be.
        let thisYear = 1970 + Int((Double(now.unixSeconds) / 31_556_952).rounded(.down))
        var year = thisYear - thisYear % 100 + yearOfCentury
        if year > thisYear + 50 { year -= 100 } else if year <= thisYear - 50 { year += 100 }
        return timestamp(year: year, month: month + 1, day: day, second: second)
    }

    private static func asctime(_ reader: inout DateReader) -> Timestamp? {
        guard reader.skip(" "), let month = reader.index(in: months), reader.skip(" "),
            let day = reader.skip(" ") ? reader.number(digits: 1) : reader.number(digits: 2), reader.skip(" "),
            let second = secondOfDay(&reader), reader.skip(" "), let year = reader.number(digits: 4), reader.isAtEnd
        else { return nil }
        return timestamp(year: year, month: month + 1, day: day, second: second)
    }

    /// `hh:mm:ss`, where the second may be a leap second.
    private static func secondOfDay(_ reader: inout DateReader) -> Int? {
        guard let hour = reader.number(digits: 2), hour < 24, reader.skip(":"), let minute = reader.number(digits: 2), minute < 60,
            reader.skip(":"), let second = reader.number(digits: 2), second <= 60
        else { return nil }
        return (hour * 60 + minute) * 60 + second
    }

    private static func timestamp(year: Int, month: Int, day: Int, second: Int) -> Timestamp? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard year >= 1, 1...lengths[month - 1] ~= day else { return nil }
        // Days of the years before this one since the year 1, less those before 1970 (719,162), and of the months before this one.
        let before = year - 1
        let days = before * 365 + before / 4 - before / 100 + before / 400 - 719_162 + lengths.prefix(month - 1).reduce(0, +) + day - 1
        return Timestamp(unixSeconds: Int64(days) * 86_400 + Int64(second))
    }
}

/// Reads a date from left to right. A step that does not fit consumes nothing.
private struct DateReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) {
        rest = text
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ literal: String) -> Bool {
        guard rest.starts(with: literal.utf8) else { return false }
        rest.removeFirst(literal.utf8.count)
        return true
    }

    mutating func skip(oneOf names: [String]) -> Bool {
        index(in: names) != nil
    }

    mutating func index(in names: [String]) -> Int? {
        names.firstIndex { skip($0) }
    }

    mutating func number(digits count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(isDigit) else { return nil }
        rest.removeFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
}
