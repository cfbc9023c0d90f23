import Foundation
import GRDB
import Logging
import Sealing
import Store

/// Brings every secret in the file under the current key, before anybody uses the store: after an update from a version that kept them in
/// the clear, and after a change of the master key.
///
/// `sealing_keys` lists the keys that were used in the file; its empty id stands for text in the clear. A key is listed before it seals
/// anything and goes only when nothing is left that it sealed, so a sweep that is interrupted begins again at the next start and passes over
/// what is done.
struct SealingSweep {
    /// The id under which `sealing_keys` lists text in the clear.
    private static let clear = Data()
    /// Rows in one transaction.
    static let rowsPerPiece = 500

    let pool: DatabasePool
    let logger: Logger

    /// The keys that are needed to read what the file holds.
    func keysInUse() throws -> [SealingKey.ID] {
        try listed().compactMap { SealingKey.ID(bytes: $0) }
    }

    /// Seals anew what is in the clear or under another key than the sealer's current one, and leaves nothing of it behind.
    func run(with sealer: Sealer) throws {
        let current = Data(sealer.current.bytes)
        try pool.write { database in
            _ = try database.run("INSERT INTO sealing_keys (id) VALUES (?1) ON CONFLICT (id) DO NOTHING", [current])
        }
        let old = try listed().filter { $0 != current }
        guard !old.isEmpty else { return }
        logger.notice("Sealing the secrets in the store with the current key", metadata: ["sealing.key": "\(sealer.current)"])
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA secure_delete = ON") }
        var count = 0
        for column in SealedColumn.all { count += try sweep(column, sealer: sealer) }
        guard try wipe() else { return }
        try pool.write { database in
            for id in old { try database.run("DELETE FROM sealing_keys WHERE id = ?1", [id]) }
        }
        logger.notice("The secrets in the store are sealed with the current key", metadata: ["sealing.values": "\(count)"])
    }

    private func listed() throws -> [Data] {
        try pool.read { try Data.fetchAll($0, sql: "SELECT id FROM sealing_keys ORDER BY id") }
    }

    /// - Returns: How many values were sealed anew.
    private func sweep(_ column: SealedColumn, sealer: Sealer) throws -> Int {
        var count = 0
        var last: String? = ""
        while let start = last {
            let (changed, end) = try pool.write { try $0.reseal(column, after: start, limit: Self.rowsPerPiece, sealer: sealer) }
            count += changed
            last = end
        }
        return count
    }

    /// What was overwritten or deleted, now or long ago, lingers in unused parts of the file and in the write-ahead log. VACUUM writes the
    /// file anew from what is in use, and truncating the log after it leaves no other copy.
    ///
    /// - Returns: Whether it could be done. It needs room for a second file; without it the next start tries again.
    private func wipe() throws -> Bool {
        do {
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "VACUUM")
                try database.checkpoint(.truncate)
                // What is deleted from now on is sealed.
                try database.execute(sql: "PRAGMA secure_delete = OFF")
            }
            return true
        } catch let error as DatabaseError where StoreError(error) == .noSpace {
            logger.warning(
                "The disk has no room to write the store anew: remains of secrets may be in the file until a later start finds room",
                metadata: ["error": "\(StoreError(error))"])
            return false
        }
    }
}

extension Database {
    /// Seals the values of one column anew, for the rows that follow `start` in the order of their names.
    ///
    /// - Returns: How many were changed, and the last row looked at; `nil` when there are no more.
    fileprivate func reseal(_ column: SealedColumn, after start: String, limit: Int, sealer: Sealer) throws -> (Int, String?) {
        let select = """
            SELECT \(column.identity), \(column.column) FROM \(column.table)
            WHERE \(column.identity) > ?1 AND \(column.column) IS NOT NULL ORDER BY \(column.identity) LIMIT ?2
            """
        let update = "UPDATE \(column.table) SET \(column.column) = ?2 WHERE \(column.identity) = ?1"
        var changed = 0
        var last: String?
        for row in try rows(select, [start, limit]) {
            var reader = ColumnReader(row)
            let name: String = try reader.next()
            let value: Data = try reader.next()
            last = name
            guard !value.starts(with: sealer.currentHeader) else { continue }
            // Older versions wrote JSON text, which cannot be taken for a sealed value.
            let text = value.first == Sealer.version ? try sealer.open(value, column, of: name) : value
            try run(update, [name, sealer.seal(text, column, of: name)])
            changed += 1
        }
        return (changed, last)
    }
}
