import GRDB
package import RingbackCore
import Sealing
package import Store

// Following watches under leases.
extension SQLiteStore {
    /// A node's own watches are never given to it twice, even when its heartbeat is late: nobody else took them, so it still follows them.
    package func claimWatches(for node: NodeID, now: Timestamp, limit: Int) async throws(StoreError) -> [ClaimedWatch] {
        try await change { [sealer] database in
            var rows = try database.claimableWatches(for: node, now: now, limit: limit, sealer: sealer)
            if rows.count < limit { rows += try database.dueSecondLooks(for: node, now: now, limit: limit - rows.count, sealer: sealer) }
            return try rows.map { row in
                try database.run(WatchClaim.take, [row.seq, node])
                return ClaimedWatch(watch: row.watch, lease: Lease(node: node, epoch: row.leaseEpoch + 1))
            }
        }
    }

    package func saveProgress(_ progress: [WatchProgress], now: Timestamp) async throws(StoreError) {
        precondition(progress.allSatisfy { $0.status?.isOpen ?? true }, "a watch ends by an ending, not by progress")
        try await changeInPieces(progress) { database, piece in
            for step in piece {
                try database.run(
                    """
                    UPDATE watches SET status = ifnull(?4, status), following = ifnull(?5, following),
                        sequence_number = ifnull(?6, sequence_number), model = ifnull(?7, model), last_error = ifnull(?8, last_error),
                        updated_at = ?9
                    WHERE id = ?1 AND lease_node = ?2 AND lease_epoch = ?3 AND terminal_at IS NULL
                    """,
                    [
                        step.id, step.lease.node, step.lease.epoch, step.status, step.following?.rawValue, step.sequenceNumber, step.model,
                        step.lastError, now,
                    ]
                )
            }
        }
    }

    package func releaseWatches(_ watches: [(id: WatchID, lease: Lease)]) async throws(StoreError) {
        try await changeInPieces(watches) { database, piece in
            for (id, lease) in piece {
                // An ended watch has no holder but for its second look.
                try database.run(
                    "UPDATE watches SET lease_node = NULL WHERE id = ?1 AND lease_node = ?2 AND lease_epoch = ?3",
                    [id, lease.node, lease.epoch]
                )
            }
        }
    }

    package func closeSecondLooks(_ watches: [(id: WatchID, lease: Lease)]) async throws(StoreError) {
        try await changeInPieces(watches) { database, piece in
            for (id, lease) in piece {
                try database.run(
                    """
                    UPDATE watches SET look_again_at = NULL, lease_node = NULL
                    WHERE id = ?1 AND lease_node = ?2 AND lease_epoch = ?3 AND look_again_at IS NOT NULL
                    """,
                    [id, lease.node, lease.epoch]
                )
            }
        }
    }
}

/// The statements of claiming watches. Those for open ones rest on the index over open watches by holder and age.
enum WatchClaim {
    /// The nodes that hold open watches and are not alive. Goes from holder to holder, so that it costs a step per node and not per watch.
    static let deadHolders = """
        WITH RECURSIVE holders (node) AS (
            SELECT (SELECT lease_node FROM watches WHERE terminal_at IS NULL AND lease_node >= '' ORDER BY lease_node LIMIT 1)
            UNION ALL
            SELECT (
                SELECT lease_node FROM watches WHERE terminal_at IS NULL AND lease_node > holders.node ORDER BY lease_node LIMIT 1
            )
            FROM holders WHERE node IS NOT NULL
        )
        SELECT node FROM holders WHERE node IS NOT NULL AND node <> ?1 AND node NOT IN (SELECT id FROM nodes WHERE until > ?2)
        """

    static let heldByNobody = """
        SELECT \(WatchRow.columns) FROM watches WHERE terminal_at IS NULL AND lease_node IS NULL ORDER BY created_at LIMIT ?1
        """

    static let heldByOne = """
        SELECT \(WatchRow.columns) FROM watches WHERE terminal_at IS NULL AND lease_node = ?2 ORDER BY created_at LIMIT ?1
        """

    /// Few watches are cancelled, and fewer are due: whose holder is alive is looked up one by one.
    static let secondLooks = """
        SELECT \(WatchRow.columns) FROM watches
        WHERE look_again_at <= ?2 AND (
            lease_node IS NULL OR lease_node <> ?1 AND lease_node NOT IN (SELECT id FROM nodes WHERE until > ?2)
        )
        ORDER BY look_again_at LIMIT ?3
        """

    static let take = "UPDATE watches SET lease_node = ?2, lease_epoch = lease_epoch + 1 WHERE seq = ?1"
}

extension Database {
    fileprivate func claimableWatches(for node: NodeID, now: Timestamp, limit: Int, sealer: Sealer) throws -> [WatchRow] {
        var rows = try rows(WatchClaim.heldByNobody, [limit])
        let deadHolders = try self.rows(WatchClaim.deadHolders, [node, now])
        for holder in deadHolders {
            var column = ColumnReader(holder)
            rows += try self.rows(WatchClaim.heldByOne, [limit, try column.next(NodeID.self)])
        }
        let watches = try rows.map { try WatchRow($0, sealer) }
        guard !deadHolders.isEmpty else { return watches }
        return Array(watches.sorted { $0.watch.createdAt < $1.watch.createdAt }.prefix(limit))
    }

    fileprivate func dueSecondLooks(for node: NodeID, now: Timestamp, limit: Int, sealer: Sealer) throws -> [WatchRow] {
        try rows(WatchClaim.secondLooks, [node, now, limit]).map { try WatchRow($0, sealer) }
    }
}
