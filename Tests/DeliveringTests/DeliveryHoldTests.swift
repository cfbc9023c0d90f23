import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Delivering

@Suite("The sender and an endpoint that takes nothing for the moment", .timeLimit(.minutes(5)))
struct DeliveryHoldTests {
    private static let full = AttemptReport(error: .inboxFull, detail: "2 files wait")

    @Test("lets its deliveries wait untried and unrecorded, asks with one of them, and sends all when there is room")
    func waits() async throws {
        let room = Journal<Void>()
        let inbox = Receiver { _, _ in .answer(room.entries.isEmpty ? Self.full : AttemptReport()) }
        try await withWorkbench([Workbench.endpoint("inbox")], ["inbox": inbox]) { bench in
            let engine = bench.engine()
            try await running(engine) {
                let first = try await bench.raise("resp_0", to: "inbox")[0]
                try await inbox.calls.first(1)
                try await eventually { try await bench.status(of: first) == .pending }
                var all = [first]
                for index in 1..<10 { all += try await bench.raise("resp_\(index)", to: "inbox") }
                #expect(engine.places.reserve("inbox") == nil, "nothing is born leased to it")
                for turn in 2...4 {
                    bench.time.advance(by: HoldTable.pause)
                    // One asks for all.
                    try await inbox.calls.first(turn)
                    try await eventually {
                        for delivery in all where try await bench.status(of: delivery) != .pending { return false }
                        return true
                    }
                }
                #expect(inbox.calls.entries.count == 4)
                for delivery in all {
                    let waiting = try #require(try await bench.sqlite.delivery(delivery))
                    #expect(waiting.status == .pending && waiting.attempts == 0 && waiting.attemptsInAll == 0)
                }
                #expect(engine.places.breakerStatus("inbox")?.state ?? .closed == .closed)

                room.append(())
                bench.time.advance(by: HoldTable.pause)
                try await eventually {
                    var delivered = 0
                    for delivery in all where try await bench.status(of: delivery) == .delivered { delivered += 1 }
                    return delivered == all.count
                }
                #expect(try await bench.sqlite.delivery(first)?.attemptsInAll == 1)
            }
            #expect(await engine.snapshot().counters.failures[.inboxFull] == nil)
        }
    }

    @Test("holds back nobody else")
    func others() async throws {
        let inbox = Receiver { _, _ in .answer(Self.full) }
        let shop = Receiver(statuses: 200)
        try await withWorkbench([Workbench.endpoint("inbox"), Workbench.endpoint("shop")], ["inbox": inbox, "shop": shop]) { bench in
            try await running(bench.engine()) {
                let deliveries = try await bench.raise("resp_1", to: "inbox", "shop")
                try await eventually { try await bench.status(of: deliveries[1]) == .delivered }
                try await inbox.calls.first(1)
                try await eventually { try await bench.status(of: deliveries[0]) == .pending }
            }
        }
    }

    @Test("asks again soon when the wall clock was set back")
    func clockSetBack() throws {
        var table = HoldTable()
        _ = table.hold("inbox", now: start)
        let allowance = LaneAllowance(places: 16)
        #expect(table.applied(to: allowance, of: "inbox", now: start) == LaneAllowance(places: 1, notBefore: start + HoldTable.pause))
        #expect(table.applied(to: allowance, of: "inbox", now: start - .seconds(3600)) == LaneAllowance(places: 1))
        #expect(table.applied(to: allowance, of: "shop", now: start) == allowance)
        #expect(table.release("inbox") && !table.release("inbox"))
        #expect(table.applied(to: allowance, of: "inbox", now: start) == allowance)
    }
}
