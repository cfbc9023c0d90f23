import RawJSON
import RingbackCore

/// Where a system says how long to wait, and in what form.
package struct RetryHint: Sendable, Hashable {
    package enum Source: Sendable, Hashable {
        case header(String)
        case json(JSONPath)
    }

    package enum Unit: String, Sendable, Hashable, CaseIterable {
        /// Whole or broken; a header may also be a date (RFC 9110, section 10.2.3).
        case seconds
        case milliseconds
        /// Seconds since 1970 at which to come again.
        case epoch
        /// A time as RFC 3339 writes it.
        case time
    }

    package let source: Source
    package let unit: Unit

    package init(_ source: Source, _ unit: Unit) {
        self.source = source
        self.unit = unit
    }

    /// What HTTP itself has.
    static let standard = RetryHint(.header("Retry-After"), .seconds)

    /// - Returns: `nil` when there is none, or it makes no sense.
    func wait(in answer: PresetAnswer, now: Timestamp) -> Duration? {
        let text: String?
        switch source {
        case .header(let name): text = answer.header(name)
        case .json(let path):
            switch path.value(in: answer.json) {
            case .string(let value)?, .number(let value)?: text = value
            case .integer(let value)?: text = "\(value)"
            case .bool, .null, .array, .object, .raw, nil: text = nil
            }
        }
        return text.flatMap { wait($0, now: now) }
    }

    private func wait(_ text: String, now: Timestamp) -> Duration? {
        switch unit {
        case .seconds:
            if let wait = RetryAfter.parse(text, now: now) { return wait }
            return Self.number(text).map { .milliseconds(Int64(($0 * 1000).rounded(.up))) }
        case .milliseconds: return Self.number(text).map { .milliseconds(Int64($0.rounded(.up))) }
        case .epoch:
            guard let seconds = Self.number(text) else { return nil }
            return Self.positive(Timestamp(milliseconds: Int64((seconds * 1000).rounded(.up))) - now)
        case .time: return Timestamp(rfc3339: text).flatMap { Self.positive($0 - now) }
        }
    }

    /// A number that is none by mistake: from 0 to the year 5138 as an epoch.
    private static func number(_ text: String) -> Double? {
        guard let number = Double(text), number >= 0, number <= 1e11 else { return nil }
        return number
    }

    private static func positive(_ wait: Duration) -> Duration? {
        wait > .zero ? wait : nil
    }
}
