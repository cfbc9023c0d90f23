import GRDB
package import RingbackCore
package import Store

// Retention.
extension SQLiteStore {
    /// An ended watch goes, with its events and its response, when no delivery refers to it any longer: as long as a dead letter may be
    /// redriven, the response it needs is kept.
    package func purge(
        deliveredBefore: Timestamp, deadBefore: Timestamp, responsesBefore: Timestamp, limit: Int
    ) async throws(StoreError) -> Bool {
        let size = min(max(limit, 1), Self.rowsPerChange)
        let ends: [(Delivery.Status, Timestamp)] = [(.delivered, deliveredBefore), (.dead, deadBefore), (.abandoned, deadBefore)]
        var isMore = false
        for (status, before) in ends {
            isMore = try await change { try $0.run(Purging.deliveries, [status, before, size]) } == size || isMore
        }
        for (candidates, deletion) in [(Purging.oldWatches, Purging.deleteWatch), (Purging.oldEvents, Purging.deleteEvent)] {
            // A long search, when many old watches still have dead letters, is made beside the writer; it looks again before it deletes.
            let old = try await read { try Int64.fetchAll($0.cachedStatement(sql: candidates), arguments: [responsesBefore, size]) }
            guard !old.isEmpty else { continue }
            try await change { database in
                for seq in old { try database.run(deletion, [seq]) }
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
