import HeapModule
import RingbackCore

/// Deadlines, earliest first. A deadline that moves is entered anew; the old entry is recognized as stale when it comes up.
struct DeadlineQueue<Key: Sendable>: Sendable {
    private struct Entry: Comparable, Sendable {
        let moment: Moment
        let key: Key

        static func < (left: Entry, right: Entry) -> Bool { left.moment < right.moment }
        static func == (left: Entry, right: Entry) -> Bool { left.moment == right.moment }
    }

    private var heap = Heap<Entry>()

    var count: Int { heap.count }

    var earliest: Moment? { heap.min?.moment }

    mutating func insert(_ key: Key, at moment: Moment) {
        heap.insert(Entry(moment: moment, key: key))
    }

    /// Removes the earliest entry if it is due.
    mutating func popDue(_ now: Moment) -> (key: Key, moment: Moment)? {
        guard let first = heap.min, first.moment <= now else { return nil }
        heap.removeMin()
        return (first.key, first.moment)
    }

    /// Drops the stale entries in one sweep. Called when they may outnumber the live ones, it costs a constant per insertion.
    mutating func compact(keeping isLive: (Key, Moment) -> Bool) {
        heap = Heap(heap.unordered.filter { isLive($0.key, $0.moment) })
    }
}
