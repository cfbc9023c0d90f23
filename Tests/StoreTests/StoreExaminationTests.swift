import Foundation
import GRDB
import RingbackCore
import RingbackTesting
import Sealing
import Store
import Testing

@testable import StoreSQLite

@Suite("An examination of a store")
struct StoreExaminationTests {
    /// One way to break a store, and what then is not as it should be.
    struct Damage: Sendable, CustomTestStringConvertible {
        let invariant: StoreInvariant
        let sql: String
        /// Whether a repair leaves nothing of it.
        let isMendable: Bool

        var testDescription: String { "\(invariant.rawValue): \(sql)" }

        init(_ invariant: StoreInvariant, isMendable: Bool = false, _ sql: String) {
            self.invariant = invariant
            self.isMendable = isMendable
            self.sql = sql
        }
    }

    static let damages = [
        Damage(
            .eventsAreUnique,
            """
            INSERT INTO events (id, type, created_at, watch, watch_id, upstream, response_id, data)
            SELECT 'evt_second', type, created_at, watch, watch_id, upstream, response_id, data FROM events WHERE response_id = 'resp_done'
            """),
        Damage(
            .endsAgree,
            """
            INSERT INTO events (id, type, created_at, watch, watch_id, upstream, response_id, data)
            SELECT 'evt_other', 'response.failed', created_at, watch, watch_id, upstream, response_id, data
            FROM events WHERE response_id = 'resp_done'
            """),
        Damage(.endsAreTold, isMendable: true, "UPDATE watches SET status = 3 WHERE response_id = 'resp_done'"),
        Damage(
            .endedWatchesAreClosed, isMendable: true, "UPDATE watches SET status = 1, terminal_at = NULL WHERE response_id = 'resp_done'"),
        Damage(.watchesAreWhole, isMendable: true, "UPDATE watches SET terminal_at = 5 WHERE response_id = 'resp_open'"),
        Damage(.watchesAreWhole, isMendable: true, "UPDATE watches SET terminal_at = NULL WHERE response_id = 'resp_done'"),
        Damage(
            .deliveriesAreUnique,
            """
            INSERT INTO deliveries (id, event, endpoint, status, due_at, created_at, updated_at)
            SELECT 'dlv_second', event, endpoint, 0, 1, created_at, updated_at FROM deliveries WHERE endpoint = 'my-app' LIMIT 1
            """),
        Damage(.callbacksAreDelivered, "DELETE FROM deliveries WHERE endpoint LIKE 'callback:%'"),
        Damage(.deliveriesAreWhole, isMendable: true, "UPDATE deliveries SET due_at = NULL WHERE endpoint = 'waits'"),
        Damage(
            .deliveriesAreWhole, isMendable: true, "UPDATE deliveries SET status = 1, due_at = NULL WHERE endpoint = 'waits'"),
        Damage(.deliveriesAreWhole, isMendable: true, "UPDATE deliveries SET ended_at = NULL WHERE endpoint = 'my-app'"),
        Damage(.deliveriesAreWhole, isMendable: true, "UPDATE deliveries SET status = 9 WHERE endpoint = 'waits'"),
        Damage(.attemptsAreOnRecord, "DELETE FROM attempts"),
        Damage(.responsesAreAsSaid, isMendable: true, "DELETE FROM responses"),
        Damage(
            .responsesAreAsSaid, isMendable: true, "UPDATE events SET response_state = NULL WHERE response_id = 'resp_done'"),
    ]

    @Test("of one that is whole finds nothing, beside whoever uses it")
    func whole() async throws {
        try await withStore { directory, store, _ in
            let report = try examine(directory)
            #expect(report.broken == [] && report.damage == [] && report.dangling == [:])
            #expect(report.schema == report.newestSchema)
            #expect(report.unreadableSecrets == 0 && report.keyProblem == nil)
            #expect(report.openWatches.values.map(\.count) == [1])
            #expect(report.waiting[EndpointName(trusted: "waits")]?.count == 1)
            #expect(report.recentEvents.count == 3)
            #expect(report.endpoints.map(\.name.rawValue) == ["made-by-api"])
            #expect(report.space.shrinks)
            #expect(StoreLock.user(ofStoreAt: storePath(in: directory))?.processID == ProcessInfo.processInfo.processIdentifier)
            try await store.checkReadiness()
            await store.close()
            #expect(StoreLock.user(ofStoreAt: storePath(in: directory)) == nil)
        }
    }

