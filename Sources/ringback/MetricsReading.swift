/// What `/metrics` said at one moment: Prometheus' text format, as far as Ringback itself writes it.
struct MetricsReading {
    private var samples: [String: [(labels: [String: String], value: Double)]] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            // The name ends where labels or the value begin; a label's value may hold blanks, the number does not.
            guard let blank = line.lastIndex(of: " "), let value = Double(line[line.index(after: blank)...]) else { continue }
            let series = line[..<blank]
            let name = series.prefix { $0 != "{" }
            samples[String(name), default: []].append((Self.labels(series.dropFirst(name.count)), value))
        }
    }

    /// The sum of all samples of that name with these labels.
    func sum(_ name: String, _ labels: [String: String] = [:]) -> Double {
        (samples[name] ?? []).lazy
            .filter { sample in labels.allSatisfy { sample.labels[$0.key] == $0.value } }
            .reduce(0) { $0 + $1.value }
    }

    /// The sums by the values of a label.
    func sums(_ name: String, by label: String) -> [String: Double] {
        (samples[name] ?? []).reduce(into: [:]) { sums, sample in
            if let value = sample.labels[label] { sums[value, default: 0] += sample.value }
        }
    }

    /// `{name="value",…}` with `\\`, `\"` and `\n` in the values.
    private static func labels(_ text: Substring) -> [String: String] {
        var labels: [String: String] = [:]
        var rest = text.dropFirst()
        while let equals = rest.firstIndex(of: "=") {
            let name = rest[..<equals].drop { $0 == "," || $0 == " " }
            var value = ""
            var index = rest.index(equals, offsetBy: 2, limitedBy: rest.endIndex) ?? rest.endIndex
            while index < rest.endIndex, rest[index] != "\"" {
                if rest[index] == "\\", rest.index(after: index) < rest.endIndex {
                    index = rest.index(after: index)
                    value.append(rest[index] == "n" ? "\n" : rest[index])
                } else {
                    value.append(rest[index])
                }
                index = rest.index(after: index)
            }
            labels[String(name)] = value
            guard index < rest.endIndex else { break }
            rest = rest[rest.index(after: index)...]
        }
        return labels
    }
}
