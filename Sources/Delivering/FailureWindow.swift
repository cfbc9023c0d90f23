import RingbackCore

/// How many attempts ended within the last five minutes, and how many of them failed.
///
/// Kept in ten slices of half a minute, so its size does not grow with the traffic; the oldest slice is forgotten whole, and the window is
/// four and a half to five minutes long.
struct FailureWindow: Sendable, Hashable {
    static let length: Duration = .seconds(300)
    private static let slices = 10
    private static let sliceMilliseconds = length.wholeMilliseconds / Int64(slices)

    private struct Slice: Sendable, Hashable {
        let index: Int64
        var attempts = 0
        var failures = 0
    }

    /// Oldest first.
    private var slices: [Slice] = []

    mutating func add(isFailure: Bool, now: Timestamp) {
        forget(now: now)
        // A clock that was set back adds to the newest slice.
        let index = max(Self.index(of: now), slices.last?.index ?? .min)
        if slices.last?.index != index { slices.append(Slice(index: index)) }
        slices[slices.count - 1].attempts += 1
        slices[slices.count - 1].failures += isFailure ? 1 : 0
    }

    func counts(now: Timestamp) -> (attempts: Int, failures: Int) {
        let oldest = Self.index(of: now) - Int64(Self.slices)
        return slices.reduce(into: (0, 0)) { counts, slice in
            guard slice.index > oldest else { return }
            counts.0 += slice.attempts
            counts.1 += slice.failures
        }
    }

    private mutating func forget(now: Timestamp) {
        let oldest = Self.index(of: now) - Int64(Self.slices)
        slices.removeAll { $0.index <= oldest }
        // Slices of a future that a clock promised and took back would be kept for ever.
        if let last = slices.last, last.index - Self.index(of: now) >= Int64(Self.slices) { slices = [] }
    }

    private static func index(of time: Timestamp) -> Int64 {
        time.milliseconds >= 0 ? time.milliseconds / sliceMilliseconds : (time.milliseconds + 1) / sliceMilliseconds - 1
    }
}
