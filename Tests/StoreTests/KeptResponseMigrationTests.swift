import Foundation
import GRDB
import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import StoreSQLite

/// What an earlier version kept is not forgotten by a later one.
@Suite("A store of a version that did not remember what became of responses")
struct KeptResponseMigrationTests {
    /// A file with two ended watches, one with its response and one lost without.
    private func makeOldStore(in directory: URL, at time: Timestamp) throws {
        let queue = try DatabaseQueue(path: storePath(in: directory))
        try Migrations.migrator.migrate(queue, upTo: "3")
        try queue.write { database in
            try database.execute(sql: "PRAGMA application_id = \(StoreFile.applicationID)")
            for (seq, name, status) in [(1, "resp_kept", WatchStatus.completed), (2, "resp_lost", .lost)] {
                let response = ResponseID(trusted: name)
                let upstream = UpstreamName(trusted: "default")
                let type: EventType = status == .lost ? .watchLost : .responseCompleted
                try database.execute(
                    sql: """
                        INSERT INTO watches (seq, id, upstream, response_id, status, following, created_at, updated_at, terminal_at)
                        VALUES (?1, ?2, ?3, ?4, ?5, 'none', ?6, ?6, ?6)
                        """,
                    arguments: [seq, WatchID(upstream: upstream, response: response), upstream, response, status, time])
                try database.execute(
                    sql: """
                        INSERT INTO events (seq, id, type, created_at, watch, watch_id, upstream, response_id, data)
                        VALUES (?1, ?2, ?3, ?4, ?1, ?5, ?6, ?7, x'7b7d')
                        """,
                    arguments: [
                        seq, EventID(upstream: upstream, response: response, type: type), type, time,
                        WatchID(upstream: upstream, response: response), upstream, response,
                    ])
            }
            try database.execute(
                sql: "INSERT INTO responses (event, body) VALUES (1, ?1)", arguments: [Data(#"{"status":"completed"}"#.utf8)])
        }
        try queue.close()
    }

    @Test("goes on serving them, and lets go of them when their time is over")
    func served() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            try makeOldStore(in: directory, at: time.wallNow)
            let store = try openSQLite(in: directory, time: time)
            let kept = WatchID(upstream: UpstreamName(trusted: "default"), response: ResponseID(trusted: "resp_kept"))
            let lost = WatchID(upstream: UpstreamName(trusted: "default"), response: ResponseID(trusted: "resp_lost"))
            #expect(try await store.response(of: kept) == Array(#"{"status":"completed"}"#.utf8))
            #expect(try await store.missingResponse(of: kept) == nil)
            #expect(try await store.response(of: lost) == nil)
            #expect(try await store.missingResponse(of: lost) == nil)
            time.advance(by: .seconds(10))
            let now = time.wallNow
            _ = try await store.purge(
                deliveredBefore: now, deadBefore: now, responsesBefore: now, watchesBefore: now - .seconds(100), limit: 100)
            #expect(try await store.response(of: kept) == nil)
            #expect(try await store.missingResponse(of: kept) == .expired(size: 22))
            await store.close()
        }
    }
}
