import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

@Suite("A watch engine keeps to the rate of each credential", .timeLimit(.minutes(5)))
struct WatchEngineGovernorTests {
    private static let other = UpstreamName(trusted: "other")

    /// One request a second, so that a second request under the same credential has to wait.
    private static func slow(_ name: UpstreamName = EngineBench.upstreamName, _ change: (inout Upstream) -> Void = { _ in }) -> Upstream {
        var upstream = EngineBench.upstream {
            $0.requestsPerSecond = 1
            $0.follow = .poll
        }
        upstream.name = name
        change(&upstream)
        return upstream
    }

    private func elapsed(_ bench: EngineBench) -> Duration { bench.time.now - Moment(nanoseconds: 0) }

    @Test("two upstreams with one server and one key have one rate")
    func shared() async throws {
        try await withEngine(Self.slow()) { bench in
            await bench.engine.replaceUpstreams([
                Self.slow(), Self.slow(Self.other) { $0.baseURL = "http://127.0.0.1:1/elsewhere?api-version=2" },
            ])
            try await bench.register("resp_1")
            _ = await bench.transport.nextCall()
            try await bench.register("resp_2") { $0.upstream = Self.other }
            let second = try await bench.callLater()
            #expect(second.request.url.contains("/elsewhere/responses/resp_2"))
            #expect(elapsed(bench) >= .seconds(1))
        }
    }

    @Test(
        "another key, another server and another port have a rate of their own",
        arguments: [
            { $0.apiKey = Secret("sk-other") }, { $0.baseURL = "http://127.0.0.2:1/v1" }, { $0.baseURL = "http://127.0.0.1:2/v1" },
            { $0.apiKeyHeader = "api-key" },
        ] as [@Sendable (inout Upstream) -> Void])
    func apart(_ change: @Sendable (inout Upstream) -> Void) async throws {
        try await withEngine(Self.slow()) { bench in
            await bench.engine.replaceUpstreams([Self.slow(), Self.slow(Self.other, change)])
            try await bench.register("resp_1")
            _ = await bench.transport.nextCall()
            try await bench.register("resp_2") { $0.upstream = Self.other }
            _ = await bench.transport.nextCall()
            #expect(elapsed(bench) == .zero)
        }
    }

    @Test("a watch that brings its own key is counted under that key")
    func ownKey() async throws {
        try await withEngine(Self.slow()) { bench in
            let own = [HeaderField("authorization", Secret("Bearer sk-client"))]
            try await bench.register("resp_1")
            _ = await bench.transport.nextCall()
            try await bench.register("resp_2") { $0.headers = own }
            _ = await bench.transport.nextCall()
            #expect(elapsed(bench) == .zero)
            try await bench.register("resp_3") { $0.headers = own + [HeaderField("X-On-Behalf-Of", Secret("acme"))] }
            _ = try await bench.callLater()
            #expect(elapsed(bench) >= .seconds(1))
        }
    }

    @Test("a header that is no credential has no rate of its own")
    func ordinaryHeader() async throws {
        try await withEngine(Self.slow()) { bench in
            try await bench.register("resp_1")
            _ = await bench.transport.nextCall()
            try await bench.register("resp_2") { $0.headers = [HeaderField("X-On-Behalf-Of", Secret("acme"))] }
            _ = try await bench.callLater()
            #expect(elapsed(bench) >= .seconds(1))
        }
    }

