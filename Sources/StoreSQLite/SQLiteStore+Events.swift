import GRDB
package import RingbackCore
package import Store

// Events that are not about watches, and looking at all of them.
extension SQLiteStore {
    package func record(_ event: Event, recipients: [Recipient], now: Timestamp) async throws(StoreError) -> RecordedEvent? {
        let written = try await change { [sealer] database in
            let context = try database.watchContext(of: event.watch, callbackBy: sealer)
            return try database.write(event, about: context, recipients: recipients, now: now)
        }
        sendDue(written?.waiting ?? [])
        return written?.recorded
    }

    package func event(_ id: EventID) async throws(StoreError) -> Event? {
        try await read { try $0.eventRow(id)?.event }
    }

    package func events(_ filter: EventFilter, page: PageRequest) async throws(StoreError) -> Page<Event> {
        try await read { database in
            let rows = try database.rows(
                EventListing.sql(for: filter),
                [filter.type, filter.watch, filter.response, page.cursor?.createdAt, page.cursor?.id, page.limit + 1]
            )
            let events = try rows.map { row in
                var column = ColumnReader(row)
                return try Event(&column)
            }
            return Page(rows: events, limit: page.limit) { ($0.createdAt, $0.id.rawValue) }
        }
    }

    package func response(of event: EventID) async throws(StoreError) -> [UInt8]? {
        try await read { database in
            let row = try database.row(
                "SELECT responses.body FROM events JOIN responses ON responses.event = events.seq WHERE events.id = ?1", [event]
            )
            guard let row else { return nil }
            var column = ColumnReader(row)
            return try column.nextBytes()
        }
    }

    /// A delivery that is being sent at this moment is left to whoever leases it: two must not send it at once.
    package func resend(_ event: EventID, to endpoint: EndpointName, now: Timestamp) async throws(StoreError) -> Delivery? {
        let delivery = try await change { database -> Delivery? in
            guard let row = try database.eventRow(event) else { return nil }
            try database.insertWaitingDelivery(of: row.event, seq: row.seq, for: endpoint, now: now)
            return try database.makeDue(DeliveryID(event: event, endpoint: endpoint), now: now)
        }
        if delivery?.status == .pending { send(.deliveriesDue([endpoint])) }
        return delivery
    }
}

extension Database {
    fileprivate func eventRow(_ id: EventID) throws -> (seq: Int64, event: Event)? {
        guard let row = try row("SELECT events.seq, \(Event.columns) FROM events WHERE events.id = ?1", [id]) else { return nil }
        var column = ColumnReader(row)
        return (try column.next(), try Event(&column))
    }

    fileprivate func makeDue(_ id: DeliveryID, now: Timestamp) throws -> Delivery? {
        guard var row = try deliveryRow(id) else { return nil }
        switch row.delivery.status {
        case .delivering: break
        case .pending:
            row.delivery.hurry(now: now)
            try update(row.delivery, seq: row.seq, isRetry: row.isRetry)
        case .delivered, .dead, .abandoned:
            row.delivery.startAnew(now: now)
            try update(row.delivery, seq: row.seq, isRetry: true)
        }
        return row.delivery
    }
}

/// The statements that list events, newest first. The arguments are the same for all.
enum EventListing {
    static func sql(for filter: EventFilter) -> String {
        if filter.watch != nil { return ofWatch }
        return filter.response != nil ? ofResponse : all
    }

    private static let olderThanCursor = """
        (events.created_at, events.id) < (ifnull(?4, 9223372036854775807), ifnull(?5, ''))
        """

    private static let newestFirst = "ORDER BY events.created_at DESC, events.id DESC LIMIT ?6"

    static let ofWatch = """
        SELECT \(Event.columns) FROM events
        WHERE events.watch = (SELECT seq FROM watches WHERE id = ?2) AND (?1 IS NULL OR events.type = ?1)
            AND (?3 IS NULL OR events.response_id = ?3) AND \(olderThanCursor) \(newestFirst)
        """

    static let ofResponse = """
        SELECT \(Event.columns) FROM watches JOIN events ON events.watch = watches.seq
        WHERE watches.response_id = ?3 AND (?1 IS NULL OR events.type = ?1) AND ?2 IS NULL AND \(olderThanCursor) \(newestFirst)
        """

    static let all = """
        SELECT \(Event.columns) FROM events
        WHERE (?1 IS NULL OR events.type = ?1) AND ?2 IS NULL AND ?3 IS NULL AND \(olderThanCursor) \(newestFirst)
        """
}
