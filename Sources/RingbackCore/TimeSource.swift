/// A point on the process's own monotonic clock, in nanoseconds since some fixed start. Never stored.
package struct Moment: Sendable, Hashable, Comparable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static let distantFuture = Moment(nanoseconds: .max)

    package static func < (left: Moment, right: Moment) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The moment `duration` later; saturates at ``distantFuture``.
    package static func + (left: Moment, duration: Duration) -> Moment {
        let (seconds, attoseconds) = duration.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carried) = left.nanoseconds.addingReportingOverflow(scaled &+ attoseconds / 1_000_000_000)
        return overflow || carried ? (duration > .zero ? .distantFuture : Moment(nanoseconds: .min)) : Moment(nanoseconds: sum)
    }

    package static func - (left: Moment, earlier: Moment) -> Duration {
        .nanoseconds(left.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds).partialValue)
    }
}

/// The only clock anything below the composition root knows: tests move it by hand.
package protocol TimeSource: Sendable {
    /// Monotonic time, for deadlines and measured durations.
    var now: Moment { get }

    /// Wall-clock time, for what is stored, signed or shown.
    var wallNow: Timestamp { get }

    /// Suspends until `deadline` has passed.
    ///
    /// - Throws: `CancellationError` at once when the task is cancelled.
    func sleep(until deadline: Moment) async throws
}

/// The machine's clocks.
package struct SystemTime: TimeSource {
    private let start = ContinuousClock().now

    package init() {}

    package var now: Moment {
        Moment(nanoseconds: 0) + start.duration(to: ContinuousClock().now)
    }

    package var wallNow: Timestamp {
        Timestamp(milliseconds: WallClock.milliseconds())
    }

    package func sleep(until deadline: Moment) async throws {
        try await Task.sleep(until: start.advanced(by: deadline - Moment(nanoseconds: 0)), clock: .continuous)
    }
}
