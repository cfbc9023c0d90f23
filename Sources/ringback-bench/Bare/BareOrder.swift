/// What the benchmark tells the bare bridge: one line each.
enum BareOrder: Sendable {
    /// Open a stream for each of these responses and call back when it ends.
    case follow(Range<Int>)
    /// Send the callbacks of these responses right away, so many at a time.
    case post(Range<Int>, inFlight: Int)

    var line: String {
        switch self {
        case .follow(let numbers): "follow \(numbers.lowerBound) \(numbers.upperBound)"
        case .post(let numbers, let inFlight): "post \(numbers.lowerBound) \(numbers.upperBound) \(inFlight)"
        }
    }

    init(line: String) throws(BenchError) {
        let words = line.split(separator: " ").map(String.init)
        let numbers = words.dropFirst().compactMap { Int($0) }
        if words.first == "follow", numbers.count == 2, numbers[0] <= numbers[1] {
            self = .follow(numbers[0]..<numbers[1])
        } else if words.first == "post", numbers.count == 3, numbers[0] <= numbers[1] {
            self = .post(numbers[0]..<numbers[1], inFlight: numbers[2])
        } else {
            throw BenchError("the bare bridge does not know the order '\(line)'")
        }
    }
}