    @Test("a 429 holds back all watches of the credential, and halves its rate")
    func rateLimited() async throws {
        try await withEngine(Self.slow { $0.requestsPerSecond = 100 }) { bench in
            try await bench.register("resp_1")
            await bench.transport.nextCall().answer(429, body: #"{"error":"Rate limit exceeded"}"#)
            #expect(await bench.engine.snapshot().upstreams.first?.heldFor.map { $0 >= .seconds(1) } == true)
            #expect(await bench.engine.snapshot().upstreams.first?.requestsPerSecond == 50)
            try await bench.register("resp_2")
            _ = try await bench.callLater()
            #expect(elapsed(bench) >= .seconds(1))
            #expect(await bench.engine.snapshot().upstreams.first?.totals.rateLimited == 1)
        }
    }

    @Test("a 429 to a stream request counts like any other, with its Retry-After")
    func rateLimitedStream() async throws {
        try await withEngine(Self.slow { $0.follow = .stream }) { bench in
            try await bench.register("resp_1")
            await bench.transport.nextCall().answer(429, [(name: "retry-after", value: "20")])
            try await bench.register("resp_2")
            _ = try await bench.callLater()
            #expect(elapsed(bench) >= .seconds(20))
        }
    }

    @Test("a successful answer that used up the allowance holds back the next request until it is renewed")
    func usedUp() async throws {
        try await withEngine(Self.slow { $0.requestsPerSecond = 100 }) { bench in
            try await bench.register("resp_1")
            await bench.transport.nextCall().answer(
                200,
                [
                    (name: "content-type", value: "application/json"), (name: "x-ratelimit-remaining-requests", value: "0"),
                    (name: "x-ratelimit-reset-requests", value: "7s"),
                ], body: #"{"id":"resp_1","status":"in_progress"}"#)
            try await bench.register("resp_2")
            _ = try await bench.callLater()
            #expect(elapsed(bench) >= .seconds(7))
        }
    }

    @Test("whoever waits under a key that was replaced goes on under the new one")
    func replacedKey() async throws {
        try await withEngine(Self.slow()) { bench in
            try await bench.register("resp_1")
            await bench.transport.nextCall().answer(429, [(name: "retry-after", value: "3000")])
            try await bench.register("resp_2")
            try await bench.moveClock { await bench.engine.snapshot().upstreams.first?.waitingRequests == 1 }
            await bench.engine.replaceUpstreams([Self.slow { $0.apiKey = Secret("sk-new") }])
            let call = await bench.transport.nextCall()
            #expect(call.request.url.hasSuffix("resp_2"))
            #expect(call.request.headers.contains { $0.value == "Bearer sk-new" })
            #expect(elapsed(bench) < .seconds(3000))
        }
    }

    @Test("measures how long requests waited, and who waits")
    func measured() async throws {
        // So slow that the second still waits when it is claimed, however far the clock has moved until then.
        try await withEngine(Self.slow { $0.requestsPerSecond = 0.001 }) { bench in
            try await bench.register("resp_1")
            _ = await bench.transport.nextCall()
            try await bench.register("resp_2")
            try await bench.moveClock { await bench.engine.snapshot().totals.claimed == 2 }
            _ = try await bench.callLater()
            let upstream = try #require(await bench.engine.snapshot().upstreams.first)
            #expect(upstream.totals.waits.count == 2)
            #expect(upstream.totals.waits.counts.first == 1, "the first did not wait")
            #expect(upstream.totals.retrievals == 2 && upstream.totals.streams == 0)
            #expect(upstream.waitingRequests == 0 && upstream.longestWait == .zero)
        }
    }

    @Test("after a restart a new watch goes before those that are taken up again")
    func restart() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openStore(in: directory, time: time)
            try await withEngine(on: store, time: time, upstream: Self.slow { $0.requestsPerSecond = 1000 }) { bench in
                for number in 1...3 {
                    let id = try await bench.register("resp_\(number)")
                    await bench.transport.nextCall().respond("in_progress")
                    try await bench.moveClock { try await bench.watch(id)?.following == .poll }
                }
            }
            time.advance(by: .seconds(1))
            let new = NewWatch(upstream: EngineBench.upstreamName, response: ResponseID(trusted: "resp_new"))
            _ = try await store.register(new, now: time.wallNow)
            try await withEngine(on: store, node: "node-2", time: time, upstream: Self.slow()) { bench in
                // Nobody else waits yet when the first is claimed.
                var order = [await bench.transport.nextCall().request.url]
                for _ in 1...2 { order.append(try await bench.callLater().request.url) }
                #expect(order.map { $0.split(separator: "/").last } == ["resp_1", "resp_new", "resp_2"])
            }
            await store.close()
        }
    }

    @Test("requests of watches that were stopped do not pile up in a line that is held")
    func unwanted() async throws {
        try await withEngine(Self.slow()) { bench in
            try await bench.register("resp_0")
            await bench.transport.nextCall().answer(429, [(name: "retry-after", value: "3000")])
            for number in 1...300 {
                let id = try await bench.register("resp_\(number)")
                try await bench.moveClock { await bench.engine.snapshot().totals.claimed == number + 1 }
                _ = try await bench.store.stopWatch(id, now: bench.time.wallNow)
                try await bench.moveClock { await bench.engine.snapshot().upstreams.first?.waitingRequests == 0 }
            }
            #expect(await bench.engine.snapshot().upstreams.first?.lineLength ?? .max <= 130)
        }
    }
}
