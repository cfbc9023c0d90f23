import GRDB
package import RingbackCore
package import Store

// Circuit breakers, as far as they outlive a process.
extension SQLiteStore {
    package func breakers() async throws(StoreError) -> [EndpointName: BreakerRecord] {
        try await read { database in
            var records: [EndpointName: BreakerRecord] = [:]
            for row in try database.rows(
                """
                SELECT name, open_until, since, waits, failing_since, failures, recovery_owed_since, reset_at, version FROM breakers
                """
            ) {
                var column = ColumnReader(row)
                records[try column.next()] = BreakerRecord(
                    openUntil: try column.next(), since: try column.next(), waits: try column.next(), failingSince: try column.next(),
                    failures: try column.next(), recoveryOwedSince: try column.next(), resetAt: try column.next(),
                    version: try column.next())
            }
            return records
        }
    }

    package func saveBreaker(_ record: BreakerRecord, of endpoint: EndpointName, now: Timestamp) async throws(StoreError) {
        try await change { database in
            try database.run(
                """
                INSERT INTO breakers (
                    name, open_until, since, waits, failing_since, failures, recovery_owed_since, reset_at, version, updated_at
                ) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                ON CONFLICT (name) DO UPDATE SET open_until = excluded.open_until, since = excluded.since, waits = excluded.waits,
                    failing_since = excluded.failing_since, failures = excluded.failures,
                    recovery_owed_since = excluded.recovery_owed_since, version = excluded.version, updated_at = excluded.updated_at
                WHERE breakers.reset_at IS excluded.reset_at AND breakers.version < excluded.version
                """,
                [
                    endpoint, record.openUntil, record.since, record.waits, record.failingSince, record.failures,
                    record.recoveryOwedSince, record.resetAt, record.version, now,
                ]
            )
        }
    }
}

extension Database {
    /// Closes a breaker and forgets its history. What it owes it still owes.
    func resetBreaker(_ name: EndpointName, now: Timestamp) throws {
        try run(
            """
            INSERT INTO breakers (name, reset_at, updated_at) VALUES (?1, ?2, ?2)
            ON CONFLICT (name) DO UPDATE SET open_until = NULL, since = NULL, waits = 0, failing_since = NULL, failures = 0,
                reset_at = max(?2, ifnull(reset_at, 0) + 1), updated_at = ?2
            """,
            [name, now]
        )
    }
}
