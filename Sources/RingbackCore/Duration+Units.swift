extension Duration {
    /// The duration in whole milliseconds, rounded towards zero; saturates at the limits of `Int64`.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds > 0 ? .max : .min }
        let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return carried ? (seconds > 0 ? .max : .min) : sum
    }

    /// The duration in seconds, for arithmetic with jitter and for display.
    package var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// Reads a duration as the configuration and the command line write it: `500ms`, `15s`, `5m`, `2h`, `3d`; `1.5h` too.
    ///
    /// - Returns: `nil` when the unit is missing or unknown, the number is negative or malformed, or the result is beyond 100 years.
    package init?(text: String) {
        let units: [(suffix: String, seconds: Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)]
        guard let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
        let number = text.dropLast(unit.suffix.count)
        guard !number.isEmpty, number.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let value = Double(number) else {
            return nil
        }
        let seconds = value * unit.seconds
        guard seconds <= 100 * 365 * 86400 else { return nil }
        self = .milliseconds(Int64((seconds * 1000).rounded()))
    }

    /// The shortest form that ``init(text:)`` reads back, for example `90s` as `90s`, `120s` as `2m`.
    package var text: String {
        let milliseconds = wholeMilliseconds
        guard milliseconds % 1000 == 0 else { return "\(milliseconds)ms" }
        let seconds = milliseconds / 1000
        for (suffix, size) in [("d", Int64(86400)), ("h", 3600), ("m", 60)] where seconds != 0 && seconds % size == 0 {
            return "\(seconds / size)\(suffix)"
        }
        return "\(seconds)s"
    }
}
