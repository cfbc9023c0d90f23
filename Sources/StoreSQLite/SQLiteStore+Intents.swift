import Foundation
import GRDB
package import RingbackCore
import Sealing
package import Store

// What the proxy has to remember beside watches.
extension SQLiteStore {
    package func open(_ intent: CreateIntent, by node: NodeID, atMost maximum: Int) async throws(StoreError) -> Bool {
        let row = try prepared { try IntentColumns(intent, sealer: sealer) }
        return try await change { database in
            try database.run(
                """
                INSERT INTO intents (id, node, upstream, created_at, streaming, facts, endpoints, secrets, body, trace)
                SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?11 WHERE (SELECT count(*) FROM intents) < ?10
                """,
                [
                    intent.id, node, intent.upstream, intent.createdAt, intent.isStreaming, row.facts, row.endpoints, row.secrets, row.body,
                    maximum, intent.trace?.text,
                ]
            ) == 1
        }
    }

    package func close(_ intent: IntentID) async throws(StoreError) {
        try await change { try $0.delete(intent) }
    }

    package func register(_ watch: NewWatch, resolving intent: IntentID, now: Timestamp) async throws(StoreError) -> Registration? {
        let definition = try prepared { try WatchDefinition(watch, sealer: sealer) }
        let registration = try await change { [sealer] database in
            try database.delete(intent) ? try database.register(definition, sealer: sealer, now: now) : nil
        }
        return registration.map(announced)
    }

    package func intents(of node: NodeID, now: Timestamp, limit: Int) async throws(StoreError) -> [CreateIntent] {
        try await read { [sealer] database in
            try database.rows(
                """
                SELECT id, upstream, created_at, streaming, facts, endpoints, secrets, body, trace FROM intents
                WHERE node = ?1 OR node NOT IN (SELECT id FROM nodes WHERE until > ?2)
                ORDER BY created_at, id LIMIT ?3
                """,
                [node, now, limit]
            ).map { try CreateIntent($0, sealer) }
        }
    }

    package func withholdResponse(of watch: WatchID) async throws(StoreError) {
        try await change { try $0.run("UPDATE watches SET withheld = 1 WHERE id = ?1", [watch]) }
    }

    package func isResponseWithheld(of watch: WatchID) async throws(StoreError) -> Bool {
        try await read { try $0.count("SELECT count(*) FROM watches WHERE id = ?1 AND withheld", [watch]) == 1 }
    }
}

extension Database {
    /// - Returns: Whether it was there.
    @discardableResult
    fileprivate func delete(_ intent: IntentID) throws -> Bool {
        try run("DELETE FROM intents WHERE id = ?1", [intent]) == 1
    }
}

/// An intent's parts as columns.
private struct IntentColumns {
    let facts: Data
    let endpoints: Data?
    let secrets: Data
    let body: Data?

    init(_ intent: CreateIntent, sealer: Sealer) throws {
        facts = try StoredJSON.encode(intent.facts)
        endpoints = try StoredJSON.encodeUnlessEmpty(intent.endpoints)
        let row = intent.id.rawValue
        secrets = sealer.seal(try StoredJSON.encode(StoredSecrets(intent)), .intentSecrets, of: row)
        body = intent.repetition.map { sealer.seal(Data($0.body), .intentBody, of: row) }
    }
}

/// What of an intent nobody may read.
private struct StoredSecrets: Codable {
    let callback: StoredCallback?
    let headers: [StoredHeader]
    let repeatedHeaders: [StoredHeader]
    let query: String?

    init(_ intent: CreateIntent) {
        callback = intent.callback.map { StoredCallback($0) }
        headers = intent.headers.map { StoredHeader($0) }
        repeatedHeaders = intent.repetition?.headers.map { StoredHeader($0) } ?? []
        query = intent.repetition?.query
    }
}

extension CreateIntent {
    fileprivate init(_ row: Row, _ sealer: Sealer) throws {
        var column = ColumnReader(row)
        let id: IntentID = try column.next()
        let upstream: UpstreamName = try column.next()
        let createdAt: Timestamp = try column.next()
        let isStreaming: Bool = try column.next()
        let facts = try StoredJSON.decode(CreateFacts.self, from: column.next())
        let endpoints = try StoredJSON.decodeList(of: EndpointName.self, from: column.next())
        let secrets = try StoredJSON.decode(
            StoredSecrets.self, from: sealer.open(column.next(), .intentSecrets, of: id.rawValue))
        let repetition = try column.next(Data?.self).map { sealed in
            CreateRepetition(
                headers: secrets.repeatedHeaders.map(\.header), query: secrets.query,
                body: Array(try sealer.open(sealed, .intentBody, of: id.rawValue))
            )
        }
        self.init(
            id: id, upstream: upstream, createdAt: createdAt, isStreaming: isStreaming, facts: facts, endpoints: endpoints,
            callback: secrets.callback?.callback, headers: secrets.headers.map(\.header), repetition: repetition,
            trace: try column.nextTrace()
        )
    }
}
