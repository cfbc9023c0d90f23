import Control
import RingbackCore

/// How far a response is, in one line.
enum WaitingText {
    static func line(of watch: WatchObject, elapsed: Duration) -> String {
        let parts: [String?] = [
            watch.responseID.rawValue, watch.status.rawValue, elapsed.clockText, watch.sequenceNumber.map { "event \($0)" },
            tokens(watch), watch.status.isOpen && watch.following == .poll ? "polled" : nil,
        ]
        return parts.compactMap(\.self).joined(separator: "  ")
    }

    static func trouble(_ words: String, elapsed: Duration) -> String {
        "\(elapsed.clockText)  \(words)"
    }

    /// Vendors name them in two ways; most of them tell only at the end.
    private static func tokens(_ watch: WatchObject) -> String? {
        guard case .object(let usage) = watch.usage else { return nil }
        let counts = ["output_tokens", "completion_tokens"].compactMap { name -> Int64? in
            if case .integer(let count) = usage[name] { count } else { nil }
        }
        return counts.first.map { $0 == 1 ? "1 output token" : "\($0) output tokens" }
    }
}

extension Duration {
    /// As a clock that runs: `7s`, `2:05`, `1:00:09`.
    var clockText: String {
        let seconds = max(0, Int(inSeconds))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3600 { return "\(seconds / 60):\(two(seconds % 60))" }
        return "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }
}
