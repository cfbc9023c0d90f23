import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Delivering

@Suite("What the sender takes in hand ahead of its places", .timeLimit(.minutes(5)))
struct DeliveryAheadTests {
    private static let places = 4

    /// Raises so many events, runs a sender whose receiver takes the first `quick` of them at once and then nothing until the gate opens, and
    /// hands over when deliveries wait in hand.
    private func stuck(
        _ events: Int = 200, quick: Int = 20, then status: Int = 200,
        _ body: (Workbench, DeliveryEngine, Receiver, Gate, [DeliveryID]) async throws -> Void
    ) async throws {
        let gate = Gate()
        let shop = Receiver { _, index in
            index <= quick ? .answer(DeliveryMachineTests.answer(200)) : .wait(gate, DeliveryMachineTests.answer(status))
        }
        let retry = RetryPolicy(schedule: [.seconds(100_000), .seconds(100_000)], jitter: 0)
        try await withWorkbench([Workbench.endpoint("shop", places: Self.places, retry: retry)], ["shop": shop]) { bench in
            var ids: [DeliveryID] = []
            for index in 0..<events { ids += try await bench.raise("resp_\(index)", to: "shop") }
            let engine = bench.engine()
            try await running(engine) {
                try await shop.calls.first(quick + Self.places)
                try await eventually { await engine.snapshot().queued > 0 }
                try await body(bench, engine, shop, gate, ids)
            }
        }
    }

    @Test("makes a claim bring more than there are places, and never sends more at once than there are")
    func fewerClaims() async throws {
        let shop = CountingReceiver()
        try await withWorkbench([Workbench.endpoint("shop", places: Self.places)], [:]) { bench in
            for index in 0..<2000 { try await bench.raise("resp_\(index)", to: "shop") }
            try await running(bench.engine { _ in shop }) { try await bench.store.records.first(2000) }
            #expect(await shop.mostAtOnce == Self.places)
            #expect(bench.store.claims.entries.reduce(0, +) == 2000)
            #expect(bench.store.claims.entries.count < 2000 / Self.places, "on average")
            #expect(try await bench.sqlite.pendingDeliveryCount() == 0)
        }
    }

    @Test("goes back to the store untried when the circuit breaker trips")
    func trip() async throws {
        try await stuck(then: 503) { bench, engine, shop, gate, ids in
            gate.open()
            try await eventually { engine.places.breakerStatus("shop")?.state == .open }
            try await eventually { await engine.snapshot().inFlight == 0 }
            let tried = shop.calls.entries.count
            #expect(tried < 100)
            var untried = 0
            for id in ids {
                let delivery = try #require(try await bench.sqlite.delivery(id))
                if delivery.status == .pending, delivery.attemptsInAll == 0 { untried += 1 }
            }
            #expect(untried == ids.count - tried)
            #expect(await engine.snapshot().queued == 0)
        }
    }

    @Test("goes back to the store untried when the endpoint is disabled, and is sent when it is enabled")
    func disabled() async throws {
        try await stuck { bench, engine, shop, gate, ids in
            var endpoint = try #require(bench.directory["shop"])
            endpoint.isEnabled = false
            bench.directory.set(endpoint)
            await engine.endpointsChanged()
            try await eventually { await engine.snapshot().queued == 0 }
            gate.open()
            try await bench.store.records.first(24)
            #expect(shop.calls.entries.count == 24)
            endpoint.isEnabled = true
            bench.directory.set(endpoint)
            await engine.endpointsChanged()
            try await bench.store.records.first(ids.count)
            #expect(Set(shop.calls.entries.map(\.event)).count == ids.count && shop.calls.entries.count == ids.count)
        }
    }

    @Test("goes back to the store when the sender stops")
    func stop() async throws {
        let gate = Gate()
        let shop = Receiver { _, index in index <= 20 ? .answer(DeliveryMachineTests.answer(200)) : .wait(gate, AttemptReport()) }
        try await withWorkbench([Workbench.endpoint("shop", places: Self.places)], ["shop": shop]) { bench in
            var ids: [DeliveryID] = []
            for index in 0..<200 { ids += try await bench.raise("resp_\(index)", to: "shop") }
            let engine = bench.engine()
            try await running(engine) {
                try await shop.calls.first(24)
                try await eventually { await engine.snapshot().queued > 0 }
            }
            var statuses: [Delivery.Status: Int] = [:]
            for id in ids { statuses[try #require(try await bench.status(of: id)), default: 0] += 1 }
            #expect(statuses == [.delivered: 20, .pending: 180])
        }
    }

    @Test("is claimed anew when it waited so long that its lease would not last for the attempt, and is sent once")
    func longWait() async throws {
        try await stuck { bench, engine, shop, gate, ids in
            let claimed = bench.store.claims.entries.reduce(0, +)
            bench.time.advance(by: Endpoint.leaseMargin + .seconds(1))
            gate.open()
            try await bench.store.records.first(ids.count)
            #expect(bench.store.claims.entries.reduce(0, +) > max(claimed, ids.count), "some were claimed twice")
            #expect(Set(shop.calls.entries.map(\.event)).count == ids.count && shop.calls.entries.count == ids.count)
            #expect(bench.store.lateRecords.entries.isEmpty)
        }
    }
}

/// Takes everything, and knows how much it was given at once.
private actor CountingReceiver: Destination {
    nonisolated let needsResponse = false
    private var underWay = 0
    private(set) var mostAtOnce = 0

    func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
        underWay += 1
        mostAtOnce = max(mostAtOnce, underWay)
        for _ in 0..<5 { await Task.yield() }
        underWay -= 1
        return DeliveryMachineTests.answer(200)
    }
}
