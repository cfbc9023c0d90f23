import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Delivering

@Suite("An endpoint with a digest", .timeLimit(.minutes(5)))
struct DigestTests {
    private static let window: Duration = .seconds(60)

    private static func room(max: Int = 5) -> Endpoint {
        var endpoint = Workbench.endpoint("room")
        endpoint.digest = Digest(window: window, maximum: max)
        return endpoint
    }

    /// Writes events as the watching side does: it asks for a place first.
    private func raise(_ responses: [String], _ bench: Workbench, _ engine: DeliveryEngine) async throws -> [DeliveryID] {
        var ids: [DeliveryID] = []
        for response in responses {
            let event = bench.event(response)
            let recipient = Recipient(endpoint: "room", bornLeased: engine.places.reserve("room"))
            #expect(recipient.bornLeased == nil, "a delivery that gathers waits in the store")
            _ = try await bench.sqlite.record(event, recipients: [recipient], now: bench.time.wallNow)
            ids.append(DeliveryID(event: event.id, endpoint: "room"))
        }
        return ids
    }

    @Test("gets one message about everything that came within the window, and each delivery has its attempt")
    func window() async throws {
        let receiver = DigestReceiver()
        try await withWorkbench([Self.room()], [:]) { bench in
            let engine = bench.engine(make: { _ in receiver })
            try await running(engine) {
                let ids = try await raise(["a", "b"], bench, engine)
                bench.time.advance(by: .seconds(30))
                let more = try await raise(["c"], bench, engine)
                try await eventually { engine.places.nextWakeUp == start + Self.window }
                #expect(receiver.messages.entries.isEmpty, "nothing before the window has passed")
                bench.time.advance(by: .seconds(31))
                try await receiver.messages.first(1)
                #expect(receiver.messages.entries == [["a", "b", "c"]])
                for id in ids + more {
                    try await eventually { try await bench.status(of: id) == .delivered }
                    let attempts = try await bench.sqlite.attempts(of: id)
                    #expect(attempts.map(\.number) == [1] && attempts.map(\.outcome) == [.succeeded])
                }
            }
        }
    }

    @Test("gets a message as soon as it is full, and the rest when their own window has passed")
    func full() async throws {
        let receiver = DigestReceiver()
        try await withWorkbench([Self.room(max: 3)], [:]) { bench in
            let engine = bench.engine(make: { _ in receiver })
            try await running(engine) {
                _ = try await raise(["a", "b", "c"], bench, engine)
                try await receiver.messages.first(1)
                // The third is counted when it is about to be recorded: who looks just then finds two, and it comes with the next message.
                let first = try #require(receiver.messages.entries.first)
                #expect(first.starts(with: ["a", "b"]))
                _ = try await raise(["d"], bench, engine)
                bench.time.advance(by: .seconds(61))
                try await receiver.messages.first(2)
                #expect(first + (receiver.messages.entries.last ?? []) == ["a", "b", "c", "d"])
            }
        }
    }

    @Test("gets a single event as it gets it without a digest")
    func single() async throws {
        let receiver = DigestReceiver()
        try await withWorkbench([Self.room()], [:]) { bench in
            let engine = bench.engine(make: { _ in receiver })
            try await running(engine) {
                _ = try await raise(["a"], bench, engine)
                bench.time.advance(by: .seconds(61))
                try await receiver.messages.first(1)
                #expect(receiver.singles.entries == ["a"])
            }
        }
    }

    @Test("gets the same message again after a failure, beside what came meanwhile")
    func retry() async throws {
        let receiver = DigestReceiver(failures: 1)
        try await withWorkbench([Self.room()], [:]) { bench in
            let engine = bench.engine(make: { _ in receiver })
            try await running(engine) {
                let ids = try await raise(["a", "b"], bench, engine)
                bench.time.advance(by: .seconds(61))
                try await receiver.messages.first(1)
                for id in ids { try await eventually { try await bench.sqlite.delivery(id)?.attempts == 1 } }
                var times: Set<Timestamp?> = []
                for id in ids { times.insert(try await bench.sqlite.delivery(id)?.nextAttemptAt) }
                #expect(times.count == 1, "a set falls due as one")
                _ = try await raise(["c"], bench, engine)
                bench.time.advance(by: .seconds(6))
                try await receiver.messages.first(2)
                bench.time.advance(by: .seconds(61))
                try await receiver.messages.first(3)
                #expect(receiver.messages.entries == [["a", "b"], ["a", "b"], ["c"]])
            }
        }
    }

