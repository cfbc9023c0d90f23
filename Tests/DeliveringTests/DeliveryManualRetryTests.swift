import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Delivering

@Suite("A retry by hand", .timeLimit(.minutes(5)))
struct DeliveryManualRetryTests {
    @Test("takes the place of the scheduled one: there are not two attempts")
    func replaces() async throws {
        let shop = Receiver(statuses: 500, 200)
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine()) {
                try await bench.store.records.first(1)
                bench.time.advance(by: .seconds(1))
                let hurried = try await bench.sqlite.retryDelivery(id, now: bench.time.wallNow)
                #expect(hurried?.status == .pending)
                try await bench.store.records.first(2)
                #expect(shop.calls.entries.map(\.startedAt) == [start, start + .seconds(1)])
                // The scheduled time comes and goes.
                let looks = bench.store.looks.entries.count
                bench.time.advance(by: .seconds(10))
                try await bench.store.looks.first(looks + 1)
                #expect(shop.calls.entries.count == 2)
            }
            let delivery = try #require(try await bench.sqlite.delivery(id))
            #expect(delivery.status == .delivered && delivery.attempts == 2)
        }
    }

    @Test("counts on the schedule like any other, when it fails too")
    func counts() async throws {
        let shop = Receiver(statuses: 500)
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine()) {
                try await bench.store.records.first(1)
                _ = try await bench.sqlite.retryDelivery(id, now: bench.time.wallNow)
                try await bench.store.records.first(2)
            }
            let delivery = try #require(try await bench.sqlite.delivery(id))
            #expect(delivery.attempts == 2 && delivery.nextAttemptAt == start + Workbench.retry.schedule[1])
        }
    }

    @Test("changes nothing while an attempt is under way, and makes no second one")
    func underWay() async throws {
        let gate = Gate()
        let shop = Receiver { _, _ in .wait(gate, DeliveryMachineTests.answer(200)) }
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine()) {
                try await shop.calls.first(1)
                for _ in 0..<3 {
                    let delivery = try await bench.sqlite.retryDelivery(id, now: bench.time.wallNow)
                    #expect(delivery?.status == .delivering)
                }
                let looks = bench.store.looks.entries.count
                bench.time.advance(by: .seconds(5))
                try await bench.store.looks.first(looks + 1)
                gate.open()
                try await bench.store.records.first(1)
            }
            #expect(shop.calls.entries.count == 1)
            #expect(try await bench.status(of: id) == .delivered)
        }
    }
}
