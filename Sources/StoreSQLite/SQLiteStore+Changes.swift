import GRDB
import RingbackCore
import Sealing
package import Store

// What changed, for those who show it live.
extension SQLiteStore {
    package var latestChange: ChangeMark { journal.latest }

    package func changes(after mark: ChangeMark, limit: Int) async throws(StoreError) -> ChangePage? {
        guard let (first, entries) = journal.entries(after: mark, limit: limit) else { return nil }
        var places: [ChangeJournal.Entry: Int64] = [:]
        for (offset, entry) in entries.enumerated() { places[entry] = first + Int64(offset) }
        let latest = places.sorted { $0.value < $1.value }
        let changes =
            latest.isEmpty
            ? []
            : try await read { [sealer, journal] database in
                try latest.compactMap { entry, number in
                    try database.object(entry, sealer).map { Change(mark: journal.mark(number), object: $0) }
                }
            }
        return ChangePage(changes: changes, reached: journal.mark(first - 1 + Int64(entries.count)))
    }

    package func changeSignals() -> AsyncStream<Void> { journal.signals() }
}

extension Database {
    /// - Returns: `nil` when the row was deleted since.
    fileprivate func object(_ entry: ChangeJournal.Entry, _ sealer: Sealer) throws -> Change.Object? {
        switch entry.table {
        case .watches:
            try row("SELECT \(WatchRow.columns) FROM watches WHERE seq = ?1", [entry.seq]).map { .watch(try WatchRow($0, sealer).watch) }
        case .events:
            try row("SELECT \(Event.columns) FROM events WHERE seq = ?1", [entry.seq]).map { row in
                var column = ColumnReader(row)
                return .event(try Event(&column))
            }
        case .deliveries:
            try deliveryRow(seq: entry.seq).map { .delivery($0.delivery) }
        }
    }
}
