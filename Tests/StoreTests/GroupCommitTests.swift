import Foundation
import GRDB
import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import StoreSQLite

@Suite("Group commit")
struct GroupCommitTests {
    @Test("puts changes that arrive together into fewer transactions than changes, and loses none")
    func sharing() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openSQLite(in: directory, time: time)
            let scene = Scene(store: store, time: time)
            let count = 2_000
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...count {
                    group.addTask { _ = try await store.register(scene.request("resp_\(number)"), now: scene.now) }
                }
                try await group.waitForAll()
            }
            #expect(try await store.openWatchCount() == count)
            let statistics = store.writeStatistics
            #expect(statistics.changes == count)
            #expect(statistics.commits < count / 4)
            #expect(statistics.commits >= count / GroupCommit.maximumBatch)
            #expect(statistics.batches.sum == Double(count))
            #expect(statistics.batches.count == UInt64(statistics.commits))
            #expect(statistics.durations.count == UInt64(statistics.commits))
            await store.close()
        }
    }

    @Test("undoes a change that fails, and only that one")
    func oneFails() async throws {
        struct Refused: Error {}
        try await withTemporaryDirectory { directory in
            let store = try openSQLite(in: directory)
            let outcomes = await withTaskGroup(of: (Int, Bool).self) { group in
                for number in 0..<300 {
                    group.addTask {
                        do {
                            try await store.change { database in
                                try database.run("INSERT INTO nodes (id, until) VALUES (?1, 0)", ["node-\(number)"])
                                if number % 3 == 0 { throw Refused() }
                                // Another way to fail: SQLite itself refuses the row.
                                if number % 3 == 1 { try database.run("INSERT INTO nodes (id, until) VALUES (?1, 0)", ["node-\(number)"]) }
                            }
                            return (number, true)
                        } catch {
                            return (number, false)
                        }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(outcomes.filter { $0.value }.keys.sorted() == (0..<300).filter { $0 % 3 == 2 })
            let written = try await store.read { try String.fetchSet($0, sql: "SELECT id FROM nodes") }
            #expect(written == Set((0..<300).filter { $0 % 3 == 2 }.map { "node-\($0)" }))
            #expect(store.writeStatistics.commits < 300)
            await store.close()
        }
    }

    @Test("lets more callers in than fit into its queue, and serves them all")
    func backPressure() async throws {
        try await withTemporaryDirectory { directory in
            let store = try openSQLite(in: directory)
            let count = GroupCommit.maximumQueue * 2 + 100
            let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<count {
                    group.addTask { try await store.change { _ in number } }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == count * (count - 1) / 2)
            #expect(store.writeStatistics.changes == count)
            await store.close()
        }
    }

    @Test("shows a reader what was acknowledged before")
    func readYourWrites() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openSQLite(in: directory, time: time)
            let scene = Scene(store: store, time: time)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 1...200 {
                    group.addTask {
                        let request = scene.request("resp_\(number)")
                        _ = try await store.register(request, now: scene.now)
                        return try await store.watch(request.id) != nil
                    }
                }
                for try await isSeen in group { #expect(isSeen) }
            }
            await store.close()
        }
    }
}
