package import RingbackCore

/// Allows a steady rate of requests with bursts of one second's worth.
package struct TokenBucket: Sendable, Hashable {
    /// Above zero.
    package let perSecond: Double
    private var tokens: Double
    private var filledAt: Moment

    /// The slowest rate: one request in 1,000 seconds.
    package static let slowestRate = 0.001

    package init(perSecond: Double, now: Moment) {
        self.perSecond = max(perSecond, Self.slowestRate)
        tokens = max(self.perSecond, 1)
        filledAt = now
    }

    /// Takes one token, if there is one.
    ///
    /// - Returns: `now` when the token was taken; else, with nothing taken, when the next one will be there.
    package mutating func reserve(_ now: Moment) -> Moment {
        fill(now)
        guard tokens >= 1 else { return now + max(.seconds((1 - tokens) / perSecond), Self.resolution) }
        tokens -= 1
        return now
    }

    /// Gives back a token that was not needed.
    package mutating func giveBack() {
        tokens = min(tokens + 1, capacity)
    }

    private mutating func fill(_ now: Moment) {
        guard now > filledAt else { return }
        tokens = min(tokens + (now - filledAt).inSeconds * perSecond, capacity)
        filledAt = now
    }

    private var capacity: Double { max(perSecond, 1) }

    /// Rounding may leave a hair missing at the promised moment; the next look is then this much later, never at once.
    private static let resolution: Duration = .microseconds(100)
}
