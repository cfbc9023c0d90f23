import RawJSON
import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Delivering

@Suite("The sender", .timeLimit(.minutes(5)))
struct DeliveryEngineTests {
    @Test("delivers what is due when it starts and what becomes due later, each once")
    func delivers() async throws {
        let shop = Receiver(statuses: 200)
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let early = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine()) {
                try await bench.store.records.first(1)
                let late = try await bench.raise("resp_2", to: "shop")[0]
                try await bench.store.records.first(2)
                #expect(try await bench.status(of: early) == .delivered)
                #expect(try await bench.status(of: late) == .delivered)
            }
            #expect(shop.calls.entries.map(\.event) == [bench.event("resp_1").id, bench.event("resp_2").id])
            let attempts = try await bench.sqlite.attempts(of: early)
            #expect(attempts.map(\.number) == [1])
            #expect(attempts.map(\.outcome) == [.succeeded])
            #expect(attempts.map(\.httpStatus) == [200])
        }
    }

    @Test("tries again at the times of the schedule, neither sooner nor later")
    func schedule() async throws {
        let shop = Receiver(statuses: 500, 404, 503, 200)
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            var due = start
            try await running(bench.engine()) {
                for (index, wait) in Workbench.retry.schedule.enumerated() {
                    try await bench.store.records.first(index + 1)
                    due = due + wait
                    let delivery = try await bench.sqlite.delivery(id)
                    #expect(delivery?.nextAttemptAt == due)
                    let looks = bench.store.looks.entries.count
                    bench.time.advance(by: wait - .milliseconds(1))
                    if wait > .seconds(5) { try await bench.store.looks.first(looks + 1) }
                    #expect(shop.calls.entries.count == index + 1)
                    bench.time.advance(by: .milliseconds(1))
                    #expect(try await shop.calls.first(index + 2).last?.startedAt == due)
                }
                try await bench.store.records.first(4)
            }
            #expect(try await bench.status(of: id) == .delivered)
            #expect(try await bench.sqlite.attempts(of: id).map(\.httpStatus) == [500, 404, 503, 200])
            #expect(Set(shop.calls.entries.map(\.event)).count == 1, "the same event on every attempt")
        }
    }

    @Test("measures from the end of a response to the first word of it, by the kind of endpoint, and forgets what is sent anew")
    func latency() async throws {
        let shop = Receiver(statuses: 500, 200, 200)
        let inbox = Receiver(statuses: 200)
        var files = Workbench.endpoint("files")
        files.target = .inbox(InboxTarget(directory: "/nowhere"))
        try await withWorkbench([Workbench.endpoint("shop"), files], ["shop": shop, "files": inbox]) { bench in
            let id = try await bench.raise("resp_1", to: "shop", "files")[0]
            let engine = bench.engine()
            try await running(engine) {
                try await bench.store.records.first(2)
                bench.time.advance(by: .seconds(5))
                try await bench.store.records.first(3)
                var latencies = await engine.snapshot().counters.latencies
                #expect(latencies.mapValues(\.count) == [.webhook: 1, .inbox: 1])
                #expect(latencies[.webhook]?.sum == 5)
                #expect(latencies[.inbox]?.sum == 0)

                bench.time.advance(by: .seconds(3600))
                _ = try await bench.sqlite.resend(bench.event("resp_1").id, to: "shop", now: bench.time.wallNow)
                try await bench.store.records.first(4)
                #expect(try await bench.status(of: id) == .delivered)
                latencies = await engine.snapshot().counters.latencies
                #expect(latencies[.webhook]?.count == 1)
            }
        }
    }

    @Test("wakes up for each of several retries of one endpoint")
    func severalRetries() async throws {
        let shop = Receiver { call, _ in .answer(DeliveryMachineTests.answer(call.number == 1 ? 500 : 200)) }
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            try await running(bench.engine(options: DeliveryEngineOptions(lookInterval: .seconds(3600), drainLimit: .zero))) {
                for index in 0..<4 {
                    try await bench.raise("resp_\(index)", to: "shop")
                    try await bench.store.records.first(index + 1)
                    bench.time.advance(by: .seconds(1))
                }
                for index in 0..<4 {
                    bench.time.advance(by: .seconds(1))
                    let call = try await shop.calls.first(5 + index)[4 + index]
                    #expect(call.event == bench.event("resp_\(index)").id)
                    #expect(call.startedAt == start + .seconds(5 + index))
                }
                try await bench.store.records.first(8)
            }
        }
    }

    @Test("comes back no sooner than the receiver's Retry-After")
    func retryAfter() async throws {
        let shop = Receiver { _, index in
            .answer(index == 1 ? DeliveryMachineTests.answer(429, retryAfter: .seconds(120)) : DeliveryMachineTests.answer(200))
        }
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine()) {
                try await bench.store.records.first(1)
                let delivery = try await bench.sqlite.delivery(id)
                #expect(delivery?.nextAttemptAt == start + .seconds(120))
                bench.time.advance(by: .seconds(119))
                bench.time.advance(by: .seconds(1))
                #expect(try await shop.calls.first(2)[1].startedAt == start + .seconds(120))
                try await bench.store.records.first(2)
            }
            #expect(try await bench.sqlite.attempts(of: id).first?.retryAfter == .seconds(120))
        }
    }

    @Test("gives up after the schedule, with every attempt on record, says so to who asked, and delivers after a redrive")
    func death() async throws {
        let shop = Receiver(statuses: 500, 500, 500, 500, 200)
        let ops = Receiver(statuses: 200)
        let all = [EventPattern("delivery.*")].compactMap { $0 }
        let endpoints = [Workbench.endpoint("shop", events: all), Workbench.endpoint("ops", events: all)]
        try await withWorkbench(endpoints, ["shop": shop, "ops": ops]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine()) {
                for (index, wait) in Workbench.retry.schedule.enumerated() {
                    try await bench.store.records.first(index + 1)
                    bench.time.advance(by: wait)
                }
                try await bench.store.records.first(5)
                let delivery = try #require(try await bench.sqlite.delivery(id))
                #expect(delivery.status == .dead && delivery.deadReason == .exhausted && delivery.attempts == 4)
                #expect(try await bench.sqlite.attempts(of: id).map(\.number) == [1, 2, 3, 4])
                let notice = try #require(ops.calls.entries.first)
                #expect(notice.type == .deliveryDead)
                #expect(notice.event == EventID(type: .deliveryDead, occasion: "\(id):4"))
                let expected: JSON = [
                    "id": .string(id.rawValue), "event": .string(delivery.event.rawValue), "endpoint": "shop", "reason": "exhausted",
                    "response_id": "resp_1",
                ]
                #expect(notice.data == expected.text)
                #expect(shop.calls.entries.count == 4, "the dead endpoint hears nothing of it")

                #expect(try await bench.sqlite.redrive(DeadLetterFilter(), dryRun: false, now: bench.time.wallNow) == (1, 1))
                try await bench.store.records.first(6)
                #expect(try await bench.status(of: id) == .delivered)
                #expect(shop.calls.entries.last?.number == 5)
                #expect(Set(shop.calls.entries.map(\.event)).count == 1)
            }
            #expect(ops.calls.entries.count == 1)
        }
    }

    @Test("does not announce the death of an announcement")
    func deathOfNotice() async throws {
        let pattern = [EventPattern("delivery.*")].compactMap { $0 }
        let once = RetryPolicy(schedule: [], jitter: 0)
        let names: [EndpointName] = ["shop", "ops", "watchers"]
        let endpoints = names.map { Workbench.endpoint($0, events: pattern, retry: once) }
        let receivers = Dictionary(uniqueKeysWithValues: names.map { ($0, Receiver(statuses: 500)) })
        try await withWorkbench(endpoints, receivers) { bench in
            try await bench.raise("resp_1", to: "shop")
            try await running(bench.engine()) {
                try await bench.store.records.first(3)
            }
            let events = try await bench.sqlite.events(EventFilter(type: .deliveryDead), page: PageRequest()).elements
            #expect(events.count == 1)
            let dead = try await bench.sqlite.deadLetters(DeadLetterFilter(), page: PageRequest()).elements
            #expect(Set(dead.map(\.endpoint)) == ["shop", "ops", "watchers"])
        }
    }

    @Test("delivers the same event after a crash in the middle of an attempt, when the lease of the dead node has ended")
    func crash() async throws {
        let shop = Receiver { call, index in
            index == 1 ? .wait(Gate(), AttemptReport()) : .answer(DeliveryMachineTests.answer(200))
        }
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            let dying = FaultyStore(bench.sqlite)
            try await running(bench.engine(node: "node-1", store: dying)) {
                try await shop.calls.first(1)
                dying.die()
            }
            #expect(try await bench.status(of: id) == .delivering, "a dead process gives nothing back")
            try await running(bench.engine(node: "node-2")) {
                try await bench.store.looks.first(1)
                #expect(shop.calls.entries.count == 1, "the lease still holds")
                bench.time.advance(by: .seconds(15 + 5 + 30))
                try await bench.store.records.first(1)
            }
            #expect(try await bench.status(of: id) == .delivered)
            #expect(shop.calls.entries.map(\.event) == [bench.event("resp_1").id, bench.event("resp_1").id])
        }
    }

    @Test("gives back what it was sending when it is stopped, as if it had never been tried")
    func stop() async throws {
        let shop = Receiver { _, index in
            index == 1 ? .wait(Gate(), AttemptReport()) : .answer(DeliveryMachineTests.answer(200))
        }
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine(node: "node-1")) { try await shop.calls.first(1) }
            let delivery = try #require(try await bench.sqlite.delivery(id))
            #expect(delivery.status == .pending && delivery.attemptsInAll == 0)
            #expect(shop.cancelled.entries.count == 1)
            try await running(bench.engine(node: "node-2")) { try await bench.store.records.first(1) }
            #expect(try await bench.status(of: id) == .delivered)
        }
    }

    @Test("lets attempts under way finish when it is stopped, and starts no others")
    func drain() async throws {
        let gate = Gate()
        let shop = Receiver { _, _ in .wait(gate, DeliveryMachineTests.answer(200)) }
        try await withWorkbench([Workbench.endpoint("shop", places: 1)], ["shop": shop]) { bench in
            let first = try await bench.raise("resp_1", to: "shop")[0]
            let engine = bench.engine(options: DeliveryEngineOptions(drainLimit: .seconds(25)))
            let second = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await engine.run() }
                try await shop.calls.first(1)
                group.cancelAll()
                try await eventually { engine.places.isClosed }
                let second = try await bench.raise("resp_2", to: "shop")[0]
                #expect(engine.places.reserve("shop") == nil)
                gate.open()
                try await group.waitForAll()
                return second
            }
            #expect(try await bench.status(of: first) == .delivered)
            #expect(try await bench.status(of: second) == .pending)
            #expect(shop.calls.entries.count == 1)
        }
    }

    @Test("cancels attempts that do not finish within the drain limit")
    func drainLimit() async throws {
        let shop = Receiver.hanging()
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            let engine = bench.engine(options: DeliveryEngineOptions(lookInterval: .seconds(3600), drainLimit: .seconds(25)))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await engine.run() }
                try await shop.calls.first(1)
                group.cancelAll()
                try await eventually { bench.time.nextDeadline == bench.time.now + .seconds(25) }
                bench.time.advance(by: .seconds(25))
                try await group.waitForAll()
            }
            #expect(try await bench.status(of: id) == .pending)
            #expect(shop.cancelled.entries.count == 1)
        }
    }

    @Test("lets a dead endpoint delay nobody else")
    func independence() async throws {
        let names: [EndpointName] = ["shop", "crm"]
        let hanging = Receiver.hanging()
        let receivers: [EndpointName: Receiver] = ["dead": hanging, "shop": Receiver(statuses: 200), "crm": Receiver(statuses: 200)]
        let endpoints = (["dead"] + names).map { Workbench.endpoint($0, places: 4) }
        try await withWorkbench(endpoints, receivers) { bench in
            for index in 0..<40 { try await bench.raise("resp_\(index)", to: "dead", "shop", "crm") }
            let engine = bench.engine()
            try await running(engine) {
                try await bench.store.records.first(80)
                #expect(bench.store.records.entries.allSatisfy { $0.next == .delivered })
                #expect(receivers["shop"]?.calls.entries.count == 40)
                #expect(receivers["crm"]?.calls.entries.count == 40)
                try await eventually { hanging.calls.entries.count == 4 }
                let lane = await engine.snapshot().lanes.first { $0.endpoint == "dead" }
                #expect(lane?.inFlight == 4 && lane?.hasWorkWaiting == true)
            }
            #expect(hanging.calls.entries.count == 4)
            #expect(try await bench.sqlite.pendingDeliveryCount() == 40, "everything of the dead endpoint still waits")
        }
    }

    @Test("does not count attempts that failed by our own trouble")
    func ownTrouble() async throws {
        let shop = Receiver { _, index in .answer(index <= 5 ? AttemptReport(error: .internalTrouble) : DeliveryMachineTests.answer(500)) }
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop]) { bench in
            let id = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine()) {
                for (index, wait) in [1, 2, 4, 8, 16].enumerated() {
                    try await bench.store.records.first(index + 1)
                    bench.time.advance(by: .seconds(wait))
                }
                try await bench.store.records.first(6)
            }
            let delivery = try #require(try await bench.sqlite.delivery(id))
            #expect(delivery.status == .pending && delivery.attempts == 1 && delivery.attemptsInAll == 6)
            #expect(delivery.nextAttemptAt == start + .seconds(31 + 5), "the schedule begins with the first attempt that counts")
        }
    }

    @Test("treats a response that cannot be read as its own trouble")
    func unreadableResponse() async throws {
        let shop = Receiver(statuses: 200)
        try await withWorkbench([Workbench.endpoint("shop")], ["shop": shop], needsResponse: true) { bench in
            bench.store.fail(.response, times: 1, with: .unavailable("it rains"))
            let id = try await bench.raise("resp_1", to: "shop")[0]
            try await running(bench.engine()) {
                try await bench.store.records.first(1)
                let delivery = try await bench.sqlite.delivery(id)
                #expect(delivery?.attempts == 0)
                bench.time.advance(by: .seconds(1))
                try await bench.store.records.first(2)
            }
            #expect(try await bench.status(of: id) == .delivered)
        }
    }

    @Test("sends a test at once, through the endpoint's destination, and leaves nothing in the store", arguments: [204, 500])
    func test(status: Int) async throws {
        let shop = Receiver(statuses: status)
        try await withWorkbench([], ["shop": shop]) { bench in
            let event = Event(
                id: EventID(type: .ringbackTest, occasion: "1"), type: .ringbackTest, createdAt: start, watch: nil, upstream: nil,
                response: nil, data: Array("{}".utf8))
            let attempt = await bench.engine().test(Workbench.endpoint("shop"), event: event)
            #expect(attempt.number == 1 && attempt.httpStatus == status && attempt.startedAt == start)
            #expect(attempt.outcome == (status == 204 ? .succeeded : .failed))
            #expect(shop.calls.entries.map(\.event) == [event.id])
            let deliveries = try await bench.sqlite.deliveries(DeliveryFilter(), page: PageRequest()).elements
            #expect(deliveries.isEmpty)
            let unusable = await bench.engine().test(Workbench.endpoint("unknown"), event: event)
            #expect(unusable.outcome == .failed && unusable.error == .internalTrouble)
        }
    }
}
