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
        _ filter: DeadLetterFilter, dryRun: Bool, after cursor: PageCursor?, limit: Int?, now: Timestamp
    ) async throws(StoreError) -> Redriven {
        let conditions = try prepared { try filter.arguments }
        guard !dryRun else { return Redriven(matched: try await read { try $0.count(DeadLetterListing.count, conditions) }) }
        var result = Redriven(next: cursor)
        while true {
            let size = min(Self.rowsPerBackgroundChange, (limit ?? .max) - result.matched)
            guard size > 0 else { return result }
            let after = result.next
            let (letters, endpoints) = try await considerately { () async throws(StoreError) in
                try await self.redrivePiece(of: size, after: after, conditions, now: now)
            }
            result.matched += letters.count
            result.redriven += endpoints.count
            result.next = letters.last?.place
            if !endpoints.isEmpty { send(.retriesDue(Array(Set(endpoints)))) }
            guard letters.count == size else {
                result.next = nil
                return result
            }
        }
    }
}

extension SQLiteStore {
    /// - Returns: The letters that were found, and the endpoints of those that are due now.
    private func redrivePiece(
        of size: Int, after cursor: PageCursor?, _ conditions: StatementArguments, now: Timestamp
    ) async throws(StoreError) -> ([FoundLetter], [EndpointName]) {
        let place: StatementArguments = [cursor?.createdAt, cursor?.id, size]
        // The search is made beside the writer; what was found is looked at again before it is changed.
        let letters = try await read { database in
            try database.rows(DeadLetterListing.next, conditions + place).map { row in
                var column = ColumnReader(row)
                return FoundLetter(seq: try column.next(), place: PageCursor(createdAt: try column.next(), id: try column.next()))
            }
        }
        let endpoints = try await change { database in try letters.compactMap { try database.redrive($0.seq, now: now) } }
        return (letters, endpoints)
    }
}

/// A dead letter that is to be redriven, and its place in the list of all.
private struct FoundLetter: Sendable {
    let seq: Int64
    let place: PageCursor
}

extension Database {
    /// - Returns: The endpoint; `nil` when the delivery is not dead any more.
    fileprivate func redrive(_ seq: Int64, now: Timestamp) throws -> EndpointName? {
        guard let row = try row(DeadLetterListing.redrive, [seq, now]) else { return nil }
        var column = ColumnReader(row)
        return try column.next()
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
    static let next = """
        SELECT seq, created_at, id FROM deliveries WHERE \(conditions)
            AND (deliveries.created_at, deliveries.id) > (ifnull(?6, -9223372036854775808), ifnull(?7, ''))
        ORDER BY deliveries.created_at, deliveries.id LIMIT ?8
        """

    static let redrive = """
        UPDATE deliveries SET status = 0, attempts = 0, is_retry = 1, due_at = ?2, ended_at = NULL, dead_reason = NULL, updated_at = ?2
        WHERE seq = ?1 AND status = 3 RETURNING endpoint
        """
}
