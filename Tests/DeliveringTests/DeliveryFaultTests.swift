import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Delivering

@Suite("The sender with a store in trouble", .timeLimit(.minutes(5)))
struct DeliveryFaultTests {
    /// Looks are far apart, so that the only sleeper with a near deadline is the one a test waits for.
    private static let options = DeliveryEngineOptions(lookInterval: .seconds(3600), drainLimit: .zero)

    /// Moves the clock to the next try of something that waits for the store.
    private func passBackoff(_ bench: Workbench) async throws {
        try await eventually { bench.time.nextDeadline.map { $0 <= bench.time.now + .seconds(5) } ?? false }
        if let deadline = bench.time.nextDeadline { bench.time.advance(by: deadline - bench.time.now) }
    }

    @Test(
        "keeps an outcome until the disk has room again, and sends nothing twice", arguments: [StoreError.noSpace, .unavailable("locked")])
    func recordFails(error: StoreError) async throws {
        let shop = Receiver(statuses: 200)
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            bench.store.fail(.record, times: 7, with: error)
            let id = try await bench.raise("resp_1", to: "shop")[0]
            let engine = bench.engine(options: Self.options)
            try await running(engine) {
                for failure in 1...7 {
                    try await bench.store.failures.first(failure)
                    try await passBackoff(bench)
                }
                try await bench.store.records.first(1)
                #expect(await engine.snapshot().storeTrouble == nil)
            }
            #expect(try await bench.status(of: id) == .delivered)
            #expect(shop.calls.entries.count == 1)
        }
    }

    @Test("loses no delivery however often the store fails, at whatever it is asked", arguments: 0..<10)
    func randomFaults(_ index: Int) async throws {
        let seed = UInt64(index) &+ 99
        var chance = SeededGenerator(seed: seed)
        let receiver = Receiver { call, _ in .answer(DeliveryMachineTests.answer(call.number <= 2 ? 503 : 200)) }
        try await withWorkbench([Workbench.endpoint("shop", places: 3)], ["shop": receiver]) { bench in
            var ids: [DeliveryID] = []
            for index in 0..<12 { ids += try await bench.raise("resp_\(index)", to: "shop") }
            for task in [FaultyStore.Task.claim, .record, .look, .record, .claim, .record] {
                bench.store.fail(task, times: Int.random(in: 0...4, using: &chance))
            }
            try await running(bench.engine(options: DeliveryEngineOptions(lookInterval: .seconds(1), drainLimit: .zero))) {
                try await eventually {
                    bench.time.advance(by: .milliseconds(Int.random(in: 1...500, using: &chance)))
                    return bench.store.records.entries.count == 36
                }
            }
            for id in ids {
                #expect(try await bench.status(of: id) == .delivered, "seed \(seed)")
                #expect(try await bench.sqlite.attempts(of: id).map(\.httpStatus) == [503, 503, 200], "seed \(seed)")
            }
        }
    }

    @Test("sends nothing twice when a lease ends while its outcome waits for the store: it records it under the newer lease")
    func leaseEndsWhileRecording() async throws {
        let shop = Receiver(statuses: 200)
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            bench.store.fail(.record, times: 1000)
            let id = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine()) {
                try await bench.store.failures.first(1)
                bench.time.advance(by: .seconds(60))
                // The look finds the ended lease, and the claim takes the delivery a second time.
                try await eventually {
                    bench.time.advance(by: .milliseconds(100))
                    return bench.store.claims.entries.reduce(0, +) == 2
                }
                bench.store.heal()
                try await eventually {
                    bench.time.advance(by: .milliseconds(100))
                    return bench.store.records.entries.count == 1
                }
            }
            #expect(try await bench.status(of: id) == .delivered)
            #expect(shop.calls.entries.count == 1)
            #expect(try await bench.sqlite.attempts(of: id).count == 1)
        }
    }

    @Test("holds no place for the readers of a death notice while it cannot be written")
    func noticeFails() async throws {
        let pattern = [EventPattern("delivery.*")].compactMap { $0 }
        let endpoints = [
            Workbench.endpoint("shop", retry: RetryPolicy(schedule: [], jitter: 0)), Workbench.endpoint("ops", places: 1, events: pattern),
        ]
        let ops = Receiver(statuses: 200)
        try await withWorkbench(endpoints, ["shop": Receiver(statuses: 500), "ops": ops]) { bench in
            bench.store.fail(.record, times: 3)
            try await bench.raise("resp_1", to: "shop")
            let engine = bench.engine(options: Self.options)
            try await running(engine) {
                for failure in 1...3 {
                    try await bench.store.failures.first(failure)
                    try await eventually { await engine.snapshot().reserved == 0 }
                    try await passBackoff(bench)
                }
                try await bench.store.records.first(2)
                try await eventually { await engine.snapshot().recording == 0 }
                let snapshot = await engine.snapshot()
                #expect(snapshot.reserved == 0 && snapshot.inFlight == 0 && snapshot.queued == 0)
                #expect(snapshot.counters.dead == [.exhausted: 1] && snapshot.counters.delivered == 1)
            }
            #expect(ops.calls.entries.map(\.type) == [.deliveryDead])
        }
    }

    @Test("claims again after claims have failed")
    func claimFails() async throws {
        let shop = Receiver(statuses: 200)
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            bench.store.fail(.claim, times: 4)
            let id = try await bench.raise("resp_1", to: "shop")[0]
            let engine = bench.engine(options: Self.options)
            try await running(engine) {
                for failure in 1...4 {
                    try await bench.store.failures.first(failure)
                    if failure == 1 { try await eventually { await engine.snapshot().storeTrouble == .noSpace } }
                    try await passBackoff(bench)
                }
                try await bench.store.records.first(1)
            }
            #expect(try await bench.status(of: id) == .delivered)
        }
    }

    @Test("finds what is due without any hint")
    func lostHints() async throws {
        let shop = Receiver(statuses: 200)
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            bench.store.loseHints()
            try await running(bench.engine()) {
                try await bench.store.looks.first(1)
                try await bench.raise("resp_1", to: "shop")
                try await eventually { bench.time.nextDeadline == bench.time.now + .seconds(5) }
                bench.time.advance(by: .seconds(5))
                try await bench.store.records.first(1)
            }
        }
    }

    @Test("does not record an outcome under a lease that somebody else holds by now")
    func lateOutcome() async throws {
        let gate = Gate()
        let shop = Receiver { _, _ in .wait(gate, DeliveryMachineTests.answer(500)) }
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine(options: Self.options)) {
                try await shop.calls.first(1)
                bench.time.advance(by: .seconds(60))
                let claim = DeliveryClaim(
                    node: NodeID("node-2"), lanes: [.init(endpoint: "shop", limit: 1, reservedForRetries: 0)], now: bench.time.wallNow,
                    until: bench.time.wallNow + .seconds(60))
                let jobs = try await bench.sqlite.claimDeliveries(claim)
                #expect(jobs.map(\.delivery.id) == [id])
                gate.open()
                try await bench.store.lateRecords.first(1)
            }
            #expect(try await bench.status(of: id) == .delivering)
            #expect(try await bench.sqlite.attempts(of: id).isEmpty)
            #expect(bench.store.records.entries.isEmpty)
        }
    }

    @Test("ends at once when the store is gone")
    func closedStore() async throws {
        let shop = Receiver.hanging()
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            try await bench.raise("resp_1", to: "shop")
            let engine = bench.engine(options: Self.options)
            try await running(engine) {
                try await shop.calls.first(1)
                await bench.sqlite.close()
            }
            #expect(await engine.snapshot().isRunning == false)
        }
    }
}
