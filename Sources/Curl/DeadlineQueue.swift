import HeapModule
import Transport

/// When to look at which transfer again. Pure: the caller brings the time.
///
/// Deadlines are never taken back: one that has become meaningless is recognised when it comes up, since its transfer is gone or waits
/// for another instant. A stream that receives a byte therefore changes nothing here.
struct DeadlineQueue {
    private struct Entry: Comparable {
        let instant: MonotonicInstant
        let transfer: TransferID

        static func < (left: Entry, right: Entry) -> Bool {
            left.instant < right.instant
        }
    }

    /// Deadlines are rounded up to this, so that those of many streams come up together.
    static let granularity: Int64 = 20_000_000

    private var entries = Heap<Entry>()

    /// The next instant at which ``popDue(at:)`` has something.
    var next: MonotonicInstant? { entries.min?.instant }

    /// - Returns: The instant at which the deadline comes up.
    mutating func add(_ transfer: TransferID, at instant: MonotonicInstant) -> MonotonicInstant {
        let (rounded, overflow) = ((instant.nanoseconds - 1) / Self.granularity + 1).multipliedReportingOverflow(by: Self.granularity)
        let instant = MonotonicInstant(nanoseconds: overflow ? .max : rounded)
        entries.insert(Entry(instant: instant, transfer: transfer))
        return instant
    }

    mutating func popDue(at now: MonotonicInstant) -> (transfer: TransferID, instant: MonotonicInstant)? {
        guard let first = entries.min, first.instant <= now else { return nil }
        entries.removeMin()
        return (first.transfer, first.instant)
    }

    mutating func removeAll() {
        entries = Heap()
    }
}
