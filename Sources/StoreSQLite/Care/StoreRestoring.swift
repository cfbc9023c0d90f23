import Foundation
import GRDB
package import RingbackCore
package import Sealing
package import Store

/// Puts a backup in the place of a store, while nobody uses it.
package struct StoreRestoring: Sendable {
    package struct Outcome: Sendable, Hashable {
        /// Where the store is that was there before; `nil` when there was none.
        package let keptAs: String?
        package let bytes: Int
    }

    private let backup: String
    private let path: String
    private let keys: SealingKeys
    private let now: Timestamp

    /// - Parameter keys: Those the server will have.
    package init(backup: String, to path: String, keys: SealingKeys, now: Timestamp) {
        self.backup = backup
        self.path = path
        self.keys = keys
        self.now = now
    }

    /// Checks the backup through and through, then puts it in place. Blocks its thread.
    ///
    /// - Parameter replacing: Whether there may be a store already; it is kept under another name.
    package func run(replacing: Bool) throws(StoreError) -> Outcome {
        guard FileManager.default.fileExists(atPath: backup) else { throw .unusable("there is no file '\(backup)'") }
        try check()
        let file = StoreFile(path: path)
        try file.prepare()
        let lock = try StoreLock(storePath: path)
        defer { lock.release() }
        let isThere = FileManager.default.fileExists(atPath: path)
        guard replacing || !isThere else {
            throw .unusable("there is a store at '\(path)' already: use --force to put it aside")
        }
        let restored = path + ".restored"
        let bytes = try StoreCopy(of: backup, to: restored).run(replacing: true)
        // What is torn apart between these two steps is mended by doing it again: the store's place is empty then.
        let keptAs = isThere ? try putAside() : nil
        try removeLogs()
        try DurableFile.move(restored, to: path, replacing: false)
        return Outcome(keptAs: keptAs, bytes: bytes)
    }

    private func check() throws(StoreError) {
        let file = StoreFile(path: backup)
        do {
            let queue = try file.openReadOnly()
            let (damage, dangling, used) = try queue.read { database in
                let sentences = try String.fetchAll(database, sql: "PRAGMA integrity_check(3)").filter { $0 != "ok" }
                let isSealed = try database.tableExists("sealing_keys")
                let used = isSealed ? try Data.fetchAll(database, sql: "SELECT id FROM sealing_keys") : []
                return (sentences, try database.dangling(), used)
            }
            try queue.close()
            guard damage.isEmpty else { throw StoreError.unusable("'\(backup)' is damaged (\(damage[0])): take another backup") }
            guard dangling.isEmpty else {
                throw StoreError.unusable(
                    "'\(backup)' has rows that refer to nothing, in \(dangling.keys.sorted().joined(separator: ", "))")
            }
            // Without the key the server would not start.
            _ = try keys.existingSealer(sealedWith: used.compactMap { SealingKey.ID(bytes: $0) })
        } catch {
            throw file.explained(error)
        }
    }

    /// - Returns: The new name.
    private func putAside() throws(StoreError) -> String {
        // Folds in the log, where the store can be opened at all; a damaged one goes aside as it is, with its log.
        if let queue = try? DatabaseQueue(path: path) {
            _ = try? queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
            try? queue.close()
        }
        let time = now.rfc3339.prefix(19).filter { $0 != "-" && $0 != ":" }
        let aside = "\(path).before-restore-\(time)Z"
        if FileManager.default.fileExists(atPath: path + "-wal") {
            try DurableFile.move(path + "-wal", to: aside + "-wal", replacing: false)
        }
        try DurableFile.move(path, to: aside, replacing: false)
        return aside
    }

    /// A log that is left of a store that is not there any more must never be taken for that of the restored one.
    private func removeLogs() throws(StoreError) {
        for suffix in ["-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
            do {
                try FileManager.default.removeItem(atPath: path + suffix)
            } catch {
                throw .unusable("'\(path)\(suffix)' cannot be removed: do it by hand")
            }
        }
    }
}
