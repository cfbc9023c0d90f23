import GRDB
package import RingbackCore
package import Store

// Looking at deliveries, and deciding about single ones by hand.
extension SQLiteStore {
    package func delivery(_ id: DeliveryID) async throws(StoreError) -> Delivery? {
        try await read { try $0.deliveryRow(id)?.delivery }
    }

    package func deliveries(_ filter: DeliveryFilter, page: PageRequest) async throws(StoreError) -> Page<Delivery> {
        try await read { database in
            let rows = try database.rows(
                DeliveryListing.sql(for: filter),
                [
                    filter.status, filter.endpoint, filter.event, filter.response, page.cursor?.createdAt, page.cursor?.id, page.limit + 1,
                ]
            )
            return Page(rows: try rows.map { try DeliveryRow($0).delivery }, limit: page.limit) { ($0.createdAt, $0.id.rawValue) }
        }
    }

    package func retryDelivery(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> Delivery? {
        let delivery = try await change { database -> Delivery? in
            guard var row = try database.deliveryRow(id) else { return nil }
            switch row.delivery.status {
            case .pending:
                row.delivery.hurry(now: now)
                try database.update(row.delivery, seq: row.seq, isRetry: row.isRetry)
            case .dead, .abandoned:
                row.delivery.startAnew(now: now)
                // Among the retries, even though its schedule begins anew: a heap of redriven letters must not delay new ones.
                try database.update(row.delivery, seq: row.seq, isRetry: true)
            case .delivering, .delivered: break
            }
            return row.delivery
        }
        if let delivery, delivery.status == .pending { send(.deliveriesDue([delivery.endpoint])) }
        return delivery
    }

    package func abandonDelivery(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> Delivery? {
        try await change { database in
            guard var row = try database.deliveryRow(id) else { return nil }
            switch row.delivery.status {
            case .pending, .dead:
                row.delivery.abandon(now: now)
                try database.update(row.delivery, seq: row.seq, isRetry: row.isRetry)
            case .delivering, .delivered, .abandoned: break
            }
            return row.delivery
        }
    }
}

/// The statements that list deliveries, newest first. The arguments are the same for all; which statement is best depends on the filter.
enum DeliveryListing {
    static func sql(for filter: DeliveryFilter) -> String {
        if filter.event != nil { return ofEvent }
        if filter.response != nil { return ofResponse }
        return switch filter.status {
        case .pending: waiting
        case .delivering: underWay
        case .dead: dead
        case .delivered, .abandoned, nil: all
        }
    }

    private static let conditions = """
        (?1 IS NULL OR deliveries.status = ?1) AND (?2 IS NULL OR deliveries.endpoint = ?2) AND (?3 IS NULL OR events.id = ?3)
            AND (?4 IS NULL OR events.response_id = ?4)
        """

    private static let olderThanCursor = """
        (deliveries.created_at, deliveries.id) < (ifnull(?5, 9223372036854775807), ifnull(?6, ''))
        """

    private static let newestFirst = "ORDER BY deliveries.created_at DESC, deliveries.id DESC LIMIT ?7"

    static let ofEvent = """
        \(DeliveryRow.select)
        WHERE deliveries.event = (SELECT seq FROM events WHERE id = ?3) AND \(conditions) AND \(olderThanCursor) \(newestFirst)
        """

    static let ofResponse = """
        \(DeliveryRow.select)
        WHERE deliveries.event IN (
            SELECT events.seq FROM watches JOIN events ON events.watch = watches.seq WHERE watches.response_id = ?4
        ) AND \(conditions) AND \(olderThanCursor) \(newestFirst)
        """

    // What waits or is under way is little beside what has ended. Without the hint SQLite would go through all of them from the newest on,
    // because that spares it the sorting.

    static let waiting = """
        SELECT \(DeliveryRow.columns)
        FROM deliveries INDEXED BY deliveries_due JOIN events ON events.seq = deliveries.event
        WHERE deliveries.due_at IS NOT NULL AND \(conditions) AND \(olderThanCursor) \(newestFirst)
        """

    static let underWay = """
        SELECT \(DeliveryRow.columns)
        FROM deliveries INDEXED BY deliveries_leased JOIN events ON events.seq = deliveries.event
        WHERE deliveries.lease_until IS NOT NULL AND \(conditions) AND \(olderThanCursor) \(newestFirst)
        """

    static let dead = """
        \(DeliveryRow.select) WHERE deliveries.dead_reason IS NOT NULL AND \(conditions) AND \(olderThanCursor) \(newestFirst)
        """

    static let all = """
        \(DeliveryRow.select) WHERE \(conditions) AND \(olderThanCursor) \(newestFirst)
        """
}
