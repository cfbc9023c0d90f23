package import RingbackCore

/// One metric with all its label combinations, as it stands at one moment.
///
/// The conventions are Prometheus': names begin with what they belong to, counters end in `_total`, units are base units and stand in the
/// name (`_seconds`, `_bytes`). Labels come from closed lists: a URL, an id or a message is never one.
///
/// Source: prometheus.io, "Metric and label naming" and "Exposition formats".
package struct MetricFamily: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        /// Only grows while the process lives.
        case counter
        case gauge
        case histogram
    }

    package let name: String
    /// One sentence, without its full stop.
    package let help: String
    package let kind: Kind
    package let samples: [MetricSample]

    package static func counter(_ name: String, _ help: String, _ samples: [MetricSample]) -> MetricFamily {
        MetricFamily(name, help, .counter, samples)
    }

    package static func counter(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
        MetricFamily(name, help, .counter, [MetricSample(value)])
    }

    package static func gauge(_ name: String, _ help: String, _ samples: [MetricSample]) -> MetricFamily {
        MetricFamily(name, help, .gauge, samples)
    }

    package static func gauge(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
        MetricFamily(name, help, .gauge, [MetricSample(value)])
    }

    package static func histogram(_ name: String, _ help: String, _ samples: [MetricSample]) -> MetricFamily {
        MetricFamily(name, help, .histogram, samples)
    }

    private init(_ name: String, _ help: String, _ kind: Kind, _ samples: [MetricSample]) {
        precondition(MetricName.isValid(name), "'\(name)' is not a name for a metric")
        precondition(name.hasSuffix("_total") == (kind == .counter), "counters, and only they, end in _total: '\(name)'")
        precondition(samples.allSatisfy { $0.fits(kind) }, "the samples of '\(name)' are not those of a \(kind.rawValue)")
        precondition(Set(samples.map(\.labels)).count == samples.count, "two samples of '\(name)' have the same labels")
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }
}

/// One line of a family, or one histogram.
package struct MetricSample: Sendable, Hashable {
    package enum Value: Sendable, Hashable {
        case number(Double)
        case histogram(Histogram)
    }

    package let labels: [MetricLabel]
    package let value: Value

    package init(_ value: Double, _ labels: MetricLabel...) {
        self.labels = labels
        self.value = .number(value)
    }

    package init(_ value: Int, _ labels: MetricLabel...) {
        self.labels = labels
        self.value = .number(Double(value))
    }

    /// 1 for true, 0 for false.
    package init(_ flag: Bool, _ labels: MetricLabel...) {
        self.labels = labels
        self.value = .number(flag ? 1 : 0)
    }

    package init(_ histogram: Histogram, _ labels: MetricLabel...) {
        self.labels = labels
        self.value = .histogram(histogram)
    }

    fileprivate func fits(_ kind: MetricFamily.Kind) -> Bool {
        switch value {
        case .number: kind != .histogram
        case .histogram: kind == .histogram
        }
    }
}

package struct MetricLabel: Sendable, Hashable {
    package let name: String
    package let value: String

    /// - Parameter name: A word that no histogram needs for itself.
    package init(_ name: String, _ value: String) {
        precondition(MetricName.isValid(name) && !name.contains(":") && name != "le", "'\(name)' is not a name for a label")
        self.name = name
        self.value = value
    }
}

enum MetricName {
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, !isDigit(first) else { return false }
        return name.utf8.allSatisfy { isDigit($0) || isLetter($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ":") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    private static func isLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }
}
