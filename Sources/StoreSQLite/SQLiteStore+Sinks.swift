import Foundation
import GRDB
package import RingbackCore
package import Store

// What endpoints with a preset made in other systems.
extension SQLiteStore {
    package func sinkRecord(of watch: WatchID, at endpoint: EndpointName) async throws(StoreError) -> SinkRecord? {
        try await read { database in
            try database.row(
                """
                SELECT event, steps, captured FROM sink_records
                WHERE watch = (SELECT seq FROM watches WHERE id = ?1) AND endpoint = ?2
                """,
                [watch, endpoint]
            ).map { row in
                var column = ColumnReader(row)
                return SinkRecord(
                    endpoint: endpoint, watch: watch, event: try column.next(),
                    steps: try StoredJSON.decodeList(of: String.self, from: column.next()),
                    captured: try StoredJSON.decode([String: String].self, from: column.next()))
            }
        }
    }

    package func keep(_ record: SinkRecord, now: Timestamp) async throws(StoreError) {
        let (steps, captured) = try prepared {
            (try StoredJSON.encodeUnlessEmpty(record.steps), try StoredJSON.encode(record.captured))
        }
        try await change { database in
            try database.run(
                """
                INSERT OR REPLACE INTO sink_records (endpoint, watch, event, steps, captured, updated_at)
                SELECT ?1, seq, ?3, ?4, ?5, ?6 FROM watches WHERE id = ?2
                """,
                [record.endpoint, record.watch, record.event, steps, captured, now]
            )
        }
    }
}
