import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Delivering

@Suite("The rate that a receiver allows when it is asked", .timeLimit(.minutes(5)))
struct DeliveryGrantTests {
    private static func endpoint(own limit: RateLimit? = nil) throws -> Endpoint {
        var endpoint = Workbench.endpoint("shop")
        endpoint.target = .webhook(
            WebhookTarget(
                url: "https://shop.example", secrets: [],
                handshake: try WebhookHandshake(origin: "bridge.example.com", requestedRate: 600)))
        endpoint.rateLimit = limit
        return endpoint
    }

    private static func report(granting rate: RateLimit?, until: Timestamp) -> AttemptReport {
        var report = DeliveryMachineTests.answer(200)
        report.grant = RateGrant(rate: rate, until: until)
        return report
    }

    /// Runs the sender with deliveries waiting, and moves the clock by tenths of a second.
    ///
    /// - Returns: When each attempt began, since the start.
    private func starts(
        _ count: Int, endpoint: Endpoint, tenths: Int, answer: @escaping @Sendable (Receiver.Call) -> AttemptReport
    ) async throws -> [Duration] {
        let shop = Receiver { call, _ in .answer(answer(call)) }
        try await withWorkbench([endpoint], ["shop": shop]) { bench in
            for index in 0..<count { try await bench.raise("resp_\(index)", to: "shop") }
            let engine = bench.engine()
            try await running(engine) {
                for _ in 0..<tenths {
                    // Nothing is left to do at this time: what was sent is on record, and whoever waits does so for the clock.
                    try await eventually {
                        let snapshot = await engine.snapshot()
                        let sent = shop.calls.entries.count
                        return sent > 0 && snapshot.inFlight == 0 && bench.store.records.entries.count == sent
                            && (sent == count || bench.time.nextDeadline.map { $0 <= bench.time.now + .milliseconds(6000) } == true)
                    }
                    bench.time.advance(by: .milliseconds(100))
                }
                try await bench.store.records.first(count)
            }
        }
        return shop.calls.entries.map { $0.startedAt - start }
    }

    @Test("is kept: one attempt goes out to hear it, and no second brings more than it")
    func kept() async throws {
        let starts = try await starts(6, endpoint: try Self.endpoint(own: RateLimit(50, per: .second)), tenths: 50) { _ in
            Self.report(granting: RateLimit(60, per: .minute), until: start + .seconds(3600))
        }
        #expect(
            starts == [.zero, .zero, .seconds(1), .seconds(2), .seconds(3), .seconds(4)], "the second one is the burst of a full bucket")
    }

    @Test("does not loosen the endpoint's own limit")
    func stricter() async throws {
        let starts = try await starts(4, endpoint: try Self.endpoint(own: RateLimit(1, per: .second)), tenths: 40) { _ in
            Self.report(granting: RateLimit(6000, per: .minute), until: start + .seconds(3600))
        }
        #expect(starts == [.zero, .seconds(1), .seconds(2), .seconds(3)])
    }

    @Test("is none where it allows everything")
    func unlimited() async throws {
        let starts = try await starts(40, endpoint: try Self.endpoint(), tenths: 1) { _ in
            Self.report(granting: nil, until: start + .seconds(3600))
        }
        #expect(starts.allSatisfy { $0 == .zero })
    }

    @Test("holds no longer than the consent: then one attempt goes out to hear it anew")
    func ends() throws {
        let endpoint = try Self.endpoint(own: RateLimit(50, per: .second))
        var table = GrantTable()
        table.attemptEnded("shop", RateGrant(rate: RateLimit(60, per: .minute), until: start + .seconds(10)))
        table.attemptEnded("shop", nil)
        func allowance(_ time: Timestamp) -> LaneAllowance { LaneAllowance(of: endpoint, .flow, table.grant("shop", now: time)) }
        #expect(allowance(start) == LaneAllowance(places: 16, rate: RateLimit(60, per: .minute)))
        #expect(allowance(start + .seconds(10)) == LaneAllowance(places: 1, rate: RateLimit(50, per: .second)))
        table.keep { _ in false }
        #expect(allowance(start).places == 1)
        let unasked = Workbench.endpoint("shop")
        #expect(LaneAllowance(of: unasked, .flow, nil).places == 16)
    }
}
