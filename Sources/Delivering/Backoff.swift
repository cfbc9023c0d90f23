import RingbackCore

/// Waits that double from a first to a longest one.
struct Backoff: Sendable, Hashable {
    private var wait: Duration
    private let longest: Duration

    init(first: Duration, longest: Duration) {
        wait = first
        self.longest = longest
    }

    /// While the store does not take what it is handed.
    static let store = Backoff(first: .milliseconds(200), longest: .seconds(5))

    /// The next wait.
    mutating func next() -> Duration {
        defer { wait = min(wait * 2, longest) }
        return wait
    }
}

/// How long to wait when Ringback itself is in trouble: soon, since the receiver is not to blame, but not at once.
enum OwnTrouble {
    static let firstWait: Duration = .seconds(1)
    static let longestWait: Duration = .seconds(30)

    /// - Parameter troubles: How many attempts of the delivery were not counted so far; those before a redrive may be among them, which
    ///   only means that the longest wait is reached sooner.
    static func wait(afterTroubles troubles: Int) -> Duration {
        min(firstWait * (1 << min(max(troubles, 0), 10)), longestWait)
    }
}
