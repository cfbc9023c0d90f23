import Foundation
import GRDB
import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import StoreSQLite

/// Whether the statements that run all the time, or over tables that grow, are answered from the indexes made for them.
@Suite("Query plans")
struct QueryPlanTests {
    @Test(
        "rest on the index made for the statement",
        arguments: [
            (DeliveryClaiming.dueOfKind, "deliveries_due"),
            (DeliveryClaiming.leaseOver, "deliveries_leased"),
            (DeliveryClaiming.nextWaiting, "deliveries_due"),
            (DeliveryClaiming.nextLeaseEnds, "deliveries_leased"),
            (WatchClaim.heldByNobody, "watches_open"),
            (WatchClaim.heldByOne, "watches_open"),
            (WatchClaim.deadHolders, "watches_open"),
            (WatchClaim.secondLooks, "watches_second_look"),
            (WatchListing.all, "watches_list"),
            (WatchListing.open, "watches_open"),
            (WatchListing.ofResponse, "sqlite_autoindex_watches_2"),
            (DeliveryListing.all, "deliveries_list"),
            (DeliveryListing.waiting, "deliveries_due"),
            (DeliveryListing.underWay, "deliveries_leased"),
            (DeliveryListing.dead, "deliveries_dead"),
            (DeliveryListing.ofEvent, "deliveries_event"),
            (DeliveryListing.ofResponse, "deliveries_event"),
            (DeadLetterListing.page, "deliveries_dead"),
            (DeadLetterListing.count, "deliveries_dead"),
            (DeadLetterListing.next, "deliveries_dead"),
            (Replaying.candidates, "events_list"),
            (Replaying.candidates, "deliveries_event"),
            (EventListing.all, "events_list"),
            (EventListing.ofWatch, "events_watch"),
            (EventListing.ofResponse, "events_watch"),
            (Purging.oldDeliveries, "deliveries_ended"),
            (Purging.oldResponses, "events_kept"),
            (Purging.oldWatches, "watches_ended"),
            (Purging.oldEvents, "events_other"),
        ]
    )
    func useIndex(sql: String, index: String) async throws {
        try await withTemporaryDirectory { directory in
            let store = try openSQLite(in: directory)
            let plan = try await store.read { try explain(sql, in: $0) }
            #expect(plan.contains { $0.contains(index) }, "\(plan)")
            // "SCAN x" without an index reads a whole table. The recursive lists of names are made on the spot; nodes are few.
            let scans = plan.filter { $0.hasPrefix("SCAN") && !$0.contains("USING") && !$0.hasSuffix("CONSTANT ROW") }
            let short = ["lanes", "waiting", "holders", "nodes", "json_each"]
            #expect(scans.allSatisfy { scan in short.contains { scan.contains($0) } }, "\(plan)")
            await store.close()
        }
    }

    @Test(
        "of pages in the order of their index need no sorting",
        arguments: [
            WatchListing.all, DeliveryListing.all, EventListing.all, DeadLetterListing.page, DeadLetterListing.next, Replaying.candidates,
        ]
    )
    func noSorting(sql: String) async throws {
        try await withTemporaryDirectory { directory in
            let store = try openSQLite(in: directory)
            let plan = try await store.read { try explain(sql, in: $0) }
            #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
            await store.close()
        }
    }

    @Test("of claims touch nothing but the index", arguments: [DeliveryClaiming.dueOfKind, DeliveryClaiming.leaseOver])
    func covering(sql: String) async throws {
        try await withTemporaryDirectory { directory in
            let store = try openSQLite(in: directory)
            let plan = try await store.read { try explain(sql, in: $0) }
            #expect(plan.count == 1)
            #expect(plan.allSatisfy { $0.hasPrefix("SEARCH") && $0.contains("COVERING INDEX") }, "\(plan)")
            await store.close()
        }
    }
}

private func explain(_ sql: String, in database: Database) throws -> [String] {
    let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
    statement.setUncheckedArguments(StatementArguments())
    return try Row.fetchAll(statement).map { row in try row.decode(String.self, atIndex: 3) }
}
