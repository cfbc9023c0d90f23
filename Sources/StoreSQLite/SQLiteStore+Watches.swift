import GRDB
package import RingbackCore
import Sealing
package import Store

// Registering, looking at, and letting go of watches.
extension SQLiteStore {
    package func register(_ watch: NewWatch, now: Timestamp) async throws(StoreError) -> Registration {
        let definition = try prepared { try WatchDefinition(watch, sealer: sealer) }
        return announced(try await change { [sealer] in try $0.register(definition, sealer: sealer, now: now) })
    }

    /// Whoever looks for watches to follow hears of those there are new.
    func announced(_ registration: Registration) -> Registration {
        switch registration {
        case .created, .reopened: send(.watchesRegistered)
        case .existing, .conflicting: break
        }
        return registration
    }

    package func watch(_ id: WatchID) async throws(StoreError) -> Watch? {
        try await read { [sealer] in try $0.watchRow(id, sealer)?.watch }
    }

    package func watches(_ filter: WatchFilter, page: PageRequest) async throws(StoreError) -> Page<Watch> {
        try await read { [sealer] database in
            let rows = try database.rows(
                WatchListing.sql(for: filter),
                [filter.status, filter.upstream, filter.response, page.cursor?.createdAt, page.cursor?.id, page.limit + 1]
            )
            return Page(rows: try rows.map { try WatchRow($0, sealer).watch }, limit: page.limit) { ($0.createdAt, $0.id.rawValue) }
        }
    }

    package func stopWatch(_ id: WatchID, now: Timestamp) async throws(StoreError) -> Watch? {
        let (watch, stopped) = try await change { [sealer] database in
            let stopped = try database.run(
                """
                UPDATE watches SET status = ?2, following = ?3, terminal_at = ?4, updated_at = ?4, lease_node = NULL
                WHERE id = ?1 AND terminal_at IS NULL
                """,
                [id, WatchStatus.stopped, Watch.Following.none.rawValue, now]
            )
            return (try database.watchRow(id, sealer)?.watch, stopped == 1)
        }
        if stopped { send(.watchesStopped([id])) }
        return watch
    }

    package func response(of watch: WatchID) async throws(StoreError) -> [UInt8]? {
        try await read { database in
            let row = try database.row(
                """
                SELECT responses.body FROM watches
                JOIN events ON events.watch = watches.seq LEFT JOIN responses ON responses.event = events.seq
                WHERE watches.id = ?1 AND events.response_state IS NOT NULL ORDER BY events.seq DESC LIMIT 1
                """,
                [watch]
            )
            guard let row else { return nil }
            var column = ColumnReader(row)
            return try column.nextBytes()
        }
    }

    package func missingResponse(of watch: WatchID) async throws(StoreError) -> MissingResponse? {
        try await read { database in
            let row = try database.row(
                """
                SELECT events.response_state, events.response_size, events.response_limit FROM watches
                JOIN events ON events.watch = watches.seq
                WHERE watches.id = ?1 AND events.response_state IS NOT NULL ORDER BY events.seq DESC LIMIT 1
                """,
                [watch]
            )
            guard let row else { return nil }
            var column = ColumnReader(row)
            let state: ResponseState = try column.next()
            let size: Int = try column.next()
            switch state {
            case .kept: return nil
            case .oversized: return .oversized(OversizedResponse(size: size, limit: try column.next()))
            case .expired: return .expired(size: size)
            }
        }
    }

    package func openWatchCount() async throws(StoreError) -> Int {
        try await read { try $0.count("SELECT count(*) FROM watches WHERE terminal_at IS NULL") }
    }
}

extension Database {
    func register(_ definition: WatchDefinition, sealer: Sealer, now: Timestamp) throws -> Registration {
        try insert(definition, now: now) ?? registerAgain(definition, sealer: sealer, now: now)
    }

