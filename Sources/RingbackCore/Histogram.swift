/// How often a measured value fell into which range, for percentiles over time: the plain data of a Prometheus histogram.
package struct Histogram: Sendable, Hashable {
    /// The upper bounds of the buckets, ascending and finite; a value equal to a bound is below it.
    package let bounds: [Double]
    /// One count for each bound, and one for what is above the last. Not cumulative.
    package private(set) var counts: [UInt64]
    package private(set) var sum = 0.0

    /// - Parameter bounds: Ascending and finite.
    package init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "the bounds of a histogram ascend")
        precondition(bounds.allSatisfy(\.isFinite), "the last bucket is everything above the bounds")
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// How many values were recorded.
    package var count: UInt64 { counts.reduce(0, +) }

    /// Values that are no numbers are left out: they would spoil the sum for ever.
    package mutating func record(_ value: Double) {
        guard value.isFinite else { return }
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    /// Durations are recorded in seconds.
    package mutating func record(_ duration: Duration) {
        record(duration.inSeconds)
    }
}
