/// One measured number of the bridge beside the same number of its baseline.
struct Figure: Sendable, Codable {
    enum Unit: String, Sendable, Codable {
        case kibibytes = "KiB"
        case mebibytes = "MiB"
        case microseconds = "us"
        case milliseconds = "ms"
        case perSecond = "/s"
        case count = ""
    }

    /// What was measured; figures of several rounds belong together by it.
    let name: String
    let unit: Unit
    let baselineName: String
    let ringback: Double
    let baseline: Double

    init(_ name: String, _ unit: Unit, ringback: Double, baseline: Double, of baselineName: String = Figure.bareBridge) {
        self.name = name
        self.unit = unit
        self.ringback = ringback
        self.baseline = baseline
        self.baselineName = baselineName
    }

    static let bareBridge = "bare bridge"

    /// `nil` where the baseline is nothing.
    var ratio: Double? {
        baseline == 0 ? nil : ringback / baseline
    }

    /// The figures of several rounds as one: the median of what was measured, the worst of what was counted.
    static func combined(_ rounds: [Figure]) -> Figure? {
        guard let first = rounds.first else { return nil }
        let combine = first.unit == .count ? worst : median
        return Figure(
            first.name, first.unit, ringback: combine(rounds.map(\.ringback)), baseline: combine(rounds.map(\.baseline)),
            of: first.baselineName
        )
    }

    private static func worst(_ values: [Double]) -> Double {
        values.max() ?? 0
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
