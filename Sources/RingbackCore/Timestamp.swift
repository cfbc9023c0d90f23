import FoundationEssentials

/// A point in wall-clock time: UTC, whole milliseconds since 1970. This is what is stored and shown.
///
/// Durations inside the process are measured with ``Moment`` instead, which never jumps.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z. May be negative.
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package init(unixSeconds: Int64) {
        milliseconds = unixSeconds.multipliedReportingOverflow(by: 1000).partialValue
    }

    /// Whole seconds since 1970, rounded down: the form of `webhook-timestamp` and of `created_at` in callbacks.
    package var unixSeconds: Int64 {
        Int64((Double(milliseconds) / 1000).rounded(.down))
    }

    /// RFC 3339 in UTC with milliseconds, for example `2026-11-23T06:12:08.123Z`.
    package var rfc3339: String {
        // The milliseconds are written apart: as a fraction of a `Double` they would often come out one too low.
        let (quotient, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        let (seconds, fraction) = remainder < 0 ? (quotient - 1, remainder + 1000) : (quotient, remainder)
        let text = Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle())
        return "\(text.dropLast()).\(String(fraction + 1000).dropFirst())Z"
    }

    /// Reads RFC 3339 with or without fractional seconds, in any zone.
    ///
    /// - Returns: `nil` when `text` is not an RFC 3339 date and time.
    package init?(rfc3339 text: String) {
        let date = (try? Self.style.parse(text)) ?? (try? Date.ISO8601FormatStyle().parse(text))
        guard let date else { return nil }
        milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded())
    }

    private static var style: Date.ISO8601FormatStyle { Date.ISO8601FormatStyle(includingFractionalSeconds: true) }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The time `duration` later; saturates instead of overflowing.
    package static func + (left: Timestamp, duration: Duration) -> Timestamp {
        let (sum, overflow) = left.milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
        return Timestamp(milliseconds: overflow ? (duration > .zero ? .max : .min) : sum)
    }

    package static func - (left: Timestamp, duration: Duration) -> Timestamp {
        left + (.zero - duration)
    }

    /// The time that passed from `earlier` to `left`; negative when the order is the other way round.
    package static func - (left: Timestamp, earlier: Timestamp) -> Duration {
        .milliseconds(left.milliseconds.subtractingReportingOverflow(earlier.milliseconds).partialValue)
    }
}

extension Timestamp: CustomStringConvertible {
    package var description: String { rfc3339 }
}
