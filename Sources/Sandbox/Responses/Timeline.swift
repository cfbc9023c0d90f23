import RingbackCore

/// The whole life of one response, decided at its creation: what happens when. Pure; a cancel shortens it.
struct Timeline: Sendable {
    /// What happens at one moment.
    enum Step: Sendable, Hashable {
        case queued
        case created
        case inProgress
        /// An event of the vendor's own.
        case extra(String)
        /// One round of the work is done, at vendors that tell so.
        case roundDone
        case itemAdded
        case partAdded
        case delta(Range<Int>)
        case textDone
        case partDone
        case itemDone
        case keepAlive
        /// The vendor restarts: streams break, and nothing more happens.
        case restart
        case end(TerminalStatus)

        /// Whether the response's status is another one afterwards.
        var changesStatus: Bool {
            switch self {
            case .inProgress, .end: true
            case .queued, .created, .extra, .roundDone, .itemAdded, .partAdded, .delta, .textDone, .partDone, .itemDone, .keepAlive,
                .restart:
                false
            }
        }
    }

    struct Entry: Sendable, Hashable {
        let offset: Duration
        let step: Step
    }

    /// In order.
    private(set) var entries: [Entry]

    /// A response has at most so many deltas, however short its interval: a script cannot ask for memory without bound.
    static let maximumDeltas = 100_000
    /// The same for keep-alives.
    static let maximumKeepAlives = 10_000

    init(script: Script, dialect: Dialect = .mka1, isBackground: Bool = true) {
        let start = min(script.duration / 10, .milliseconds(300))
        // Only background work waits in a queue.
        entries = dialect.streams.opening.filter { $0 != .queued || isBackground }.map { Entry(offset: .zero, step: $0) }
        entries.append(Entry(offset: start, step: .inProgress))
        entries += dialect.streams.extraEvents.map { Entry(offset: start, step: .extra($0)) }
        if dialect.streams.tellsRounds { entries += [.roundDone, .created].map { Entry(offset: start, step: $0) } }
        entries += [.itemAdded, .partAdded].map { Entry(offset: start, step: $0) }
        let stall = script.stall ?? .zero
        let deltas = Self.deltaCount(script, from: start)
        for index in 0..<deltas {
            let offset = start + script.deltaInterval * index + (index > 0 ? stall : .zero)
            let piece = (index * script.outputBytes / deltas)..<((index + 1) * script.outputBytes / deltas)
            entries.append(Entry(offset: offset, step: .delta(piece)))
        }
        let end = script.duration + stall
        let outcome = script.outcome == .incomplete && !dialect.objects.knowsIncomplete ? .completed : script.outcome
        if outcome == .completed { entries += [.textDone, .partDone, .itemDone].map { Entry(offset: end, step: $0) } }
        entries.append(Entry(offset: end, step: .end(outcome)))
        if let limit = dialect.longestRun { finish(at: limit, with: .end(.failed)) }
        if let restart = script.restartAfter, dialect.restart != .nothing { finish(at: restart, with: .restart) }
    }

    private static func deltaCount(_ script: Script, from start: Duration) -> Int {
        let room = (script.duration - start) / script.deltaInterval
        return max(1, min(Int(room.rounded(.up)), maximumDeltas, max(script.outputBytes, 1)))
    }

    /// Ends the response there, unless it has ended by then.
    ///
    /// - Returns: Whether it does end there.
    @discardableResult
    private mutating func finish(at offset: Duration, with last: Step) -> Bool {
        guard end(at: offset) == nil else { return false }
        entries.removeAll { $0.offset > offset }
        entries.append(Entry(offset: offset, step: last))
        return true
    }

    /// Ends the response now instead of later.
    ///
    /// - Returns: `false` when it has ended already; nothing changes then.
    mutating func cancel(at offset: Duration) -> Bool {
        finish(at: offset, with: .end(.cancelled))
    }

    /// What streams tell of this life; the index is the `sequence_number`.
    ///
    /// - Parameter keepAlive: After so long without an event there is a keep-alive.
    func told(withDeltas: Bool, keepAliveEvery keepAlive: Duration?) -> Timeline {
        var told = self
        if !withDeltas {
            told.entries.removeAll { if case .delta = $0.step { true } else { false } }
        }
        guard let keepAlive else { return told }
        var left = Self.maximumKeepAlives
        var filled: [Entry] = []
        for entry in told.entries {
            while let last = filled.last, entry.offset - last.offset > keepAlive, left > 0 {
                filled.append(Entry(offset: last.offset + keepAlive, step: .keepAlive))
                left -= 1
            }
            filled.append(entry)
        }
        told.entries = filled
        return told
    }

    /// How many entries have happened by then.
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

    func hasBegun(at offset: Duration) -> Bool {
        entries[..<eventCount(at: offset)].contains { $0.step == .inProgress }
    }

    /// When the response ends, if it does, and how.
    var end: (offset: Duration, status: TerminalStatus)? {
        guard let last = entries.last, case .end(let status) = last.step else { return nil }
        return (last.offset, status)
    }

    /// The terminal status, once there is one.
    func end(at offset: Duration) -> TerminalStatus? {
        guard let end, end.offset <= offset else { return nil }
        return end.status
    }

    /// Whether the vendor has restarted by then and no longer knows what it was doing.
    func isFrozen(at offset: Duration) -> Bool {
        entries.last.map { $0.step == .restart && $0.offset <= offset } ?? false
    }

    /// How much of the output text exists by then.
    func outputBytes(at offset: Duration) -> Int {
        for entry in entries[..<eventCount(at: offset)].reversed() {
            if case .delta(let piece) = entry.step { return piece.upperBound }
        }
        return 0
    }
}
