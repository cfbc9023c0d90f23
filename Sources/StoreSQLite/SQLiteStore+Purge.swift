import GRDB
package import RingbackCore
package import Store

// Retention.
extension SQLiteStore {
    /// Works in changes of about a millisecond, between which other changes get their turn; when nothing is left to delete, the file gives back
    /// what it does not use.
    ///
    /// As long as a dead letter may be redriven, the response it needs is kept. The watch outlives its response, so that whoever asks for the
    /// response hears what became of it.
    package func purge(
        deliveredBefore: Timestamp, deadBefore: Timestamp, responsesBefore: Timestamp, watchesBefore: Timestamp, limit: Int
    ) async throws(StoreError) -> Bool {
        let size = min(max(limit, 1), Self.rowsPerChange)
        let kinds: [(Retired, StatementArguments)] = [
            (.delivery, [Delivery.Status.delivered, deliveredBefore]), (.delivery, [Delivery.Status.dead, deadBefore]),
            (.delivery, [Delivery.Status.abandoned, deadBefore]), (.response, [nil, responsesBefore]), (.watch, [nil, watchesBefore]),
            (.event, [nil, watchesBefore]),
        ]
        var isMore = false
        for (kind, bounds) in kinds {
            // A long search, when many old watches still have dead letters, is made beside the writer; it looks again before it deletes.
            let old = try await read { database in
                try database.rows(kind.candidates, bounds + [size]).map { row in
                    var column = ColumnReader(row)
                    return Candidate(seq: try column.next(), weight: try column.next())
                }
            }
            for piece in old.inPieces() {
                try await change { database in
                    for seq in piece {
                        for deletion in kind.deletions { try database.run(deletion, [seq]) }
                    }
                }
            }
            isMore = old.count == size || isMore
        }
        if isMore { return true }
        return try await shrinkAStep()
    }
}

/// What retention takes away, one kind after the other.
private enum Retired: Sendable {
    case delivery
    case response
    case watch
    case event

    /// ?1 is a status, where one counts, ?2 the time, ?3 the limit.
    var candidates: String {
        switch self {
        case .delivery: Purging.oldDeliveries
        case .response: Purging.oldResponses
        case .watch: Purging.oldWatches
        case .event: Purging.oldEvents
        }
    }

    var deletions: [String] {
        switch self {
        case .delivery: [Purging.deleteDelivery]
        case .response: [Purging.deleteResponse, Purging.noteExpiry]
        case .watch: [Purging.deleteWatch]
        case .event: [Purging.deleteEvent]
        }
    }
}

/// A row that may go, and how many bytes go with it beside what every row has.
private struct Candidate: Sendable {
    let seq: Int64
    let weight: Int
}

extension [Candidate] {
    /// Bytes that go in one change: SQLite visits each page of them.
    private static let weightPerChange = 1 << 20

    /// Pieces that do not keep the writer for more than about a millisecond. A single large response is a piece of its own.
    fileprivate func inPieces() -> [[Int64]] {
        var pieces: [[Int64]] = []
        var weight = 0
        for candidate in self {
            weight += candidate.weight
            if let last = pieces.indices.last, pieces[last].count < SQLiteStore.rowsPerBackgroundChange, weight <= Self.weightPerChange {
                pieces[last].append(candidate.seq)
            } else {
                pieces.append([candidate.seq])
                weight = candidate.weight
            }
        }
        return pieces
    }
}

/// The statements of retention. Attempts go with their delivery, events and responses with their watch, by the schema's cascades.
enum Purging {
    /// An attempt takes 1 KiB, unless its receiver says much.
    static let oldDeliveries = """
        SELECT seq, 1024 * min(attempts_in_all, 50) FROM deliveries WHERE status = ?1 AND ended_at < ?2 ORDER BY ended_at LIMIT ?3
        """

    /// The delivery may have been made due again since it was found.
    static let deleteDelivery = "DELETE FROM deliveries WHERE seq = ?1 AND ended_at IS NOT NULL"

    /// A delivery that is delivered needs its response no more; every other one may be tried, or tried again.
    static let oldResponses = """
        SELECT seq, response_size FROM events WHERE ?1 IS NULL AND response_state = 0 AND created_at < ?2
            AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = events.seq AND deliveries.status <> 2)
        ORDER BY created_at LIMIT ?3
        """

    /// A delivery may have been made due again since the response was found.
    static let deleteResponse = """
        DELETE FROM responses WHERE event = ?1
            AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = ?1 AND deliveries.status <> 2)
        """

    static let noteExpiry = """
        UPDATE events SET response_state = 2 WHERE seq = ?1 AND NOT EXISTS (SELECT 1 FROM responses WHERE event = ?1)
        """

    static let oldWatches = """
        SELECT seq, (SELECT ifnull(sum(response_size), 0) FROM events WHERE events.watch = watches.seq AND response_state = 0)
        FROM watches WHERE ?1 IS NULL AND terminal_at < ?2
            AND NOT EXISTS (SELECT 1 FROM events JOIN deliveries ON deliveries.event = events.seq WHERE events.watch = watches.seq)
        ORDER BY terminal_at LIMIT ?3
        """

    /// The watch may have been reopened, or an event resent, since it was found.
    static let deleteWatch = """
        DELETE FROM watches WHERE seq = ?1 AND terminal_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM events JOIN deliveries ON deliveries.event = events.seq WHERE events.watch = watches.seq)
        """

    static let oldEvents = """
        SELECT seq, 0 FROM events WHERE ?1 IS NULL AND watch IS NULL AND created_at < ?2
            AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = events.seq)
        ORDER BY created_at LIMIT ?3
        """

    static let deleteEvent = """
        DELETE FROM events WHERE seq = ?1 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = events.seq)
        """
}
