import RingbackCore

/// The whole life of one response, decided at its creation: which event comes when. Pure; a cancel shortens it.
struct Timeline: Sendable {
    /// What happens at one moment, besides the texts that every event has.
    enum Step: Sendable, Hashable {
        case queued
        case created
        case inProgress
        case itemAdded
        case partAdded
        case delta(Range<Int>)
        case textDone
        case partDone
        case itemDone
        case end(TerminalStatus)
    }

    struct Entry: Sendable, Hashable {
        let offset: Duration
        let step: Step
    }

    /// In order; the index is the `sequence_number`.
    private(set) var entries: [Entry]

    /// A response has at most so many deltas, however short its interval: a script cannot ask for memory without bound.
    static let maximumDeltas = 100_000

    /// - Parameter opening: What happens at the creation.
    init(script: Script, opening: [Step] = [.queued, .created]) {
        let start = min(script.duration / 10, .milliseconds(300))
        entries = opening.map { Entry(offset: .zero, step: $0) }
        entries += [Step.inProgress, .itemAdded, .partAdded].map { Entry(offset: start, step: $0) }
        let stall = script.stall ?? .zero
        let deltas = Self.deltaCount(script, from: start)
        for index in 0..<deltas {
            let offset = start + script.deltaInterval * index + (index > 0 ? stall : .zero)
            let piece = (index * script.outputBytes / deltas)..<((index + 1) * script.outputBytes / deltas)
            entries.append(Entry(offset: offset, step: .delta(piece)))
        }
        let end = script.duration + stall
        if script.outcome == .completed {
            entries += [Step.textDone, .partDone, .itemDone].map { Entry(offset: end, step: $0) }
        }
        entries.append(Entry(offset: end, step: .end(script.outcome)))
    }

    private static func deltaCount(_ script: Script, from start: Duration) -> Int {
        let room = (script.duration - start) / script.deltaInterval
        return max(1, min(Int(room.rounded(.up)), maximumDeltas, max(script.outputBytes, 1)))
    }

    /// Ends the response now instead of later.
    ///
    /// - Returns: `false` when it has ended already; nothing changes then.
    mutating func cancel(at offset: Duration) -> Bool {
        guard end(at: offset) == nil else { return false }
        entries.removeAll { $0.offset > offset }
        entries.append(Entry(offset: offset, step: .end(.cancelled)))
        return true
    }

    /// How many events have happened by then.
    func eventCount(at offset: Duration) -> Int {
        // Entries are sorted by their offsets: binary search, since a long response is asked this often.
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].offset <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The terminal status, once there is one.
    func end(at offset: Duration) -> TerminalStatus? {
        guard let last = entries.last, last.offset <= offset, case .end(let status) = last.step else { return nil }
        return status
    }

    /// How much of the output text exists by then.
    func outputBytes(at offset: Duration) -> Int {
        for entry in entries[..<eventCount(at: offset)].reversed() {
            if case .delta(let piece) = entry.step { return piece.upperBound }
        }
        return 0
    }
}
