import Foundation
import GRDB
import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import StoreSQLite

@Suite("A SQLite store's file")
struct SQLiteFileTests {
    @Test("is flushed on every commit and written through a write-ahead log")
    func durability() async throws {
        try await withTemporaryDirectory { directory in
            let store = try openSQLite(in: directory)
            let (synchronous, journal, foreignKeys) = try await store.change { database in
                (
                    try database.count("PRAGMA synchronous"), try String.fetchOne(database, sql: "PRAGMA journal_mode"),
                    try database.count("PRAGMA foreign_keys")
                )
            }
            #expect(synchronous == 2, "2 is FULL")
            #expect(journal == "wal")
            #expect(foreignKeys == 1)
            await store.close()
        }
    }

    @Test("is made with its directories, for its owner's eyes only")
    func permissions() async throws {
        try await withTemporaryDirectory { directory in
            let made = directory.appending(path: "a/b")
            let store = try openSQLite(in: made)
            try await store.checkReadiness()
            func mode(_ path: String) throws -> Int? {
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            }
            #expect(try mode(made.path) == 0o700)
            for suffix in ["", "-wal", "-shm", ".lock", ".key"] {
                #expect(try mode(storePath(in: made) + suffix) == 0o600, "\(suffix)")
            }
            await store.close()
        }
    }

    @Test("lets only one opening in at a time, and says who is inside")
    func oneProcess() async throws {
        try await withTemporaryDirectory { directory in
            let store = try openSQLite(in: directory)
            let error = #expect(throws: StoreError.self) { try openSQLite(in: directory) }
            let text = "\(try #require(error))"
            #expect(text.contains("in use by another Ringback process (pid \(ProcessInfo.processInfo.processIdentifier))"))
            try await store.checkReadiness()
            await store.close()
            await (try openSQLite(in: directory)).close()
        }
    }

    @Test("recovers everything acknowledged from the files a killed process leaves")
    func killed() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openSQLite(in: directory, time: time)
            let scene = Scene(store: store, time: time)
            let event = try await scene.ended()
            // What a killed process leaves is what is on disk now: the store was not closed, so the log was not folded in.
            let left = directory.appending(path: "left")
            try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
            for suffix in ["", "-wal", ".key"] {
                try FileManager.default.copyItem(atPath: storePath(in: directory) + suffix, toPath: storePath(in: left) + suffix)
            }
            await store.close()

            let recovered = try openSQLite(in: left, time: time)
            #expect(try await recovered.event(event.id) == event)
            #expect(try await Scene(store: recovered, time: time).claim().count == 1)
            await recovered.close()
        }
    }

    @Test("is refused when it is not a SQLite database, and is left as it was", arguments: [2, 99, 512, 8192])
    func garbage(bytes: Int) async throws {
        try await withTemporaryDirectory { directory in
            let garbage = Data(repeating: 0x41, count: bytes)
            try garbage.write(to: URL(filePath: storePath(in: directory)))
            let error = #expect(throws: StoreError.self) { try openSQLite(in: directory) }
            #expect("\(try #require(error))".contains("is not a SQLite database"))
            #expect(try Data(contentsOf: URL(filePath: storePath(in: directory))) == garbage)
        }
    }

    @Test("is refused when it belongs to another program, and is left as it was")
    func foreign() async throws {
        try await withTemporaryDirectory { directory in
            let queue = try DatabaseQueue(path: storePath(in: directory))
            try await queue.write { try $0.execute(sql: "CREATE TABLE songs (title TEXT)") }
            try queue.close()
            let before = try Data(contentsOf: URL(filePath: storePath(in: directory)))
            let error = #expect(throws: StoreError.self) { try openSQLite(in: directory) }
            #expect("\(try #require(error))".contains("another program"))
            #expect(try Data(contentsOf: URL(filePath: storePath(in: directory))) == before)
        }
    }

    @Test("is refused when a newer version wrote it")
    func newer() async throws {
        try await withTemporaryDirectory { directory in
            await (try openSQLite(in: directory)).close()
            let queue = try DatabaseQueue(path: storePath(in: directory))
            try await queue.write { try $0.execute(sql: "PRAGMA user_version = 99") }
            try queue.close()
            let error = #expect(throws: StoreError.self) { try openSQLite(in: directory) }
            #expect("\(try #require(error))".contains("newer Ringback (schema 99"))
        }
    }

    @Test("cannot be in memory, nor in a place that cannot be made")
    func impossiblePlaces() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appending(path: "file")
            try Data().write(to: file)
            let folder = directory.appending(path: "folder")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for path in ["", ":memory:", file.appending(path: "below/ringback.db").path, folder.path] {
                let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path, time: ManualTime(), logger: quietLogger) }
                guard case .unusable = try #require(error) else {
                    Issue.record("'\(path)' was refused with the wrong error: \(String(describing: error))")
                    continue
                }
            }
        }
    }

    @Test("that is damaged fails a read with an error that says so, and harms nothing else")
    func damagedRow() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openSQLite(in: directory, time: time)
            let scene = Scene(store: store, time: time)
            for response in ["resp_1", "resp_2"] { _ = try await store.register(scene.request(response), now: scene.now) }
            try await store.change { database in
                try database.run("UPDATE watches SET following = 'nonsense' WHERE response_id = 'resp_1'")
            }
            await #expect(throws: StoreError.self) { try await store.watch(scene.request("resp_1").id) }
            #expect(try await store.watch(scene.request("resp_2").id) != nil)
            await store.close()
        }
    }
}
