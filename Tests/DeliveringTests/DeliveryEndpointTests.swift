import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Delivering

@Suite("The sender and its endpoints", .timeLimit(.minutes(5)))
struct DeliveryEndpointTests {
    @Test("leaves the deliveries of a disabled endpoint alone until it is enabled")
    func disabled() async throws {
        let shop = Receiver(statuses: 200)
        let crm = Receiver(statuses: 200)
        var endpoint = Workbench.endpoint("shop")
        endpoint.isEnabled = false
        try await withWorkbench([endpoint, Workbench.endpoint("crm")], ["shop": shop, "crm": crm]) { bench in
            let id = try await bench.raise("resp_1", to: "shop", "crm")[0]
            let engine = bench.engine()
            try await running(engine) {
                try await bench.store.records.first(1)
                let looks = bench.store.looks.entries.count
                bench.time.advance(by: .seconds(3600))
                try await bench.store.looks.first(looks + 1)
                #expect(shop.calls.entries.isEmpty)
                let status = try await bench.status(of: id)
                #expect(status == .pending)
                bench.directory.set(Workbench.endpoint("shop"))
                engine.places.endpointsChanged()
                try await bench.store.records.first(2)
            }
            #expect(try await bench.status(of: id) == .delivered)
            #expect(try await bench.sqlite.attempts(of: id).count == 1)
        }
    }

    @Test("disables an endpoint that is gone, remembers it, and says so to who asked")
    func gone() async throws {
        let shop = Receiver(statuses: 410)
        let ops = Receiver(statuses: 200)
        let pattern = [EventPattern("endpoint.*")].compactMap { $0 }
        let endpoints = [Workbench.endpoint("shop", places: 1), Workbench.endpoint("ops", events: pattern)]
        try await withWorkbench(endpoints, ["shop": shop, "ops": ops]) { bench in
            let first = try await bench.raise("resp_1", to: "shop")[0]
            let second = try await bench.raise("resp_2", to: "shop")[0]
            bench.store.fail(.setDisabled, times: 1)
            try await running(bench.engine(options: DeliveryEngineOptions(lookInterval: .seconds(3600), drainLimit: .zero))) {
                try await bench.store.failures.first(1)
                try await eventually { bench.time.nextDeadline.map { $0 < bench.time.now + .seconds(1) } ?? false }
                #expect(try await bench.status(of: first) == .delivering, "nothing is recorded before the endpoint is known as disabled")
                bench.time.advance(by: .seconds(1))
                try await bench.store.records.first(2)
                #expect(try await bench.status(of: first) == .dead)
                #expect(try await bench.sqlite.delivery(first)?.deadReason == .gone)
                #expect(try await bench.status(of: second) == .pending)
            }
            #expect(bench.directory["shop"]?.isEnabled == false)
            #expect(try await bench.sqlite.disabledEndpoints() == ["shop": "the receiver answered 410 Gone"])
            #expect(ops.calls.entries.map(\.type) == [.endpointDisabled])
            #expect(ops.calls.entries.first?.data == #"{"id":"shop","endpoint":"shop","reason":"the receiver answered 410 Gone"}"#)
            #expect(shop.calls.entries.count == 1)
        }
    }

    @Test("keeps a delivery whose receiver asked to be disabled, and goes on with it when the endpoint is enabled")
    func disableDirective() async throws {
        let shop = Receiver { _, index in
            .answer(index == 1 ? DeliveryMachineTests.answer(400, directive: .disableEndpoint) : DeliveryMachineTests.answer(200))
        }
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            let engine = bench.engine()
            try await running(engine) {
                try await bench.store.records.first(1)
                #expect(bench.directory["shop"]?.isEnabled == false)
                let looks = bench.store.looks.entries.count
                bench.time.advance(by: .seconds(3600))
                try await bench.store.looks.first(looks + 1)
                let status = try await bench.status(of: id)
                #expect(status == .pending)
                #expect(shop.calls.entries.count == 1)
                bench.directory.set(Workbench.endpoint("shop"))
                engine.places.endpointsChanged()
                try await bench.store.records.first(2)
            }
            #expect(try await bench.status(of: id) == .delivered)
        }
    }

    @Test("buries the deliveries of an endpoint that no longer exists, and says why")
    func removed() async throws {
        try await withWorkbench([], [:]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine()) { try await bench.store.records.first(1) }
            #expect(try await bench.sqlite.delivery(id)?.deadReason == .endpointRemoved)
            let attempts = try await bench.sqlite.attempts(of: id)
            #expect(attempts.map(\.detail) == ["the endpoint no longer exists"])
            #expect(attempts.map(\.error) == [nil])
        }
    }

    @Test("sends a watch's callback to the URL the watch gave, with the response at hand")
    func callback() async throws {
        let receiver = Receiver(statuses: 200)
        try await withWorkbench([], ["callback": receiver], needsResponse: true) { bench in
            let node = NodeID("node-1")
            let callback = Callback(url: "https://caller.example/hook", secret: nil)
            let new = NewWatch(upstream: Workbench.upstream, response: ResponseID(trusted: "resp_1"), callback: callback)
            _ = try await bench.sqlite.register(new, now: start)
            let claimed = try #require(try await bench.sqlite.claimWatches(for: node, now: start, limit: 1).first)
            let body = Array(#"{"id":"resp_1","status":"completed"}"#.utf8)
            let plain = bench.event("resp_1")
            let event = Event(
                id: plain.id, type: plain.type, createdAt: start, watch: new.id, upstream: plain.upstream, response: plain.response,
                data: plain.data)
            let name = EndpointName(callbackOf: new.id)
            let recorded = try await bench.sqlite.end(
                WatchEnding(
                    id: new.id, lease: claimed.lease, status: .completed, event: event, response: body, model: nil, usage: nil,
                    sequenceNumber: nil, lastError: nil, recipients: [Recipient(endpoint: name)]))
            #expect(recorded != nil)
            try await running(bench.engine()) { try await bench.store.records.first(1) }
            let call = try #require(receiver.calls.entries.first)
            #expect(call.response == body)
            #expect(call.endpoint == callback.endpoint(for: new.id))
            #expect(try await bench.status(of: DeliveryID(event: event.id, endpoint: name)) == .delivered)
        }
    }

    @Test("makes a destination once per definition, and again when the definition changes")
    func destinations() async throws {
        let shop = Receiver(statuses: 200)
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            try await running(bench.engine()) {
                for index in 1...3 {
                    try await bench.raise("resp_\(index)", to: "shop")
                    try await bench.store.records.first(index)
                }
                #expect(bench.made.entries.count == 1)
                bench.directory.set(Workbench.endpoint("shop", places: 3))
                try await bench.raise("resp_4", to: "shop")
                try await bench.store.records.first(4)
            }
            #expect(bench.made.entries.map(\.maximumInFlight) == [16, 3])
            #expect(shop.calls.entries.map(\.endpoint.maximumInFlight) == [16, 16, 16, 3])
        }
    }

    @Test("holds a delivery back, uncounted, while its endpoint's settings cannot be used")
    func unusableSettings() async throws {
        try await withWorkbench([Workbench.endpoint("shop")], [:]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine()) { try await bench.store.records.first(1) }
            let delivery = try #require(try await bench.sqlite.delivery(id))
            #expect(delivery.status == .pending && delivery.attempts == 0 && delivery.nextAttemptAt == start + .seconds(1))
            #expect(try await bench.sqlite.attempts(of: id).first?.error == .internalTrouble)
        }
    }
}
