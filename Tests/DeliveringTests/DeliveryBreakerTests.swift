import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Delivering

@Suite("The sender and circuit breakers", .timeLimit(.minutes(5)))
struct DeliveryBreakerTests {
    private static let asksForAll = [EventPattern("response.*"), EventPattern("endpoint.*")].compactMap { $0 }
    /// Nothing falls due by itself during a test.
    private static let retry = RetryPolicy(schedule: [.seconds(100_000), .seconds(100_000)], jitter: 0)

    /// Ten deliveries fail: the breaker trips.
    private func trip(_ bench: Workbench, _ shop: Receiver) async throws {
        for index in 0..<10 { try await bench.raise("resp_\(index)", to: "shop") }
        try await bench.store.records.first(10)
    }

    @Test("let deliveries wait untried while a receiver only fails, and send them when it is back")
    func waits() async throws {
        let shop = Receiver { _, index in .answer(DeliveryMachineTests.answer(index <= 10 ? 503 : 200)) }
        let ops = Receiver(statuses: 200)
        let endpoints = [
            Workbench.endpoint("shop", events: Self.asksForAll, retry: Self.retry), Workbench.endpoint("ops", events: Self.asksForAll),
        ]
        try await withWorkbench(endpoints, ["shop": shop, "ops": ops]) { bench in
            let engine = bench.engine()
            try await running(engine) {
                try await trip(bench, shop)
                #expect(engine.places.breakerStatus("shop")?.state == .open)
                #expect(engine.places.reserve("shop") == nil, "nothing is born leased to an endpoint that is down")
                let late = try await bench.raise("resp_late", to: "shop")[0]
                try await eventually { await engine.snapshot().lanes.contains { $0.endpoint == "shop" && $0.hasWorkWaiting } }
                #expect(shop.calls.entries.count == 10)
                let waiting = try #require(try await bench.sqlite.delivery(late))
                #expect(waiting.status == .pending && waiting.attempts == 0 && waiting.attemptsInAll == 0)
                // The wait is 15 s, give or take a fifth.
                bench.time.advance(by: .seconds(18))
                try await shop.calls.first(11)
                try await eventually { try await bench.status(of: late) == .delivered }
                #expect(engine.places.breakerStatus("shop")?.state == .closed)
                try await ops.calls.first(1)
                try await shop.calls.first(12)
            }
            #expect(ops.calls.entries.map(\.type) == [.endpointRecovered])
            let notice = try #require(shop.calls.entries.last)
            #expect(notice.type == .endpointRecovered, "it is up again and asked for it")
            #expect(notice.data == #"{"id":"shop","endpoint":"shop","troubled_since":"\#(start)"}"#)
            #expect(await engine.snapshot().counters.trips == 1)
        }
    }

    @Test("send one probe at a time")
    func oneProbe() async throws {
        let gate = Gate()
        let shop = Receiver { _, index in
            index <= 10 ? .answer(DeliveryMachineTests.answer(503)) : .wait(gate, DeliveryMachineTests.answer(200))
        }
        try await withWorkbench([Workbench.endpoint("shop", retry: Self.retry)], ["shop": shop]) { bench in
            let engine = bench.engine()
            try await running(engine) {
                try await trip(bench, shop)
                for index in 0..<5 { try await bench.raise("resp_late_\(index)", to: "shop") }
                bench.time.advance(by: .seconds(18))
                try await shop.calls.first(11)
                #expect(engine.places.breakerStatus("shop")?.state == .halfOpen)
                let looks = bench.store.looks.entries.count
                bench.time.advance(by: .seconds(5))
                try await bench.store.looks.first(looks + 1)
                #expect(shop.calls.entries.count == 11)
                gate.open()
                try await bench.store.records.first(11)
                // At five in the first second the rest of the backlog follows.
                try await bench.store.records.first(15)
            }
        }
    }

