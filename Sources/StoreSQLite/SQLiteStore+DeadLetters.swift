import Foundation
import GRDB
package import RingbackCore
package import Store

// Dead letters.
extension SQLiteStore {
    package func deadLetters(_ filter: DeadLetterFilter, page: PageRequest) async throws(StoreError) -> Page<Delivery> {
        let conditions = try prepared { try filter.arguments }
        return try await read { database in
            let rows = try database.rows(
                DeadLetterListing.page, conditions + [page.cursor?.createdAt, page.cursor?.id, page.limit + 1]
            )
            return Page(rows: try rows.map { try DeliveryRow($0).delivery }, limit: page.limit) { ($0.createdAt, $0.id.rawValue) }
        }
    }

    package func redrive(
        _ filter: DeadLetterFilter, dryRun: Bool, now: Timestamp
    ) async throws(StoreError) -> (matched: Int, redriven: Int) {
        let conditions = try prepared { try filter.arguments }
        guard !dryRun else { return (try await read { try $0.count(DeadLetterListing.count, conditions) }, 0) }
        // The list is made once: a letter that dies again meanwhile is not driven round in circles.
        let matching = try await read { try Int64.fetchAll($0.cachedStatement(sql: DeadLetterListing.matching), arguments: conditions) }
        let endpoints = try await changeInPieces(matching) { database, piece in
            try piece.compactMap { try database.redrive($0, now: now) }
        }.joined()
        sendDue(Array(Set(endpoints)))
        return (matching.count, endpoints.count)
    }
}

extension Database {
    /// - Returns: The endpoint; `nil` when the delivery is not dead any more.
    fileprivate func redrive(_ seq: Int64, now: Timestamp) throws -> EndpointName? {
        guard var row = try deliveryRow(seq: seq), row.delivery.status == .dead else { return nil }
        row.delivery.startAnew(now: now)
        try update(row.delivery, seq: seq, isRetry: true)
        return row.delivery.endpoint
    }
}

extension DeadLetterFilter {
    /// ?1 to ?5 of the statements below.
    fileprivate var arguments: StatementArguments {
        get throws { [try ids.map { try StoredJSON.encode($0) }, endpoint, reason?.rawValue, since, until] }
    }
}

/// The statements about dead letters. All are answered from the index over the dead.
enum DeadLetterListing {
    private static let conditions = """
        deliveries.dead_reason IS NOT NULL AND (?1 IS NULL OR deliveries.id IN (SELECT value FROM json_each(?1)))
            AND (?2 IS NULL OR deliveries.endpoint = ?2) AND (?3 IS NULL OR deliveries.dead_reason = ?3)
            AND (?4 IS NULL OR deliveries.ended_at >= ?4) AND (?5 IS NULL OR deliveries.ended_at < ?5)
        """

    static let page = """
        \(DeliveryRow.select) WHERE \(conditions)
            AND (deliveries.created_at, deliveries.id) < (ifnull(?6, 9223372036854775807), ifnull(?7, ''))
        ORDER BY deliveries.created_at DESC, deliveries.id DESC LIMIT ?8
        """

    static let count = "SELECT count(*) FROM deliveries WHERE \(conditions)"

    /// Oldest first: what has waited longest is made due first.
    static let matching = "SELECT seq FROM deliveries WHERE \(conditions) ORDER BY created_at, id"
}
