import Foundation
import GRDB
import RingbackCore
import RingbackTesting
import Sealing
import Store
import Testing

@testable import StoreSQLite

@Suite("Secrets in a SQLite store")
struct SealedSecretsTests {
    /// A store full of secrets, each of which must not be found in its files.
    private static let secrets = [
        "sk-client-key-0001", "whsec_Y2FsbGJhY2stc2VjcmV0LTAwMDE=", "callback-url-token", "callback-header-value",
        "whsec_ZW5kcG9pbnQtc2VjcmV0LTAwMDE=", "endpoint-url-token", "endpoint-header-value",
        "endpoint-hub-secret",
    ]

    private func request(_ scene: Scene, _ response: String = "resp_1") -> NewWatch {
        NewWatch(
            upstream: scene.upstream, response: ResponseID(trusted: response),
            callback: Callback(
                url: "https://app.example.com/done?token=callback-url-token", secret: Secret("whsec_Y2FsbGJhY2stc2VjcmV0LTAwMDE="),
                headers: [HeaderField("X-Key", Secret("callback-header-value"))]),
            headers: [HeaderField("Authorization", Secret("Bearer sk-client-key-0001"))]
        )
    }

    private let endpoint = Endpoint(
        name: EndpointName(trusted: "hooks"), origin: .api,
        target: .webhook(
            WebhookTarget(
                url: "https://app.example.com/hooks?token=endpoint-url-token",
                secrets: [SigningSecret(Secret("whsec_ZW5kcG9pbnQtc2VjcmV0LTAwMDE="), expiresAt: Timestamp(milliseconds: 5))],
                hubSecret: Secret("endpoint-hub-secret"),
                headers: [HeaderField("X-Key", Secret("endpoint-header-value"))]))
    )

