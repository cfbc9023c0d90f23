import Foundation
import GRDB
import Store

/// The file a store lives in: who may read it, whether it is ours, and how SQLite is to treat it.
struct StoreFile {
    /// Marks a SQLite file as Ringback's, in `PRAGMA application_id`: the letters "Ring".
    static let applicationID = 0x5269_6E67
    /// Connections that read beside the writer.
    static let maximumReaders = 4
    /// How long SQLite waits for a lock that another program holds, such as a backup or a sqlite3 shell.
    static let busyTimeout: TimeInterval = 5
    /// What the writer keeps of the file in memory. A full batch dirties some thousand pages; were they written before the commit to make
    /// room, many would be written twice.
    static let writerCacheKiB = 16 * 1024

    let path: String

    /// Makes the directory and the file when they are missing, readable for their owner only: the store holds signing secrets.
    func prepare() throws(StoreError) {
        let directory = (path as NSString).deletingLastPathComponent
        do {
            if !directory.isEmpty, !FileManager.default.fileExists(atPath: directory) {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700]
                )
            }
        } catch {
            throw .unusable("the directory '\(directory)' cannot be made: make it for Ringback's user, or choose another `store`")
        }
    }

    /// Opens the file with everything durability rests on, at the newest schema.
    func open() throws(StoreError) -> DatabasePool {
        do {
            try create()
            try checkIdentity()
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { try prepareWriter($0) }
            try Migrations.migrator.migrate(pool)
            _ = try pool.writeWithoutTransaction { try $0.makeShrinkable(always: false) }
            return pool
        } catch {
            throw explained(error)
        }
    }

    private func create() throws {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        // SQLite gives its WAL and shared-memory files the mode of the database file, so this is the only place where it is set.
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw StoreError.unusable("'\(path)' cannot be made: let Ringback's user write there, or choose another `store`")
        }
    }

    /// Refuses files of other programs and of newer versions before anything is written to them, even their journal mode.
    func checkIdentity() throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(Self.busyTimeout)
        let probe = try DatabaseQueue(path: path, configuration: configuration)
        let (application, version, objects) = try probe.read { database in
            (
                try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
                try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0,
                try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            )
        }
        try probe.close()
        let isEmpty = application == 0 && objects == 0
        guard isEmpty || application == Self.applicationID else {
            throw StoreError.unusable("'\(path)' is a SQLite database of another program: move it away, or choose another `store`")
        }
        guard version <= Migrations.newestVersion else {
            throw StoreError.unusable(
                "'\(path)' was written by a newer Ringback (schema \(version), this one knows \(Migrations.newestVersion)): "
                    + "start that version, or choose another `store`"
            )
        }
    }

    private var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "ringback.store"
        configuration.busyMode = .timeout(Self.busyTimeout)
        configuration.maximumReaderCount = Self.maximumReaders
        configuration.foreignKeysEnabled = true
        // GRDB ends the process when a block leaves a transaction open. A failing disk can make a rollback fail; that is no reason to die.
        configuration.allowsUnsafeTransactions = true
        return configuration
    }

    private func prepareWriter(_ database: Database) throws {
        // GRDB sets NORMAL, under which a commit may be lost with the power. FULL flushes the WAL on every commit.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        try database.execute(sql: "PRAGMA cache_size = \(-Self.writerCacheKiB)")
        try database.execute(sql: "PRAGMA journal_size_limit = \(Self.logLimit)")
        if try Int.fetchOne(database, sql: "PRAGMA application_id") != Self.applicationID {
            try database.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
        }
        guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2,
            try String.fetchOne(database, sql: "PRAGMA journal_mode") == "wal",
            try Bool.fetchOne(database, sql: "PRAGMA foreign_keys") == true
        else {
            throw StoreError.unusable("'\(path)' cannot be used with a write-ahead log: put the `store` on a local disk")
        }
    }

    func explained(_ error: any Error) -> StoreError {
        switch StoreError(error) {
        case .noSpace: .noSpace
        case .closed: .closed
        case .unusable(let detail): .unusable(detail.contains(path) ? detail : "'\(path)': \(detail)")
        case .unavailable(let detail): .unusable("'\(path)' cannot be opened: \(detail)")
        }
    }
}
