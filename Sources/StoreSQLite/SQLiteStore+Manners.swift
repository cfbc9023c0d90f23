import GRDB
import RingbackCore
package import Store

// What was learned about upstreams.
extension SQLiteStore {
    package func rememberedManners() async throws(StoreError) -> [RememberedManners] {
        try await read { database in
            let rows = try database.rows(
                "SELECT upstream, base, name, value, since, tried_at, evidence FROM manners ORDER BY upstream, name")
            let learned = try rows.map { row in
                var column = ColumnReader(row)
                return (
                    upstream: try column.next(UpstreamName.self), base: try column.next(String.self),
                    manner: LearnedManner(
                        name: try column.next(), value: try column.next(), since: try column.next(), triedAt: try column.next(),
                        evidence: try column.next()
                    )
                )
            }
            return Dictionary(grouping: learned, by: \.upstream).values.map { rows in
                // All rows of an upstream are written together, so they agree about the base.
                RememberedManners(upstream: rows[0].upstream, base: rows[0].base, manners: rows.map(\.manner))
            }.sorted { $0.upstream < $1.upstream }
        }
    }

    package func remember(_ manners: RememberedManners) async throws(StoreError) {
        try await change { database in
            try database.run("DELETE FROM manners WHERE upstream = ?1", [manners.upstream])
            for manner in manners.manners {
                try database.run(
                    """
                    INSERT INTO manners (upstream, name, base, value, since, tried_at, evidence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                    """,
                    [manners.upstream, manner.name, manners.base, manner.value, manner.since, manner.triedAt, manner.evidence]
                )
            }
        }
    }
}