    /// The names of the secrets found in the bytes of the store's files.
    private func found(in directory: URL) throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasPrefix("ringback.db") }
        let contents = try names.map { try Data(contentsOf: directory.appending(path: $0)) }
        return Self.secrets.filter { secret in contents.contains { $0.range(of: Data(secret.utf8)) != nil } }
    }

    /// Turns a closed store into what the version before sealing left: the same rows in the clear, in a file that knows nothing of keys.
    private func unseal(_ directory: URL, with key: SealingKey) throws {
        let sealer = Sealer(key: key)
        let queue = try DatabaseQueue(path: storePath(in: directory))
        try queue.inDatabase { database in
            for column in SealedColumn.all {
                let sql = "SELECT \(column.identity), \(column.column) FROM \(column.table) WHERE \(column.column) IS NOT NULL"
                for row in try Row.fetchAll(database, sql: sql) {
                    let text = try sealer.open(row[1], column, of: row[0])
                    try database.execute(
                        sql: "UPDATE \(column.table) SET \(column.column) = ? WHERE \(column.identity) = ?",
                        arguments: [text, row[0] as String])
                }
            }
            try database.execute(sql: "DROP TABLE sealing_keys")
            try database.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '2'")
            // Deleted rows leave their bytes in the file too.
            try database.execute(sql: "PRAGMA secure_delete = OFF")
            try database.execute(sql: "CREATE TABLE remains (text)")
            for _ in 0..<50 {
                try database.execute(sql: "INSERT INTO remains VALUES (?)", arguments: [Self.secrets.joined(separator: " ")])
            }
            try database.execute(sql: "DROP TABLE remains")
        }
        try queue.close()
    }

    private func fill(_ store: SQLiteStore, _ scene: Scene, watches: Int = 3) async throws {
        for number in 1...watches { _ = try await store.register(request(scene, "resp_\(number)"), now: scene.now) }
        #expect(try await store.addEndpoint(endpoint, now: scene.now))
    }

    private func expectEverything(in store: SQLiteStore, _ scene: Scene, watches: Int = 3) async throws {
        for number in 1...watches {
            let request = request(scene, "resp_\(number)")
            let watch = try #require(try await store.watch(request.id))
            #expect(watch.headers == request.headers)
            #expect(watch.callback == request.callback)
        }
        #expect(try await store.storedEndpoints() == [endpoint])
    }

    @Test("are in none of its files, while it is open and after it was closed")
    func atRest() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openSQLite(in: directory, time: time)
            let scene = Scene(store: store, time: time)
            try await fill(store, scene)
            _ = try await store.updateEndpoint(endpoint, now: scene.now)
            #expect(try found(in: directory) == [])
            await store.close()
            #expect(try found(in: directory) == [])

            let again = try openSQLite(in: directory, time: time)
            try await expectEverything(in: again, scene)
            await again.close()
        }
    }

    @Test("that an earlier version left in the clear are sealed when the store is opened, and nothing of them lingers")
    func upgrade() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            // More than one piece of the sweep.
            let watches = SealingSweep.rowsPerPiece + 20
            let key = SealingKey.random()
            var store = try SQLiteStore(
                path: storePath(in: directory), keys: SealingKeys(master: key, besideStore: storePath(in: directory)), time: time,
                logger: quietLogger)
            let scene = Scene(store: store, time: time)
            try await fill(store, scene, watches: watches)
            await store.close()
            try unseal(directory, with: key)
            #expect(try found(in: directory) == Self.secrets, "otherwise the test shows nothing")

            store = try openSQLite(in: directory, time: time)
            #expect(try found(in: directory) == [])
            try await expectEverything(in: store, scene, watches: watches)
            await store.close()
            #expect(try found(in: directory) == [])
        }
    }

    @Test("are sealed by the next start when the first one was interrupted anywhere")
    func interruptedUpgrade() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let key = SealingKey.random()
            let keys = SealingKeys(master: key, besideStore: storePath(in: directory))
            var store = try SQLiteStore(path: storePath(in: directory), keys: keys, time: time, logger: quietLogger)
            let scene = Scene(store: store, time: time)
            try await fill(store, scene)
            await store.close()
            try unseal(directory, with: key)
            // As a start leaves it that died after the first of several rows.
            let first = request(scene, "resp_2").id.rawValue
            let queue = try DatabaseQueue(path: storePath(in: directory))
            try await queue.write { database in
                try database.execute(sql: "CREATE TABLE sealing_keys (id BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID")
                try database.execute(sql: "INSERT INTO sealing_keys VALUES (x''), (?)", arguments: [Data(key.id.bytes)])
                try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('2')")
                let row = try Row.fetchOne(database, sql: "SELECT callback FROM watches WHERE id = ?", arguments: [first])
                let sealed = Sealer(key: key).seal(try #require(row?[0] as Data?), .watchCallback, of: first)
                try database.execute(sql: "UPDATE watches SET callback = ? WHERE id = ?", arguments: [sealed, first])
            }
            try queue.close()

            store = try SQLiteStore(path: storePath(in: directory), keys: keys, time: time, logger: quietLogger)
            try await expectEverything(in: store, scene)
            #expect(try found(in: directory) == [])
            await store.close()
        }
    }

    @Test("are sealed anew when the master key changes, after which the old key is needed no longer")
    func rotation() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let path = storePath(in: directory)
            let old = SealingKey.random()
            let new = SealingKey.random()
            func open(_ master: SealingKey, previous: [SealingKey] = []) throws -> SQLiteStore {
                let keys = SealingKeys(master: master, previous: previous, besideStore: path)
                return try SQLiteStore(path: path, keys: keys, time: time, logger: quietLogger)
            }
            var store = try open(old)
            let scene = Scene(store: store, time: time)
            try await fill(store, scene)
            await store.close()

            let error = #expect(throws: StoreError.self) { try open(new) }
            let text = "\(try #require(error))"
            #expect(text.contains("sealed with another key (id \(old.id)") && text.contains("give the old key as master_key"))

            store = try open(new, previous: [old])
            try await expectEverything(in: store, scene)
            await store.close()
            store = try open(new)
            try await expectEverything(in: store, scene)
            await store.close()
            #expect(throws: StoreError.self) { try open(old) }
        }
    }

    @Test("move from the key file to a master key by giving one")
    func fromFileToMasterKey() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let path = storePath(in: directory)
            var store = try openSQLite(in: directory, time: time)
            let scene = Scene(store: store, time: time)
            try await fill(store, scene)
            await store.close()
            let keys = SealingKeys(master: .random(), besideStore: path)
            store = try SQLiteStore(path: path, keys: keys, time: time, logger: quietLogger)
            await store.close()
            try FileManager.default.removeItem(atPath: path + ".key")
            store = try SQLiteStore(path: path, keys: keys, time: time, logger: quietLogger)
            try await expectEverything(in: store, scene)
            await store.close()
        }
    }

    @Test("are not given up because the key file is gone: the start fails, says so, and makes no new key")
    func lostKey() async throws {
        try await withTemporaryDirectory { directory in
            let path = storePath(in: directory) + ".key"
            await (try openSQLite(in: directory)).close()
            let saved = try Data(contentsOf: URL(filePath: path))
            try FileManager.default.removeItem(atPath: path)
            for _ in 1...2 {
                let error = #expect(throws: StoreError.self) { try openSQLite(in: directory) }
                #expect("\(try #require(error))".contains("'\(path)' is gone"))
                #expect(!FileManager.default.fileExists(atPath: path))
            }
            #expect(FileManager.default.createFile(atPath: path, contents: saved, attributes: [.posixPermissions: 0o600]))
            await (try openSQLite(in: directory)).close()
        }
    }

    @Test("cannot be swapped between rows, nor be put there in the clear")
    func swapped() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openSQLite(in: directory, time: time)
            let scene = Scene(store: store, time: time)
            try await fill(store, scene)
            try await store.change { database in
                try database.run(
                    "UPDATE watches SET callback = (SELECT callback FROM watches WHERE response_id = 'resp_2') WHERE response_id = 'resp_1'"
                )
                try database.run("UPDATE watches SET headers = callback WHERE response_id = 'resp_2'")
                try database.run(
                    "UPDATE watches SET headers = ?1 WHERE response_id = 'resp_3'", [Data(#"[{"name":"X-A","value":"b"}]"#.utf8)])
            }
            for (response, words) in [("resp_1", "changed or moved"), ("resp_2", "changed or moved"), ("resp_3", "is not sealed")] {
                let id = request(scene, response).id
                let error = await #expect(throws: StoreError.self) { try await store.watch(id) }
                #expect("\(try #require(error))".contains(words))
            }
            await store.close()
        }
    }
}
