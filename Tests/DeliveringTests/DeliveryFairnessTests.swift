import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Delivering

@Suite("The sender is fair", .timeLimit(.minutes(5)))
struct DeliveryFairnessTests {
    /// Fails after 15 s without an answer, as a receiver does that takes the connection and then hangs.
    private struct Hanging: Destination {
        let time: ManualTime
        let needsResponse = false

        func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
            do {
                try await time.sleep(until: time.now + .seconds(15))
            } catch {
                return AttemptReport(error: .internalTrouble, detail: "cancelled")
            }
            return AttemptReport(error: .timeout)
        }
    }

    /// Takes each delivery, but only after 2 s.
    private struct Crawling: Destination {
        let time: ManualTime
        let needsResponse = false

        func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
            do {
                try await time.sleep(until: time.now + .seconds(2))
            } catch {
                return AttemptReport(error: .internalTrouble, detail: "cancelled")
            }
            return AttemptReport(httpStatus: 200)
        }
    }

    private static let events = 5000
    private static let perSecond = 250

    /// Raises events second by second, and waits each time only for the healthy endpoint, with the clock standing still.
    ///
    /// - Returns: How long each event waited for its first attempt there.
    private func waits(at names: EndpointName...) async throws -> [Duration] {
        let healthy = Receiver(statuses: 200)
        var waits: [Duration] = []
        try await withWorkbench(names.map { Workbench.endpoint($0) }, ["healthy": healthy]) { bench in
            let time = bench.time
            let engine = bench.engine(options: DeliveryEngineOptions(drainLimit: .zero)) { endpoint in
                switch endpoint.name {
                case "dead": Hanging(time: time)
                case "slow": Crawling(time: time)
                default: ScriptedDestination(endpoint: endpoint, receiver: healthy, needsResponse: false)
                }
            }
            var raisedAt: [EventID: Timestamp] = [:]
            try await running(engine) {
                for second in 0..<(Self.events / Self.perSecond) {
                    let responses = (0..<Self.perSecond).map { "resp_\(second)_\($0)" }
                    for response in responses { raisedAt[bench.event(response).id] = time.wallNow }
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for response in responses {
                            group.addTask {
                                let event = bench.event(response)
                                _ = try await bench.sqlite.record(
                                    event, recipients: names.map { Recipient(endpoint: $0) }, now: time.wallNow)
                            }
                        }
                        try await group.waitForAll()
                    }
                    // The clock stands: were one of these behind the dead or the slow endpoint, it would never come.
                    try await healthy.calls.first((second + 1) * Self.perSecond)
                    time.advance(by: .seconds(1))
                }
            }
            waits = try healthy.calls.entries.map { $0.startedAt - (try #require(raisedAt[$0.event])) }
        }
        return waits
    }

    @Test("to a healthy endpoint beside a dead and a slow one: it waits as little as when it is alone")
    func threeEndpoints() async throws {
        let alone = try await waits(at: "healthy").sorted()
        let together = try await waits(at: "dead", "slow", "healthy").sorted()
        #expect(alone.count == Self.events && together.count == Self.events)
        #expect(together[Self.events * 99 / 100] == alone[Self.events * 99 / 100])
        #expect(together.last == .zero, "not one of them waited for the clock")
    }

    @Test("to new events while a thousand redriven ones hold all that retries may have: they go out at once")
    func redrive() async throws {
        let gate = Gate()
        let shop = Receiver { call, _ in
            call.number == 1 && call.type == .responseFailed
                ? .answer(DeliveryMachineTests.answer(400, directive: .abortMessage))
                : call.type == .responseFailed ? .wait(gate, DeliveryMachineTests.answer(200)) : .answer(DeliveryMachineTests.answer(200))
        }
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let engine = bench.engine()
            try await running(engine) {
                for index in 0..<1000 { try await bench.raiseOld("old_\(index)", to: "shop") }
                try await bench.store.records.first(1000)
                #expect(try await bench.sqlite.redrive(DeadLetterFilter(), dryRun: false, now: bench.time.wallNow) == (1000, 1000))
                // Twelve of sixteen places: the rest is kept for first attempts.
                try await shop.calls.first(1012)
                for index in 0..<100 {
                    try await bench.raise("fresh_\(index)", to: "shop")
                    try await shop.calls.first(1012 + index + 1)
                }
                let fresh = shop.calls.entries.suffix(100)
                #expect(fresh.allSatisfy { $0.type == .responseCompleted && $0.startedAt == start })
                try await eventually { engine.places.reserve("shop") != nil }
                // No new event comes any more: the retries have all their places again.
                bench.time.advance(by: LaneTable.flowOfEvents)
                gate.open()
                try await bench.store.records.first(2100)
            }
            #expect(try await bench.sqlite.pendingDeliveryCount() == 0)
        }
    }

    @Test("to a receiver with a rate limit: no second brings it more, and nothing is lost")
    func rateLimit() async throws {
        let shop = Receiver(statuses: 200)
        var endpoint = Workbench.endpoint("shop")
        endpoint.rateLimit = RateLimit(10, per: .second)
        try await withWorkbench([endpoint], ["shop": shop]) { bench in
            for index in 0..<45 { try await bench.raise("resp_\(index)", to: "shop") }
            try await running(bench.engine()) {
                try await bench.store.records.first(10)
                for tenth in 1...35 {
                    #expect(shop.calls.entries.count == 9 + tenth)
                    try await bench.time.waitUntilSomebodySleeps(until: bench.time.now + .milliseconds(100))
                    bench.time.advance(by: .milliseconds(100))
                    try await bench.store.records.first(10 + tenth)
                }
            }
            #expect(Set(shop.calls.entries.map(\.event)).count == 45)
        }
    }

    @Test("to new events of an endpoint with a single place: they go before every retry that waits")
    func singlePlace() async throws {
        let gate = Gate()
        let shop = Receiver { call, index in
            if call.type == .responseFailed, index <= 20 { return .answer(DeliveryMachineTests.answer(400, directive: .abortMessage)) }
            return index == 21 ? .wait(gate, DeliveryMachineTests.answer(200)) : .answer(DeliveryMachineTests.answer(200))
        }
        try await withWorkbench([Workbench.endpoint("shop", places: 1)], ["shop": shop]) { bench in
            try await running(bench.engine()) {
                for index in 0..<20 { try await bench.raiseOld("old_\(index)", to: "shop") }
                try await bench.store.records.first(20)
                _ = try await bench.sqlite.redrive(DeadLetterFilter(), dryRun: false, now: bench.time.wallNow)
                try await shop.calls.first(21)
                for index in 0..<10 { try await bench.raise("fresh_\(index)", to: "shop") }
                gate.open()
                try await bench.store.records.first(50)
                let types = shop.calls.entries.dropFirst(20).map(\.type)
                #expect(types[0] == .responseFailed, "the one that was under way")
                #expect(types[1...10].allSatisfy { $0 == .responseCompleted })
                #expect(types[11...].allSatisfy { $0 == .responseFailed } && types.count == 30)
            }
        }
    }
}

extension Workbench {
    /// Writes an event of another type than ``raise(_:to:)``, so that a receiver can tell it apart.
    func raiseOld(_ response: String, to endpoint: EndpointName) async throws {
        let id = ResponseID(trusted: response)
        let event = Event(
            id: EventID(upstream: Self.upstream, response: id, type: .responseFailed), type: .responseFailed, createdAt: start, watch: nil,
            upstream: Self.upstream, response: id, data: Array("{}".utf8))
        _ = try await sqlite.record(event, recipients: [Recipient(endpoint: endpoint)], now: start)
    }
}

extension ManualTime {
    /// Returns when somebody sleeps until `deadline` or less.
    func waitUntilSomebodySleeps(until deadline: Moment) async throws {
        try await eventually { self.nextDeadline.map { $0 <= deadline } ?? false }
    }
}
