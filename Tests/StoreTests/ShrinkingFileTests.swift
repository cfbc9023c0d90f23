import Foundation
import GRDB
import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import StoreSQLite

@Suite("A store's file", .timeLimit(.minutes(5)))
struct ShrinkingFileTests {
    private static let responses = 400
    private static let bytes = 50_000

    @Test("becomes smaller when retention has passed, while deliveries go on")
    func shrinks() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openSQLite(in: directory, time: time)
            let scene = Scene(store: store, time: time)
            for number in 0..<Self.responses {
                let claimed = try await scene.claimed(scene.request("resp_\(number)"))
                let body = "{\"output\":\"\(String(repeating: "\(number % 10)", count: Self.bytes))\"}"
                _ = try await store.end(scene.ending(claimed, response: body, recipients: []))
            }
            let path = storePath(in: directory)
            try await fold(store)
            let full = try size(path)
            #expect(full > Self.responses * Self.bytes)

            time.advance(by: .seconds(3600))
            var delivered = 0
            var rounds = 0
            let before = store.writeStatistics.changes
            while try await store.purge(
                deliveredBefore: scene.now - .seconds(60), deadBefore: scene.now - .seconds(60), responsesBefore: scene.now - .seconds(60),
                watchesBefore: scene.now - .seconds(60), limit: 500)
            {
                try await scene.ended("resp_new_\(rounds)")
                try await scene.record(try #require(try await scene.claim(limit: 1).first), .delivered)
                delivered += 1
                rounds += 1
                try #require(rounds < 1000, "retention comes to an end")
            }
            #expect(delivered == rounds && delivered > 10, "it went in small steps")
            // No change took away more than about a mebibyte of responses.
            #expect(store.writeStatistics.changes - before - 4 * rounds > Self.responses * Self.bytes >> 20)
            try await fold(store)
            let shrunk = try size(path)
            #expect(shrunk < full / 2, "the file has \(shrunk) bytes, and had \(full)")
            #expect(try await store.read { try String.fetchOne($0, sql: "PRAGMA quick_check") } == "ok")
            await store.close()
        }
    }

    @Test("of an earlier version is made one that can shrink: a small one at the start, a large one by a repair")
    func earlierVersions() async throws {
        try await withTemporaryDirectory { directory in
            let path = storePath(in: directory)
            await (try openSQLite(in: directory)).close()
            let queue = try DatabaseQueue(path: path)
            try await queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA auto_vacuum = NONE; VACUUM") }
            #expect(try await queue.read { try $0.count("PRAGMA auto_vacuum") } == 0)
            #expect(try await queue.writeWithoutTransaction { try $0.makeShrinkable(always: true) } ?? 0 > 0)
            try await queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA auto_vacuum = NONE; VACUUM") }
            try queue.close()
            let store = try openSQLite(in: directory)
            #expect(try await store.read { try $0.count("PRAGMA auto_vacuum") } == 2)
            #expect(try await store.read { try $0.count("PRAGMA application_id") } == StoreFile.applicationID)
            await store.close()
        }
    }

    @Test("keeps a reserve, so that a store in a steady state does not shrink and grow all day")
    func reserve() {
        #expect(StoreFile.reserve(pages: 100) == 1024)
        #expect(StoreFile.reserve(pages: 80_000) == 10_000)
    }

    private func fold(_ store: SQLiteStore) async throws {
        await store.foldLog()
    }

    private func size(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
    }
}
