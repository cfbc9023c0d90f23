import RingbackCore

/// Writes metrics in Prometheus' text format, version 0.0.4.
///
/// Source: prometheus.io, "Exposition formats", "Text-based format".
package enum MetricsText {
    package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    package static func write(_ families: [MetricFamily]) -> [UInt8] {
        var text = ""
        for family in families { write(family, to: &text) }
        return Array(text.utf8)
    }

    private static func write(_ family: MetricFamily, to text: inout String) {
        text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n"
        text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
        for sample in family.samples {
            let labels = sample.labels.map { ($0.name, $0.value) }
            switch sample.value {
            case .number(let number): line(family.name, labels, number, to: &text)
            case .histogram(let histogram): write(histogram, family.name, labels, to: &text)
            }
        }
    }

    /// Buckets count what is at or below their bound, so each holds those before it, and the last one is the count.
    private static func write(_ histogram: Histogram, _ name: String, _ labels: [(String, String)], to text: inout String) {
        var sum: UInt64 = 0
        for (bound, count) in zip(histogram.bounds + [.infinity], histogram.counts) {
            sum += count
            line("\(name)_bucket", labels + [("le", number(bound))], Double(sum), to: &text)
        }
        line("\(name)_sum", labels, histogram.sum, to: &text)
        line("\(name)_count", labels, Double(sum), to: &text)
    }

    private static func line(_ name: String, _ labels: [(String, String)], _ value: Double, to text: inout String) {
        text += name
        if !labels.isEmpty {
            text += "{\(labels.map { "\($0.0)=\"\(escaped($0.1, quotes: true))\"" }.joined(separator: ","))}"
        }
        text += " \(number(value))\n"
    }

    /// As Go's `ParseFloat` reads it; whole numbers without a fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    /// Backslashes and line feeds always; quotes in label values only.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
