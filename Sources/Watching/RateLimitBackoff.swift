import RingbackCore

/// How a credential slows down when an upstream says 429, and how it recovers.
///
/// Each 429 raises a level. It sets the hold where the answer names none, and halves the rate: a hold alone would be followed by the same
/// flood. Calm time lowers the level again, so that the rate comes to rest just below what the upstream allows and is put to the test twice
/// a minute.
///
/// | level | 1 | 2 | 3 | 4 | 5 | 6 |
/// |---|---|---|---|---|---|---|
/// | hold without `Retry-After` | 1 s | 2 s | 4 s | 8 s | 16 s | 32 s |
/// | part of the configured rate | 1/2 | 1/4 | 1/8 | 1/16 | 1/32 | 1/64 |
struct RateLimitBackoff: Sendable, Hashable {
    static let highestLevel = 6
    /// Without a 429 for so long the level sinks by one.
    static let calm: Duration = .seconds(30)
    /// However long an upstream wants to be left alone, it is asked again after this long.
    static let longestHold: Duration = .seconds(3600)
    private static let firstHold: Duration = .seconds(1)
    private static let spread = 0.2

    private(set) var level = 0
    /// When the level rose or sank last.
    private var changedAt: Moment?
    /// When the level rose last: the answers to what was sent before are of the same flood.
    private var raisedAt: Moment?

    /// The part of the rate that is left.
    var factor: Double { 1 / Double(1 << level) }

    /// When the level sinks next; `nil` when it is as low as it can be.
    var sinksAt: Moment? { level > 0 ? changedAt.map { $0 + Self.calm } : nil }

    mutating func settle(_ now: Moment) {
        while let sinksAt, sinksAt <= now {
            level -= 1
            changedAt = sinksAt
        }
    }

    /// Takes in a 429.
    ///
    /// - Parameters:
    ///   - sentAt: When the request was sent that was answered so.
    ///   - dice: From 0 up to 1.
    /// - Returns: How long nobody is to ask; `nil` when the answer belongs to a flood that is being waited out already.
    mutating func limited(retryAfter: Duration?, sentAt: Moment, now: Moment, dice: Double) -> Duration? {
        settle(now)
        let isNew = raisedAt.map { sentAt >= $0 } ?? true
        if isNew {
            level = min(level + 1, Self.highestLevel)
            raisedAt = now
            changedAt = now
        }
        if let retryAfter { return min(max(retryAfter, .zero), Self.longestHold) }
        // Spread towards later: several nodes with one key must not come back together.
        return isNew ? Self.firstHold * Double(1 << (level - 1)) * (1 + Self.spread * dice) : nil
    }
}