    @Test("finds each invariant that is broken, and a repair mends what can be mended without guessing", arguments: damages)
    func broken(_ damage: Damage) async throws {
        try await withStore { directory, store, _ in
            await store.close()
            try breakStore(in: directory, damage.sql)
            let report = try examine(directory)
            #expect(report.broken.map(\.invariant) == [damage.invariant], "\(report)")
            #expect(report.broken.first?.count ?? 0 > 0)
            #expect(report.broken.first?.examples.isEmpty == false)
            let steps = try StoreRepair(path: storePath(in: directory), now: Self.now).run()
            #expect(steps.isEmpty == !damage.isMendable, "\(steps)")
            let after = try examine(directory)
            #expect(after.broken.map(\.invariant) == (damage.isMendable ? [] : [damage.invariant]))
            #expect(after.damage == [] && after.dangling == [:])
        }
    }

    @Test("finds rows that refer to nothing, which a repair removes")
    func dangling() async throws {
        try await withStore { directory, store, _ in
            await store.close()
            try breakStore(in: directory, "DELETE FROM events WHERE response_id = 'resp_done'")
            let report = try examine(directory)
            #expect(Set(report.dangling.keys) == ["deliveries", "responses"])
            _ = try StoreRepair(path: storePath(in: directory), now: Self.now).run()
            let after = try examine(directory)
            // What is left is a watch whose event is gone: it is followed again, and the derived id makes the same event.
            #expect(after.dangling == [:] && after.broken == [])
            #expect(after.openWatches.values.map(\.count) == [2])
        }
    }

    @Test("says when the file itself is damaged, and nothing is mended then")
    func damaged() async throws {
        try await withStore { directory, store, _ in
            await store.close()
            let path = storePath(in: directory)
            // What is still in the log would be read from there.
            let queue = try DatabaseQueue(path: path)
            _ = try await queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
            try queue.close()
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            // Somewhere behind the schema.
            try file.seek(toOffset: 4096 * 20)
            try file.write(contentsOf: Data(repeating: 0x55, count: 4096 * 4))
            try file.close()
            #expect(try examine(directory).damage.isEmpty == false)
            let error = #expect(throws: StoreError.self) { try StoreRepair(path: path, now: Self.now).run() }
            let text = "\(try #require(error))"
            #expect(text.contains("damaged"))
        }
    }

    @Test("finds secrets that do not open, and a key that is gone")
    func secrets() async throws {
        try await withStore { directory, store, _ in
            await store.close()
            try breakStore(in: directory, "UPDATE watches SET callback = x'0102030405' WHERE callback IS NOT NULL")
            #expect(try examine(directory).unreadableSecrets == 1)
            try FileManager.default.removeItem(atPath: storePath(in: directory) + ".key")
            let report = try examine(directory)
            #expect(report.keyProblem?.contains("is gone") == true)
            #expect(!FileManager.default.fileExists(atPath: storePath(in: directory) + ".key"), "an examination makes no key")
        }
    }

    @Test("is not made of what is no store, and a repair is refused while the store is used")
    func refused() async throws {
        try await withStore { directory, store, _ in
            let error = #expect(throws: StoreError.self) {
                try StoreRepair(path: storePath(in: directory), now: Self.now).run()
            }
            let text = "\(try #require(error))"
            #expect(text.contains("in use by another Ringback process"))
            await store.close()
        }
        try await withTemporaryDirectory { directory in
            _ = #expect(throws: StoreError.self) { try examine(directory) }
        }
    }

    // MARK: Parts

    private static let now = ManualTime().wallNow + .seconds(60)

    private func examine(_ directory: URL) throws -> StoreReport {
        let path = storePath(in: directory)
        return try StoreExamination(
            path: path, keys: SealingKeys(besideStore: path), deliveriesSince: Self.now - .seconds(3600), now: Self.now
        ).run()
    }

    /// Changes rows as Ringback never would.
    private func breakStore(in directory: URL, _ sql: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: storePath(in: directory), configuration: configuration)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try database.execute(sql: sql)
            #expect(database.changesCount > 0, "the damage was done")
        }
        try queue.close()
    }

    /// A store with something of everything.
    private func withStore(_ body: (URL, SQLiteStore, Scene) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openSQLite(in: directory, time: time)
            let scene = Scene(store: store, time: time)
            try await scene.ended("resp_done", for: ["my-app"])
            try await scene.record(try #require(try await scene.claim("my-app").first), .delivered)
            try await scene.ended("resp_waits", for: ["waits"])
            let callback = Callback(url: "https://example.com/hook", secret: Secret("whsec_x"), payload: .thin, headers: [])
            let claimed = try await scene.claimed(scene.request("resp_callback", callback: callback))
            _ = try await store.end(
                scene.ending(claimed, recipients: [Recipient(endpoint: EndpointName(callbackOf: claimed.watch.id))]))
            _ = try await store.register(scene.request("resp_open"), now: scene.now)
            _ = try await store.addEndpoint(
                Endpoint(
                    name: EndpointName(trusted: "made-by-api"), origin: .api,
                    target: .webhook(WebhookTarget(url: "https://example.com/made", secrets: []))), now: scene.now)
            try await body(directory, store, scene)
        }
    }
}
