import GRDB
package import RingbackCore
package import Store

// Retention.
extension SQLiteStore {
    /// As long as a dead letter may be redriven, the response it needs is kept. The watch outlives its response, so that whoever asks for the
    /// response hears what became of it.
    package func purge(
        deliveredBefore: Timestamp, deadBefore: Timestamp, responsesBefore: Timestamp, watchesBefore: Timestamp, limit: Int
    ) async throws(StoreError) -> Bool {
        let size = min(max(limit, 1), Self.rowsPerChange)
        let ends: [(Delivery.Status, Timestamp)] = [(.delivered, deliveredBefore), (.dead, deadBefore), (.abandoned, deadBefore)]
        var isMore = false
        for (status, before) in ends {
            isMore = try await change { try $0.run(Purging.deliveries, [status, before, size]) } == size || isMore
        }
        let kinds = [
            (Purging.oldResponses, responsesBefore, [Purging.deleteResponse, Purging.noteExpiry]),
            (Purging.oldWatches, watchesBefore, [Purging.deleteWatch]),
            (Purging.oldEvents, watchesBefore, [Purging.deleteEvent]),
        ]
        for (candidates, before, deletions) in kinds {
            // A long search, when many old watches still have dead letters, is made beside the writer; it looks again before it deletes.
            let old = try await read { try Int64.fetchAll($0.cachedStatement(sql: candidates), arguments: [before, size]) }
            guard !old.isEmpty else { continue }
            try await change { database in
                for seq in old {
                    for deletion in deletions { try database.run(deletion, [seq]) }
                }
            }
            isMore = old.count == size || isMore
        }
        return isMore
    }
}

/// The statements of retention. Attempts go with their delivery, events and responses with their watch, by the schema's cascades.
enum Purging {
    static let deliveries = """
        DELETE FROM deliveries
        WHERE seq IN (SELECT seq FROM deliveries WHERE status = ?1 AND ended_at < ?2 ORDER BY ended_at LIMIT ?3)
        """

    /// A delivery that is delivered needs its response no more; every other one may be tried, or tried again.
    static let oldResponses = """
        SELECT seq FROM events WHERE response_state = 0 AND created_at < ?1
            AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = events.seq AND deliveries.status <> 2)
        ORDER BY created_at LIMIT ?2
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
        SELECT seq FROM watches WHERE terminal_at < ?1
            AND NOT EXISTS (SELECT 1 FROM events JOIN deliveries ON deliveries.event = events.seq WHERE events.watch = watches.seq)
        ORDER BY terminal_at LIMIT ?2
        """

    /// The watch may have been reopened, or an event resent, since it was found.
    static let deleteWatch = """
        DELETE FROM watches WHERE seq = ?1 AND terminal_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM events JOIN deliveries ON deliveries.event = events.seq WHERE events.watch = watches.seq)
        """

    static let oldEvents = """
        SELECT seq FROM events WHERE watch IS NULL AND created_at < ?1
            AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = events.seq)
        ORDER BY created_at LIMIT ?2
        """

    static let deleteEvent = """
        DELETE FROM events WHERE seq = ?1 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = events.seq)
        """
}
