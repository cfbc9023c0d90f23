import GRDB
package import RingbackCore
package import Store

// Sending past events to an endpoint after all.
extension SQLiteStore {
    package func replayCandidates(
        for endpoint: EndpointName, since: Timestamp, until: Timestamp, after cursor: PageCursor?, limit: Int
    ) async throws(StoreError) -> [ReplayCandidate] {
        try await read { [sealer] database in
            let rows = try database.rows(
                Replaying.candidates, [endpoint, since, until, cursor?.createdAt, cursor?.id, min(max(limit, 1), Self.rowsPerChange)])
            return try rows.map { row in
                var column = ColumnReader(row)
                let status: Delivery.Status? = try column.next()
                let event = try Event(&column)
                return ReplayCandidate(
                    event: event, watch: try event.watch.flatMap { try database.watchRow($0, sealer)?.watch }, status: status)
            }
        }
    }

    package func replay(
        _ events: [EventID], to endpoint: EndpointName, missingOnly: Bool, now: Timestamp
    ) async throws(StoreError) -> Int {
        let counts = try await changeInPieces(events, of: Self.rowsPerBackgroundChange) { database, piece in
            try piece.reduce(0) { count, event in
                try count
                    + database.run(
                        Replaying.makeDue, [DeliveryID(event: event, endpoint: endpoint), endpoint, now, event, missingOnly])
            }
        }
        let count = counts.reduce(0, +)
        if count > 0 { send(.retriesDue([endpoint])) }
        return count
    }
}

/// The statements of a replay.
enum Replaying {
    static let candidates = """
        SELECT (SELECT status FROM deliveries WHERE event = events.seq AND endpoint = ?1), \(Event.columns)
        FROM events
        WHERE events.created_at >= ?2 AND events.created_at < ?3
            AND (events.created_at, events.id) > (ifnull(?4, -9223372036854775808), ifnull(?5, ''))
        ORDER BY events.created_at, events.id LIMIT ?6
        """

    static let makeDue = """
        INSERT INTO deliveries (id, event, endpoint, status, is_retry, due_at, created_at, updated_at)
        SELECT ?1, seq, ?2, 0, 1, ?3, ?3, ?3 FROM events WHERE id = ?4
        ON CONFLICT (id) DO UPDATE SET status = 0, attempts = 0, is_retry = 1, due_at = ?3, ended_at = NULL, dead_reason = NULL,
            updated_at = ?3
        WHERE deliveries.status IN (3, 4) OR (deliveries.status = 2 AND NOT ?5)
        """
}
