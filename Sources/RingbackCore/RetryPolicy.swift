/// When a failed delivery is tried again (contract, section 4, `retry`, and section 6).
package struct RetryPolicy: Sendable, Hashable {
    /// The waits after the first, second, … failed attempt. When they are used up the delivery is dead.
    ///
    /// | after attempt | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 |
    /// |---|---|---|---|---|---|---|---|---|---|---|
    /// | default wait | 5 s | 30 s | 5 min | 30 min | 2 h | 5 h | 10 h | 14 h | 20 h | 24 h |
    package var schedule: [Duration]
    /// Each wait is multiplied by a number from `1 - jitter` to `1 + jitter`; 0 to 1.
    package var jitter: Double

    /// How often a receiver may answer 4xx (408, 425 and 429 apart) before the delivery is dead.
    package static let maximumRejections = 3
    /// However late a `Retry-After` asks us to come, we come after this long at the latest.
    package static let maximumRetryAfter: Duration = .seconds(24 * 3600)

    package static let defaultSchedule: [Duration] = [
        .seconds(5), .seconds(30), .seconds(300), .seconds(1800), .seconds(7200),
        .seconds(18_000), .seconds(36_000), .seconds(50_400), .seconds(72_000), .seconds(86_400),
    ]

    package init(schedule: [Duration] = RetryPolicy.defaultSchedule, jitter: Double = 0.2) {
        self.schedule = schedule
        self.jitter = jitter
    }

    /// The wait after attempt number `attempt` (from 1) failed.
    ///
    /// - Parameters:
    ///   - jitter: From 0 up to 1, drawn by the caller, so that this function stays pure.
    ///   - retryAfter: The receiver's wish. It moves the next attempt later, never earlier, and at most ``maximumRetryAfter``.
    /// - Returns: `nil` when the schedule is used up.
    package func delay(afterAttempt attempt: Int, jitter dice: Double, retryAfter: Duration? = nil) -> Duration? {
        precondition(attempt >= 1, "attempts are counted from 1")
        guard attempt <= schedule.count else { return nil }
        let factor = 1 + jitter * (2 * dice - 1)
        let scheduled = Duration.milliseconds(Int64((schedule[attempt - 1].inSeconds * factor * 1000).rounded()))
        guard let retryAfter else { return scheduled }
        return max(scheduled, min(retryAfter, Self.maximumRetryAfter))
    }
}
