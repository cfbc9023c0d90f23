import GRDB

/// Hears from SQLite itself which rows a transaction changes, so that no statement can be forgotten, and tells the journal when it is on disk.
///
/// Belongs to the writer's connection, which calls it; what a rolled back savepoint changed never reaches it.
final class ChangeRecorder: TransactionObserver {
    /// Columns nobody is shown: a statement that sets nothing else changes nothing that is worth telling.
    private static let hiddenColumns: Set<String> = ["lease_node", "lease_epoch", "look_again_at", "withheld"]

    private let journal: ChangeJournal
    private var pending: [ChangeJournal.Entry] = []

    init(journal: ChangeJournal) {
        self.journal = journal
    }

    func observes(eventsOfKind kind: DatabaseEventKind) -> Bool {
        guard let table = ChangeJournal.Table(kind.tableName) else { return false }
        switch kind {
        case .insert: return true
        // An event is a fact: what changes about it later is how long its response is kept.
        case .update(_, let columns): return table != .events && !columns.isSubset(of: Self.hiddenColumns)
        // What retention deletes is nothing that happens; and a row that is gone cannot say whose it was.
        case .delete: return false
        }
    }

    func databaseDidChange(with event: DatabaseEvent) {
        guard let table = ChangeJournal.Table(event.tableName) else { return }
        pending.append(ChangeJournal.Entry(table: table, seq: event.rowID))
    }

    func databaseDidCommit(_ database: Database) {
        journal.append(pending)
        pending = []
    }

    func databaseDidRollback(_ database: Database) {
        pending = []
    }
}

extension ChangeJournal.Table {
    fileprivate init?(_ name: String) {
        switch name {
        case "watches": self = .watches
        case "events": self = .events
        case "deliveries": self = .deliveries
        default: return nil
        }
    }
}