    @Test("are open still after a restart, and closed and forgotten after the endpoint was enabled")
    func restart() async throws {
        let shop = Receiver { _, index in .answer(DeliveryMachineTests.answer(index <= 10 ? 503 : 200)) }
        try await withWorkbench([Workbench.endpoint("shop", retry: Self.retry)], ["shop": shop]) { bench in
            try await running(bench.engine()) { try await trip(bench, shop) }
            let record = try #require(try await bench.sqlite.breakers()["shop"])
            #expect(record.openUntil != nil && record.recoveryOwedSince == start)
            try await bench.raise("resp_late", to: "shop")
            let second = bench.engine(node: "node-2")
            try await running(second) {
                try await eventually { await second.snapshot().lanes.contains { $0.endpoint == "shop" && $0.hasWorkWaiting } }
                #expect(second.places.breakerStatus("shop")?.state == .open)
                #expect(shop.calls.entries.count == 10, "a restart is no probe")
                try await bench.sqlite.setDisabled("shop", reason: nil, now: bench.time.wallNow)
                try await shop.calls.first(11)
                try await bench.store.records.first(11)
                #expect(second.places.breakerStatus("shop")?.state == .closed)
            }
            let recovered = try await bench.sqlite.events(EventFilter(type: .endpointRecovered), page: PageRequest()).elements
            #expect(recovered.count == 1, "what was owed is paid by the first success")
        }
    }

    @Test("are not moved by Ringback's own trouble, nor by what nobody can blame on the receiver")
    func ownTrouble() async throws {
        // A full inbox is not even an attempt.
        for error in AttemptError.allCases where !error.isTheReceivers && error != .inboxFull {
            let shop = Receiver { _, _ in .answer(AttemptReport(error: error)) }
            try await withWorkbench([Workbench.endpoint("shop", retry: Self.retry)], ["shop": shop]) { bench in
                let engine = bench.engine()
                try await running(engine) {
                    for index in 0..<12 { try await bench.raise("resp_\(index)", to: "shop") }
                    try await bench.store.records.first(12)
                }
                #expect(engine.places.breakerStatus("shop")?.state == .closed, "\(error)")
                #expect(engine.places.breakerStatus("shop")?.failingSince == nil, "\(error)")
            }
        }
    }

    @Test("disable an endpoint after five days of nothing but failures, say so to others, and say when it has recovered")
    func hopeless() async throws {
        let shop = Receiver { call, _ in .answer(DeliveryMachineTests.answer(call.startedAt < start + .seconds(6 * 86_400) ? 500 : 200)) }
        let ops = Receiver(statuses: 200)
        let once = RetryPolicy(schedule: [.seconds(3600)], jitter: 0)
        let endpoints = [
            Workbench.endpoint("shop", events: Self.asksForAll, retry: once), Workbench.endpoint("ops", events: Self.asksForAll),
        ]
        try await withWorkbench(endpoints, ["shop": shop, "ops": ops]) { bench in
            let engine = bench.engine()
            try await running(engine) {
                for index in 0..<12 {
                    try await bench.raise("resp_\(index)", to: "shop")
                    try await shop.calls.first(index + 1)
                    try await bench.store.records.first(index + 1)
                    if index < 11 { bench.time.advance(by: .seconds(12 * 3600)) }
                    if bench.directory["shop"]?.isEnabled == false { break }
                }
                // The sender writes it down first, and tells the directory then.
                try await eventually { bench.directory["shop"]?.isEnabled == false }
                let reason = try #require(bench.directory["shop"]?.disabledReason)
                #expect(reason == "every attempt has failed since \(start), for more than 5d")
                try await ops.calls.first(1)
                #expect(ops.calls.entries.map(\.type) == [.endpointDisabled])
                #expect(!shop.calls.entries.contains { $0.type == .endpointDisabled }, "it could not hear of it")

                bench.time.advance(by: .seconds(2 * 86_400))
                try await bench.sqlite.setDisabled("shop", reason: nil, now: bench.time.wallNow)
                bench.directory.set(endpoints[0])
                await engine.endpointsChanged()
                try await ops.calls.first(2)
                #expect(ops.calls.entries.map(\.type) == [.endpointDisabled, .endpointRecovered])
            }
        }
    }

    @Test("keep what they decided when the store fails for a while")
    func storeTrouble() async throws {
        let shop = Receiver { _, index in .answer(DeliveryMachineTests.answer(503)) }
        try await withWorkbench([Workbench.endpoint("shop", retry: Self.retry)], ["shop": shop]) { bench in
            bench.store.fail(.breaker, times: 1)
            let engine = bench.engine()
            try await running(engine) {
                for index in 0..<10 { try await bench.raise("resp_\(index)", to: "shop") }
                try await bench.store.failures.first(1)
                #expect(engine.places.breakerStatus("shop")?.state == .open)
                try await eventually { bench.time.nextDeadline.map { $0 < bench.time.now + .seconds(1) } ?? false }
                bench.time.advance(by: .seconds(1))
                try await bench.store.records.first(10)
                #expect(try await bench.sqlite.breakers()["shop"]?.openUntil != nil)
            }
        }
    }
}
