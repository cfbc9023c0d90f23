import Foundation
import GRDB
import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import StoreSQLite

@Suite("A redrive of a hundred thousand dead letters", .timeLimit(.minutes(5)))
struct LargeRedriveTests {
    private static let letters = 100_000
    /// What a caller asks for at a time.
    private static let piece = 5000

    @Test("goes in small changes, and every new event is claimed before all that it made due")
    func freshFirst() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openSQLite(in: directory, time: time)
            let scene = Scene(store: store, time: time)
            try await Self.bury(Self.letters, in: store, at: scene.now)
            #expect(try await store.redrive(DeadLetterFilter(), dryRun: true, now: scene.now) == (Self.letters, 0))

            var cursor: PageCursor?
            var redriven = 0
            var retries = 0
            var freshClaims = 0
            let begin = store.writeStatistics.changes
            repeat {
                let result = try await store.redrive(DeadLetterFilter(), dryRun: false, after: cursor, limit: Self.piece, now: scene.now)
                #expect(result.matched <= Self.piece)
                redriven += result.redriven
                cursor = result.next
                // Two new events stand behind thousands that fell due before them, and go first all the same.
                let fresh = [0, 1].map { scene.bridgeEvent(.watchLost, occasion: "\(freshClaims) \($0)") }
                for event in fresh { _ = try await store.record(event, recipients: [scene.recipient()], now: scene.now) }
                let lane = DeliveryClaim.Lane(endpoint: scene.endpoint, limit: 16, reservedForRetries: 4, retryLimit: 12)
                let jobs = try await store.claimDeliveries(
                    DeliveryClaim(node: scene.node, lanes: [lane], now: scene.now, until: scene.now + .seconds(3600)))
                #expect(jobs.prefix(2).map(\.event.id) == fresh.map(\.id))
                #expect(jobs.dropFirst(2).allSatisfy { $0.isRetry })
                #expect(jobs.count == 14, "the two, and as many retries as may be under way")
                retries += jobs.count { $0.isRetry }
                freshClaims += 1
            } while cursor != nil
            #expect(redriven == Self.letters)
            #expect(freshClaims >= Self.letters / Self.piece)

            // What is left of the changes when ours are taken away is the redrive's: none of them had more rows than it may.
            let changes = store.writeStatistics.changes - begin - freshClaims * 3
            #expect(changes >= Self.letters / SQLiteStore.rowsPerBackgroundChange)
            #expect(try await store.pendingDeliveryCount() == Self.letters - retries, "each of them is due once")
            await store.close()
        }
    }

    /// Writes dead letters straight into the tables: by the way they come about it would take minutes.
    private static func bury(_ count: Int, in store: SQLiteStore, at time: Timestamp) async throws {
        try await store.change { database in
            try database.execute(
                sql: """
                    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
                    INSERT INTO events (id, type, created_at, data)
                    SELECT printf('evt_%032x', n), 'response.failed', ?2 - 1000000 + n, x'7b7d' FROM numbers
                    """, arguments: [count, time.milliseconds])
            try database.execute(
                sql: """
                    INSERT INTO deliveries
                        (id, event, endpoint, status, attempts, attempts_in_all, ended_at, dead_reason, created_at, updated_at)
                    SELECT 'dlv_' || substr(id, 5), seq, 'my-app', 3, 11, 11, created_at, 'exhausted', created_at, created_at FROM events
                    """)
        }
    }
}
