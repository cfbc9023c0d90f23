package import RingbackCore

/// How fast one upstream is asked: its own intervals, and the waits every upstream shares.
///
/// All functions are pure. `dice` is a number from 0 up to 1 which the caller draws.
package struct WatchPace: Sendable, Hashable {
    package var pollInterval: Duration
    package var pollMaximumInterval: Duration
    /// No progress for so long: one notice.
    package var stalledAfter: Duration
    /// Between the polls that confirm an open stream.
    package var confirmInterval: Duration

    /// The least time between two polls that confirm an open stream.
    package static let shortestConfirmInterval: Duration = .seconds(300)
    /// While a stream lives but a GET says 404, the next GET comes this soon.
    package static let missingConfirmInterval: Duration = .seconds(30)
    /// So many streams in a row without one new event, and the watch is polled.
    package static let barrenStreamLimit = 3
    /// For so long a watch whose streams failed is polled before it tries a stream again.
    package static let streamAbstinence: Duration = .seconds(300)
    /// A watch opens its streams at least this far apart, however eventful they are: a server that replays everything and hangs up must
    /// not become a hot loop.
    package static let shortestStreamSpacing: Duration = .seconds(1)
    /// So many 404s in a row, after the grace, mean that the response is lost.
    package static let notFoundLimit = 3
    /// They are at least this far apart.
    package static let shortestNotFoundSpacing: Duration = .seconds(2)
    /// So many refused GETs (400 or 422), after the grace and without a word of the response between them, mean that it is lost …
    package static let refusalLimit: UInt8 = 10
    /// … if they go on for so long. Far longer than for a 404, which speaks of this response: a 400 may as well come from a gateway whose
    /// deployments are down, and what was called lost is not looked for again.
    package static let refusalPatience: Duration = .seconds(15 * 60)
    /// Whatever an upstream asks for, it is asked again after this long at the latest.
    package static let longestHeededDelay: Duration = .seconds(3600)
    /// Whatever an upstream asks for, it is not polled faster than this.
    package static let shortestHeededDelay: Duration = .milliseconds(100)
    /// When a watch is too old, one last GET has this long to say that the response has ended after all.
    package static let lastLookPatience: Duration = .seconds(120)
    /// A cancelled response is looked at once more after this long: some vendors complete it after all.
    package static let secondLookDelay: Duration = .seconds(300)
    /// While the upstream does not answer that look, it is tried again for so long.
    package static let secondLookPatience: Duration = .seconds(3600)
    /// For so long after a hint a failure in a stream may be one that a gateway made up because of a cancel.
    package static let cancelAftermath: Duration = .seconds(60)

    /// Hints hurry a watch at most this often: a hint costs its sender little, and must not become a way to have an upstream flooded.
    package static let shortestHintSpacing: Duration = .seconds(5)
    /// After a hint the next polls that confirm an open stream come sooner: a cancel may be accepted at once and take its time, and the
    /// stream may never tell. So many of them.
    package static let eagerConfirmationLimit: UInt8 = 4

    /// For watches that are parked: they ask nobody.
    static let parked = WatchPace(
        pollInterval: .seconds(30), pollMaximumInterval: .seconds(30), stalledAfter: .seconds(3600),
        confirmInterval: shortestConfirmInterval
    )

    private static let spread = 0.2

    package init(pollInterval: Duration, pollMaximumInterval: Duration, stalledAfter: Duration, confirmInterval: Duration) {
        self.pollInterval = pollInterval
        self.pollMaximumInterval = max(pollMaximumInterval, pollInterval)
        self.stalledAfter = stalledAfter
        self.confirmInterval = confirmInterval
    }

    package init(_ upstream: Upstream) {
        self.init(
            pollInterval: upstream.pollInterval, pollMaximumInterval: upstream.pollMaximumInterval, stalledAfter: upstream.stalledAfter,
            confirmInterval: Self.shortestConfirmInterval
        )
    }

    /// The wait before the next poll of a response that is still running, ± 20 %.
    ///
    /// | polls so far without a change | 0 | 1 | 2 | 3 | … |
    /// |---|---|---|---|---|---|
    /// | with 2 s to 30 s | 2 s | 3 s | 4.5 s | 6.75 s | at most 30 s |
    ///
    /// - Parameter hint: The upstream's own wish (`openai-poll-after-ms`). It takes the place of the interval, within bounds, and is
    ///   spread only towards later.
    package func pollDelay(afterPolls polls: Int, hint: Duration?, dice: Double) -> Duration {
        if let hint {
            return min(max(hint, Self.shortestHeededDelay), Self.longestHeededDelay) * (1 + Self.spread * dice)
        }
        return Self.spread(Self.growing(from: pollInterval, to: pollMaximumInterval, factor: 1.5, steps: polls), dice: dice)
    }

    /// The wait after the `failures`th failed request in a row (from 1): 1 s, doubling up to 60 s, ± 20 %.
    ///
    /// - Parameter retryAfter: The upstream's wish. It makes the wait longer, never shorter, and at most ``longestHeededDelay``.
    package static func failureDelay(afterFailures failures: Int, retryAfter: Duration? = nil, dice: Double) -> Duration {
        let delay = spread(growing(from: .seconds(1), to: .seconds(60), factor: 2, steps: failures - 1), dice: dice)
        return max(delay, min(retryAfter ?? .zero, longestHeededDelay))
    }

    /// How long no GET follows one whose answer had so many bytes and was too large to be held: such a response costs 256 KiB per second.
    ///
    /// At most five minutes, since vendors forget a response that has ended, some after ten.
    ///
    /// | 8 MiB | 33 MiB | 75 MiB and more |
    /// |---|---|---|
    /// | 32 s | 2 min 12 s | 5 min |
    package static func restAfter(bytes: Int) -> Duration {
        min(.seconds(Double(bytes) / (256 * 1024)), .seconds(300))
    }

    /// The wait after the `refusals`th 401 or 403 in a row (from 1): 30 s, doubling up to 5 min, ± 20 %.
    package static func unauthorizedDelay(afterRefusals refusals: Int, dice: Double) -> Duration {
        spread(growing(from: .seconds(30), to: .seconds(300), factor: 2, steps: refusals - 1), dice: dice)
    }

    /// The wait after a 404.
    package func notFoundDelay(dice: Double) -> Duration {
        max(Self.spread(pollInterval, dice: dice), Self.shortestNotFoundSpacing)
    }

    /// When the first poll confirms a fresh stream: half to one and a half intervals away, so that streams opened together part.
    package func firstConfirmDelay(dice: Double) -> Duration {
        confirmInterval * (0.5 + dice)
    }

    /// The time between two later polls that confirm a stream, ± 20 %.
    package func confirmDelay(dice: Double) -> Duration {
        Self.spread(confirmInterval, dice: dice)
    }

    /// The time between the polls that confirm a stream after a hint: 5 s, 15 s, 45 s, 135 s, ± 20 %, and never more than the usual.
    ///
    /// - Parameter left: How many of them are still to come, this one included: from ``eagerConfirmationLimit`` down to 1.
    package func eagerConfirmDelay(left: UInt8, dice: Double) -> Duration {
        let steps = Int(Self.eagerConfirmationLimit) - Int(left)
        return Self.spread(Self.growing(from: Self.shortestHintSpacing, to: confirmInterval, factor: 3, steps: steps), dice: dice)
    }

    /// `duration` ± 20 %.
    package static func spread(_ duration: Duration, dice: Double) -> Duration {
        duration * (1 - spread + 2 * spread * dice)
    }

    private static func growing(from first: Duration, to last: Duration, factor: Double, steps: Int) -> Duration {
        var grown = first
        for _ in 0..<max(steps, 0) where grown < last { grown = grown * factor }
        return min(grown, last)
    }
}
