import RingbackCore

/// What is left of an endpoint's rate limit: a token per delivery, refilled as time passes, up to one burst.
///
/// In any span of time no more is sent than the rate allows for it, and one burst. Counted in whole numbers, in thousandths of a second times
/// the rate, so that nothing is lost by rounding and a test can say to the millisecond when the next token is there.
struct TokenBucket: Sendable, Hashable {
    private var rate: RateLimit
    /// One token is as much as the rate's span has milliseconds; each millisecond adds the rate's count.
    private var fill: Int64
    private var filledAt: Timestamp

    /// A full one.
    init(_ rate: RateLimit, now: Timestamp) {
        self.rate = rate
        fill = Self.capacity(of: rate)
        filledAt = now
    }

    /// The tokens that are there now.
    ///
    /// - Parameter rate: The limit as it is now. When it is another than before, whole tokens are kept, as far as they fit.
    mutating func tokens(_ rate: RateLimit, now: Timestamp) -> Int {
        refill(now: now)
        if rate != self.rate {
            let tokens = fill / self.rate.spanMilliseconds
            self.rate = rate
            fill = min(tokens * rate.spanMilliseconds, Self.capacity(of: rate))
        }
        return Int(fill / rate.spanMilliseconds)
    }

    /// Takes tokens that ``tokens(_:now:)`` said are there.
    mutating func take(_ count: Int) {
        fill -= Int64(count) * rate.spanMilliseconds
        precondition(fill >= 0, "a token is taken that is not there")
    }

    /// Gives back what was taken for nothing.
    mutating func giveBack(_ count: Int) {
        fill = min(fill + Int64(count) * rate.spanMilliseconds, Self.capacity(of: rate))
    }

    /// When the next token will be there; `filledAt` when one is there already.
    var nextToken: Timestamp {
        let missing = max(0, rate.spanMilliseconds - fill)
        let count = Int64(rate.count)
        return filledAt + .milliseconds((missing + count - 1) / count)
    }

    private mutating func refill(now: Timestamp) {
        // A wall clock that was set back fills nothing for the step itself; from then on the new time counts.
        defer { filledAt = now }
        guard now > filledAt else { return }
        let capacity = Self.capacity(of: rate)
        let timeToFill = capacity / Int64(rate.count) + 1
        let elapsed = min((now - filledAt).wholeMilliseconds, timeToFill)
        fill = min(fill + elapsed * Int64(rate.count), capacity)
    }

    private static func capacity(of rate: RateLimit) -> Int64 {
        Int64(rate.burst) * rate.spanMilliseconds
    }
}
