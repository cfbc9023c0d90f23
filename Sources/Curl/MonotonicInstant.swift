import Glibc

/// A point on CLOCK_MONOTONIC, the clock that `epoll_wait` and libcurl measure by.
///
/// The loop reads it itself instead of being given one: sockets and their time limits keep real time, also in tests.
struct MonotonicInstant: Hashable, Comparable {
    let nanoseconds: Int64

    static func now() -> MonotonicInstant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Saturates some centuries from now.
    static func + (left: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
        return MonotonicInstant(nanoseconds: overflow ? .max : sum)
    }

    static func - (left: MonotonicInstant, earlier: MonotonicInstant) -> Duration {
        .nanoseconds(left.nanoseconds - earlier.nanoseconds)
    }

    /// Rounded up, so that who waits so long does not wake too early.
    func millisecondsFromNow() -> Int32 {
        let left = nanoseconds - MonotonicInstant.now().nanoseconds
        guard left > 0 else { return 0 }
        return Int32(clamping: (left - 1) / 1_000_000 + 1)
    }
}

extension Duration {
    var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }

    /// For libcurl's options in milliseconds, where 0 would mean "no limit": at least 1, at most 24 days.
    var curlMilliseconds: Int {
        Int(max(1, min(Int64(Int32.max), (clampedNanoseconds / 1_000_000))))
    }
}

/// The loop's own clock: read once per round, so that counting a received byte costs no system call.
final class LoopClock {
    private(set) var now = MonotonicInstant.now()

    func advance() {
        now = .now()
    }
}
