package import RingbackCore

/// Allows a steady rate of requests with small bursts.
///
/// In any stretch of time of length `t` at most `burst + t · perSecond` tokens are taken. A burst is a tenth of a second's worth, and at
/// least one: enough for a timer that is a little late, and too little for a vendor to call it a flood.
package struct TokenBucket: Sendable, Hashable {
    /// Above zero.
    package private(set) var perSecond: Double
    private var tokens: Double
    private var filledAt: Moment

    /// The slowest rate: one request in 1,000 seconds.
    package static let slowestRate = 0.001
    private static let burstLength = 0.1

    package init(perSecond: Double, now: Moment) {
        self.perSecond = max(perSecond, Self.slowestRate)
        tokens = Self.burst(perSecond: self.perSecond)
        filledAt = now
    }

    /// The most that can be taken at once.
    package var burst: Double { Self.burst(perSecond: perSecond) }

    package static func burst(perSecond: Double) -> Double { max(perSecond * burstLength, 1) }

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
        tokens = min(tokens + 1, burst)
    }

    /// Changes the rate from now on. What was saved up under the old one is no more than before.
    package mutating func setRate(_ perSecond: Double, now: Moment) {
        fill(now)
        self.perSecond = max(perSecond, Self.slowestRate)
        tokens = min(tokens, burst)
    }

    /// Leaves at most one token of what was saved up until `moment`: whoever was held goes on evenly.
    package mutating func calm(at moment: Moment) {
        fill(moment)
        tokens = min(tokens, 1)
    }

    private mutating func fill(_ now: Moment) {
        guard now > filledAt else { return }
        tokens = min(tokens + (now - filledAt).inSeconds * perSecond, burst)
        filledAt = now
    }

    /// Rounding may leave a hair missing at the promised moment; the next look is then this much later, never at once.
    private static let resolution: Duration = .microseconds(100)
}
