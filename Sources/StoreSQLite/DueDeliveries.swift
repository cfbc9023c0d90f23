import RingbackCore

/// What is due for one endpoint, and who of it goes first.
struct DueDeliveries {
    private struct Candidate {
        let seq: Int64
        let dueAt: Timestamp
    }

    private var firstAttempts: [Candidate] = []
    private var retries: [Candidate] = []

    /// - Parameter dueAt: When it fell due, or when the lease of its last holder ended.
    mutating func add(_ seq: Int64, dueAt: Timestamp, isRetry: Bool) {
        let candidate = Candidate(seq: seq, dueAt: dueAt)
        if isRetry { retries.append(candidate) } else { firstAttempts.append(candidate) }
    }

    /// First attempts before retries, each oldest first; but retries keep their reserved places, so that they cannot starve.
    ///
    /// - Parameters:
    ///   - retryLimit: How many of `limit` retries may take at most.
    ///   - firstLimit: How many of `limit` first attempts may take at most.
    func chosen(limit: Int, reservedForRetries: Int, retryLimit: Int, firstLimit: Int = .max) -> [Int64] {
        let reserved = min(retries.count, max(0, min(reservedForRetries, limit, retryLimit)))
        let first = firstAttempts.sorted(by: Self.isOlder).prefix(max(0, min(limit - reserved, firstLimit)))
        let again = retries.sorted(by: Self.isOlder).prefix(min(limit - first.count, max(0, retryLimit)))
        return (first + again).map(\.seq)
    }

    /// Those that fell due in the same millisecond go in the order of their arrival.
    private static func isOlder(_ left: Candidate, _ right: Candidate) -> Bool {
        (left.dueAt, left.seq) < (right.dueAt, right.seq)
    }
}
