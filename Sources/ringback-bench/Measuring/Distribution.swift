/// Where the values of one measurement lie.
struct Distribution: Codable, Sendable {
    let count: Int
    let p50: Double
    let p99: Double
    let max: Double

    /// - Returns: `nil` when there are no values.
    init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let last = sorted.last else { return nil }
        count = sorted.count
        p50 = sorted[Int(0.50 * Double(sorted.count))]
        p99 = sorted[Int(0.99 * Double(sorted.count))]
        max = last
    }
}