    /// - Returns: `nil` when the response is watched already.
    fileprivate func insert(_ definition: WatchDefinition, now: Timestamp) throws -> Registration? {
        let watch = definition.watch(createdAt: now)
        let inserted = try run(
            """
            INSERT INTO watches (id, upstream, response_id, status, following, created_at, updated_at, endpoints, callback, metadata,
                headers, max_age, model, created_streaming, trace)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (id) DO NOTHING
            """,
            [
                watch.id, watch.upstream, watch.response, watch.status, watch.following.rawValue, now, definition.endpoints,
                definition.callback, definition.metadata, definition.headers, watch.maximumAge?.wholeMilliseconds, watch.model,
                watch.createdStreaming, watch.trace?.text,
            ]
        )
        return inserted == 1 ? .created(watch) : nil
    }

    /// Decides about a registration of a response that is watched already.
    fileprivate func registerAgain(_ definition: WatchDefinition, sealer: Sealer, now: Timestamp) throws -> Registration {
        guard let row = try watchRow(definition.id, sealer) else {
            // The derived id and (upstream, response id) stand for each other, so one cannot be taken without the other.
            throw DamagedRow(detail: "a watch is kept under an id that is not derived from its response")
        }
        guard row.watch.status == .stopped else {
            return row.watch.agrees(with: definition.request) ? .existing(row.watch) : .conflicting(row.watch)
        }
        return .reopened(try reopen(row, as: definition, now: now))
    }

    private func reopen(_ row: WatchRow, as definition: WatchDefinition, now: Timestamp) throws -> Watch {
        let watch = definition.watch(createdAt: now)
        try run(
            """
            UPDATE watches SET status = ?2, following = ?3, sequence_number = NULL, created_at = ?4, updated_at = ?4, terminal_at = NULL,
                endpoints = ?5, callback = ?6, metadata = ?7, headers = ?8, max_age = ?9, model = ?10, usage = NULL, last_error = NULL,
                stalled = 0, lease_node = NULL, created_streaming = ?11,
                trace = ?12
            WHERE seq = ?1
            """,
            [
                row.seq, watch.status, watch.following.rawValue, now, definition.endpoints, definition.callback, definition.metadata,
                definition.headers, watch.maximumAge?.wholeMilliseconds, watch.model, watch.createdStreaming,
                watch.trace?.text,
            ]
        )
        return watch
    }
}

extension Watch {
    /// Whether a further registration asks for nothing else than this watch does. One that names nothing agrees with everything;
    /// the order of the endpoints means nothing.
    fileprivate func agrees(with request: NewWatch) -> Bool {
        if request.endpoints.isEmpty && request.callback == nil { return true }
        return Set(request.endpoints) == Set(endpoints) && request.callback == callback
    }
}

/// The statements that list watches, newest first. The arguments are the same for all.
enum WatchListing {
    static func sql(for filter: WatchFilter) -> String {
        if filter.response != nil { return ofResponse }
        return filter.status?.isOpen == true ? open : all
    }

    static let ofResponse = """
        SELECT \(WatchRow.columns) FROM watches
        WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR upstream = ?2) AND (?4 IS NULL OR (created_at, id) < (?4, ?5))
            AND response_id = ?3
        ORDER BY created_at DESC, id DESC LIMIT ?6
        """

    /// The hint keeps SQLite from going through all the ended watches in order to spare the sorting.
    static let open = """
        SELECT \(WatchRow.columns) FROM watches INDEXED BY watches_open
        WHERE status = ?1 AND (?2 IS NULL OR upstream = ?2) AND ?3 IS NULL AND (?4 IS NULL OR (created_at, id) < (?4, ?5))
            AND terminal_at IS NULL
        ORDER BY created_at DESC, id DESC LIMIT ?6
        """

    static let all = """
        SELECT \(WatchRow.columns) FROM watches
        WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR upstream = ?2) AND ?3 IS NULL
            AND (created_at, id) < (ifnull(?4, 9223372036854775807), ifnull(?5, ''))
        ORDER BY created_at DESC, id DESC LIMIT ?6
        """
}

extension Page {
    /// A page from one row more than it holds, which tells whether there is another one.
    init(rows: [Element], limit: Int, place: (Element) -> (Timestamp, String)) {
        let elements = Array(rows.prefix(limit))
        let cursor = rows.count > limit ? elements.last.map { PageCursor(createdAt: place($0).0, id: place($0).1) } : nil
        self.init(elements: elements, nextCursor: cursor)
    }
}