    @Test("loses nothing when the sender dies before it wrote anything down: the message comes again")
    func crash() async throws {
        let receiver = DigestReceiver()
        try await withWorkbench([Self.room()], [:]) { bench in
            let hanging = DigestReceiver.hanging()
            let mortal = FaultyStore(bench.sqlite)
            let first = bench.engine(node: "node-1", store: mortal, make: { _ in hanging })
            try await running(first) {
                _ = try await raise(["a", "b"], bench, first)
                bench.time.advance(by: .seconds(61))
                try await hanging.messages.first(1)
                mortal.die()
            }
            let second = bench.engine(node: "node-2", make: { _ in receiver })
            try await running(second) {
                bench.time.advance(by: .seconds(61))
                try await eventually {
                    bench.time.advance(by: .seconds(5))
                    return !receiver.messages.entries.isEmpty
                }
                #expect(receiver.messages.entries == [["a", "b"]])
            }
        }
    }

    @Test("claims first attempts and retries apart, for one message at a time")
    func claims() {
        var table = LaneTable()
        let allowance = LaneAllowance(places: 16, digest: Digest(window: Self.window, maximum: 3))
        func ask(_ table: inout LaneTable, _ now: Timestamp) -> [DeliveryClaim.Lane] {
            table.beginClaim(now: now, rows: 500, laneCount: 10) { _ in allowance }
        }
        for _ in 0..<2 {
            let isReserved = table.reserve("room", allowance, now: start)
            #expect(!isReserved)
        }
        table.look(at: "room")
        // Retries may be there: they do not wait for the window.
        let retries = ask(&table, start)
        #expect(
            retries == [.init(endpoint: "room", limit: 3, reservedForRetries: 3, retryLimit: 3, firstLimit: 0)])
        let second = ask(&table, start + Self.window)
        #expect(second == [], "one claim at a time")
        table.endClaim(retries, found: [:])
        let early = ask(&table, start + .seconds(1))
        #expect(early == [], "the window has not passed")
        #expect(table.nextWakeUp == start + Self.window)

        let firsts = ask(&table, start + Self.window)
        #expect(firsts.first?.retryLimit == 0 && firsts.first?.firstLimit == 3)
        table.endClaim(firsts, found: ["room": (2, 0)])
        table.look(at: "room")
        let busy = ask(&table, start + .seconds(600))
        #expect(busy == [], "one message at a time")
        for _ in 0..<2 { table.attemptEnded("room", isRetry: false) }
        let next = ask(&table, start + .seconds(600))
        #expect(next.count == 1)
    }

    @Test("takes one token for one message")
    func token() {
        var table = LaneTable()
        let rate = RateLimit(text: "1/m")
        #expect(rate != nil)
        let allowance = LaneAllowance(places: 16, rate: rate, digest: Digest(window: Self.window, maximum: 3))
        for _ in 0..<3 { _ = table.reserve("room", allowance, now: start) }
        table.look(at: "room")
        let claim = table.beginClaim(now: start, rows: 500, laneCount: 10) { _ in allowance }
        #expect(claim.first?.limit == 3)
    }
}

/// Keeps the responses of each message.
private final class DigestReceiver: Destination {
    let messages = Journal<[String]>()
    let singles = Journal<String>()
    private let failures: Int
    private let gate: Gate?

    init(failures: Int = 0, gate: Gate? = nil) {
        self.failures = failures
        self.gate = gate
    }

    static func hanging() -> DigestReceiver { DigestReceiver(gate: Gate()) }

    var needsResponse: Bool { false }

    func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
        singles.append(job.event.response?.rawValue ?? "")
        return await answer([job])
    }

    func attempt(together jobs: [DeliveryJob], startedAt: Timestamp) async -> AttemptReport {
        await answer(jobs)
    }

    private func answer(_ jobs: [DeliveryJob]) async -> AttemptReport {
        let count = messages.append(jobs.map { $0.event.response?.rawValue ?? "" }.sorted())
        if let gate {
            await gate.wait()
            return AttemptReport(error: .internalTrouble)
        }
        return count <= failures ? AttemptReport(error: .httpStatus, httpStatus: 503) : AttemptReport()
    }
}
