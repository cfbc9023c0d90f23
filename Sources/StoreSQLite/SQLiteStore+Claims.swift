import Foundation
import GRDB
package import RingbackCore
import Sealing
package import Store

// Working on deliveries under leases.
extension SQLiteStore {
    package func claimDeliveries(_ claim: DeliveryClaim) async throws(StoreError) -> [DeliveryJob] {
        try await change(in: .deliveries) { [sealer] database in
            var chosen: [Int64] = []
            for lane in claim.lanes where lane.limit > 0 {
                chosen += try database.due(lane, now: claim.now).chosen(
                    limit: lane.limit, reservedForRetries: lane.reservedForRetries, retryLimit: lane.retryLimit, firstLimit: lane.firstLimit
                )
            }
            return chosen.isEmpty ? [] : try database.lease(chosen, for: claim, sealer: sealer)
        }
    }

    package func nextDue() async throws(StoreError) -> [EndpointName: Timestamp] {
        try await read { database in
            var next: [EndpointName: Timestamp] = [:]
            for row in try database.rows(DeliveryClaiming.nextWaiting) + database.rows(DeliveryClaiming.nextLeaseEnds) {
                var column = ColumnReader(row)
                let endpoint: EndpointName = try column.next()
                let time: Timestamp = try column.next()
                next[endpoint] = min(next[endpoint] ?? time, time)
            }
            return next
        }
    }

    package func releaseDeliveries(_ deliveries: [(id: DeliveryID, lease: Lease)], dueAt: Timestamp) async throws(StoreError) {
        let now = wallNow
        try await changeInPieces(deliveries) { database, piece in
            for (id, lease) in piece {
                try database.run(
                    """
                    UPDATE deliveries SET status = ?4, due_at = ?5, lease_until = NULL, lease_node = NULL, updated_at = ?6
                    WHERE id = ?1 AND lease_node = ?2 AND lease_epoch = ?3 AND lease_until IS NOT NULL
                    """,
                    [id, lease.node, lease.epoch, Delivery.Status.pending, dueAt, now]
                )
            }
        }
    }

    package func pendingDeliveryCount() async throws(StoreError) -> Int {
        try await read { try $0.count("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL") }
    }
}

/// The statements of claiming deliveries. All are answered from the partial indexes over what waits and what is leased, which stay small
/// however many deliveries have ended.
enum DeliveryClaiming {
    static let dueOfKind = """
        SELECT seq, due_at FROM deliveries WHERE endpoint = ?1 AND is_retry = ?2 AND due_at <= ?3 ORDER BY due_at LIMIT ?4
        """

    /// A lease that ends now has ended: a sender that sleeps until then must find the delivery due when it wakes.
    static let leaseOver = """
        SELECT seq, lease_until, is_retry FROM deliveries WHERE endpoint = ?1 AND lease_until <= ?2 ORDER BY lease_until LIMIT ?3
        """

    static let take = """
        UPDATE deliveries SET status = ?2, due_at = NULL, lease_node = ?3, lease_until = ?4, lease_epoch = lease_epoch + 1, updated_at = ?5
        WHERE seq IN (SELECT value FROM json_each(?1))
        """

    /// What was taken, in the order in which it was chosen, with what its attempt needs to know of the watch.
    static let taken = """
        SELECT \(DeliveryRow.columns), watches.metadata, watches.callback, watches.trace
        FROM json_each(?1) AS chosen
        JOIN deliveries ON deliveries.seq = chosen.value
        JOIN events ON events.seq = deliveries.event
        LEFT JOIN watches ON watches.id = events.watch_id
        ORDER BY chosen.key
        """

    /// Goes from endpoint to endpoint: it costs some steps per endpoint, whereas a GROUP BY would read the whole backlog of a dead one.
    static let nextWaiting = """
        WITH RECURSIVE lanes (endpoint) AS (
            SELECT (SELECT endpoint FROM deliveries WHERE due_at IS NOT NULL ORDER BY endpoint LIMIT 1)
            UNION ALL
            SELECT (SELECT endpoint FROM deliveries WHERE due_at IS NOT NULL AND endpoint > lanes.endpoint ORDER BY endpoint LIMIT 1)
            FROM lanes WHERE endpoint IS NOT NULL
        ), waiting (endpoint, first, retry) AS (
            SELECT endpoint,
                (SELECT due_at FROM deliveries
                 WHERE endpoint = lanes.endpoint AND is_retry = 0 AND due_at IS NOT NULL ORDER BY due_at LIMIT 1),
                (SELECT due_at FROM deliveries
                 WHERE endpoint = lanes.endpoint AND is_retry = 1 AND due_at IS NOT NULL ORDER BY due_at LIMIT 1)
            FROM lanes WHERE endpoint IS NOT NULL
        )
        SELECT endpoint, min(ifnull(first, retry), ifnull(retry, first)) FROM waiting
        """

    static let nextLeaseEnds = """
        SELECT endpoint, min(lease_until) FROM deliveries WHERE lease_until IS NOT NULL GROUP BY endpoint
        """
}

extension Database {
    fileprivate func due(_ lane: DeliveryClaim.Lane, now: Timestamp) throws -> DueDeliveries {
        var due = DueDeliveries()
        for isRetry in [false, true] {
            for row in try rows(DeliveryClaiming.dueOfKind, [lane.endpoint, isRetry, now, isRetry ? lane.retryLimit : lane.firstLimit]) {
                var column = ColumnReader(row)
                due.add(try column.next(), dueAt: try column.next(), isRetry: isRetry)
            }
        }
        for row in try rows(DeliveryClaiming.leaseOver, [lane.endpoint, now, lane.limit]) {
            var column = ColumnReader(row)
            due.add(try column.next(), dueAt: try column.next(), isRetry: try column.next())
        }
        return due
    }

    /// One statement for all of them, and one to read them.
    fileprivate func lease(_ chosen: [Int64], for claim: DeliveryClaim, sealer: Sealer) throws -> [DeliveryJob] {
        let list = "[\(chosen.map(String.init).joined(separator: ","))]"
        try run(DeliveryClaiming.take, [list, Delivery.Status.delivering, claim.node, claim.until, claim.now])
        let jobs = try rows(DeliveryClaiming.taken, [list]).map { row in
            var column = ColumnReader(row)
            let taken = try DeliveryRow(&column)
            let metadata = try StoredJSON.metadata(from: column.next())
            let callback: Data? = try column.next()
            let isCallback = taken.delivery.endpoint.isCallback
            return DeliveryJob(
                delivery: taken.delivery, lease: Lease(node: claim.node, epoch: taken.leaseEpoch), leasedUntil: claim.until,
                isRetry: taken.isRetry, event: taken.event, response: nil, metadata: metadata,
                callback: isCallback ? try taken.event.watch.flatMap { try StoredJSON.callback(from: callback, of: $0, sealer) } : nil,
                trace: try column.nextTrace()
            )
        }
        guard jobs.count == chosen.count else { throw DamagedRow(detail: "a delivery has no event") }
        return jobs
    }
}
