import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Delivering

@Suite("The sender's door for new events", .timeLimit(.minutes(5)))
struct DeliveryIntakeTests {
    /// Writes an event whose delivery is born leased, as the watching side does.
    private func bear(
        _ response: String, for endpoint: EndpointName, _ bench: Workbench, _ places: DeliveryPlaces
    ) async throws -> [DeliveryJob] {
        let lease = try #require(places.reserve(endpoint))
        let recipient = Recipient(endpoint: endpoint, bornLeased: lease)
        return try #require(try await bench.sqlite.record(bench.event(response), recipients: [recipient], now: bench.time.wallNow)).jobs
    }

    @Test("delivers what is handed over without asking the store for it")
    func handover() async throws {
        let shop = Receiver(statuses: 200)
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let engine = bench.engine()
            try await running(engine) {
                for index in 1...20 {
                    let jobs = try await bear("resp_\(index)", for: "shop", bench, engine.places)
                    #expect(jobs.count == 1)
                    engine.places.accept(jobs)
                    try await bench.store.records.first(index)
                }
            }
            #expect(shop.calls.entries.count == 20)
            #expect(bench.store.claims.entries.allSatisfy { $0 == 0 })
            #expect(try await bench.sqlite.pendingDeliveryCount() == 0)
        }
    }

    @Test("gives leases that last for the whole attempt and a margin")
    func lease() async throws {
        var endpoint = Workbench.endpoint("shop")
        endpoint.timeout = .seconds(60)
        endpoint.connectTimeout = .seconds(10)
        try await withWorkbench([endpoint], [:]) { bench in
            let lease = bench.engine(node: "node-7").places.reserve("shop")
            #expect(lease == BirthLease(node: NodeID("node-7"), until: start + .seconds(100)))
        }
    }

    @Test("reserves only for endpoints that exist and are enabled, and for callbacks")
    func reserve() async throws {
        var off = Workbench.endpoint("off")
        off.isEnabled = false
        try await withWorkbench([Workbench.endpoint("shop", places: 2), off], [:]) { bench in
            let places = bench.engine().places
            #expect(places.reserve("unknown") == nil)
            #expect(places.reserve("off") == nil)
            #expect(places.reserve(EndpointName(callbackOf: WatchID(trusted: "watch_1"))) != nil)
            #expect(places.reserve("shop") != nil)
            #expect(places.reserve("shop") != nil)
            #expect(places.reserve("shop") == nil)
            places.cancel(["shop"])
            #expect(places.reserve("shop") != nil)
        }
    }

    @Test("reserves no more than the places in all")
    func bound() async throws {
        try await withWorkbench((0..<8).map { Workbench.endpoint(EndpointName(trusted: "e\($0)")) }, [:]) { bench in
            let places = bench.engine(options: DeliveryEngineOptions(maximumInFlightInAll: 4)).places
            #expect((0..<8).count { places.reserve(EndpointName(trusted: "e\($0)")) != nil } == 4)
        }
    }

    @Test("leaves a delivery in the store when there was no place, and it is delivered all the same")
    func noPlace() async throws {
        let gate = Gate()
        let shop = Receiver { _, _ in .wait(gate, DeliveryMachineTests.answer(200)) }
        try await withWorkbench([Workbench.endpoint("shop", places: 1)], ["shop": shop]) { bench in
            let engine = bench.engine()
            try await running(engine) {
                engine.places.accept(try await bear("resp_1", for: "shop", bench, engine.places))
                try await shop.calls.first(1)
                #expect(engine.places.reserve("shop") == nil)
                try await bench.raise("resp_2", to: "shop")
                gate.open()
                try await bench.store.records.first(2)
            }
            #expect(shop.calls.entries.count == 2)
        }
    }

    @Test("drops a job whose lease ended before it could be sent, and claims it anew")
    func lateJob() async throws {
        let shop = Receiver(statuses: 200)
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let engine = bench.engine()
            let jobs = try await bear("resp_1", for: "shop", bench, engine.places)
            bench.time.advance(by: .seconds(3600))
            engine.places.accept(jobs)
            try await running(engine) { try await bench.store.records.first(1) }
            #expect(shop.calls.entries.count == 1)
            #expect(bench.store.claims.entries.reduce(0, +) == 1)
            #expect(bench.store.lateRecords.entries.isEmpty)
        }
    }

    @Test("gives back to the store what was handed over but not begun when the sender stops")
    func handoverAtTheEnd() async throws {
        let shop = Receiver(statuses: 200)
        var endpoint = Workbench.endpoint("shop")
        try await withWorkbench([endpoint], ["shop": shop]) { bench in
            let engine = bench.engine()
            let jobs = try await bear("resp_1", for: "shop", bench, engine.places)
            engine.places.close()
            engine.places.accept(jobs)
            await engine.run()
            #expect(try await bench.status(of: jobs[0].delivery.id) == .pending)
            #expect(shop.calls.entries.isEmpty)
        }
        // The same for an endpoint that was disabled between the reservation and the handover.
        try await withWorkbench([endpoint], ["shop": shop]) { bench in
            let engine = bench.engine()
            let jobs = try await bear("resp_1", for: "shop", bench, engine.places)
            endpoint.isEnabled = false
            bench.directory.set(endpoint)
            engine.places.accept(jobs)
            try await running(engine) {
                try await eventually { try await bench.status(of: jobs[0].delivery.id) == .pending }
                #expect(shop.calls.entries.isEmpty)
                endpoint.isEnabled = true
                bench.directory.set(endpoint)
                engine.places.endpointsChanged()
                try await bench.store.records.first(1)
            }
            #expect(try await bench.status(of: jobs[0].delivery.id) == .delivered)
        }
    }
}
