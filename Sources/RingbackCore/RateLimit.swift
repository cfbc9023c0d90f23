/// How many deliveries an endpoint takes in a span of time (contract, section 4, `rate_limit`): `50/s`, `10/m` or `1000/h`.
package struct RateLimit: Sendable, Hashable {
    package enum Span: String, Sendable, Hashable, CaseIterable {
        case second = "s"
        case minute = "m"
        case hour = "h"

        var milliseconds: Int64 {
            switch self {
            case .second: 1000
            case .minute: 60_000
            case .hour: 3_600_000
            }
        }
    }

    /// What to write, for people whose text was none.
    package static let advice = "write how many in a second, a minute or an hour, such as 50/s, 10/m or 1000/h"
    /// More in a span than one machine sends in it.
    package static let maximumCount = 1_000_000

    /// 1 to ``maximumCount``.
    package let count: Int
    package let span: Span

    /// - Returns: `nil` when `count` is out of range.
    package init?(_ count: Int, per span: Span) {
        guard 1...Self.maximumCount ~= count else { return nil }
        self.count = count
        self.span = span
    }

    /// Reads a limit as the configuration and the API write it.
    ///
    /// - Returns: `nil` when `text` is no whole number from 1, a slash, and `s`, `m` or `h`.
    package init?(text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let count = Int(parts[0]),
            let span = Span(rawValue: String(parts[1]))
        else { return nil }
        self.init(count, per: span)
    }

    /// The form that ``init(text:)`` reads back.
    package var text: String { "\(count)/\(span.rawValue)" }

    package var spanMilliseconds: Int64 { span.milliseconds }

    /// How many may go at once after a pause: one second's worth, and at least one.
    package var burst: Int { max(1, Int(Int64(count) * 1000 / span.milliseconds)) }

    /// The slower of two limits; `nil` is no limit.
    package static func slower(_ left: RateLimit?, _ right: RateLimit?) -> RateLimit? {
        guard let left, let right else { return left ?? right }
        return Int64(left.count) * right.span.milliseconds <= Int64(right.count) * left.span.milliseconds ? left : right
    }
}
