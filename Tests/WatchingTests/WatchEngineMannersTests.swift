import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

@Suite("A watch engine among many watches", .timeLimit(.minutes(5)))
struct WatchEngineMannersTests {
    @Test("stops asking for streams when an upstream has refused five in a row")
    func refusedStreams() async throws {
        try await withEngine(EngineBench.upstream { $0.requestsPerSecond = 1000 }) { bench in
            for number in 1...5 {
                try await bench.register("resp_\(number)")
                let stream = await bench.transport.nextCall()
                #expect(stream.isStream)
                await stream.answer(400)
                let get = await bench.transport.nextCall()
                #expect(!get.isStream)
            }
            try await bench.register("resp_6")
            let call = await bench.transport.nextCall()
            #expect(!call.isStream && call.request.url.contains("resp_6"))
            #expect(await bench.engine.snapshot().upstreams.first?.manners[1].value == "no")
        }
    }

    @Test("turns stream requests that still wait into GETs once streams are known to be refused")
    func waitingStreams() async throws {
        try await withEngine(EngineBench.upstream { $0.requestsPerSecond = 0.5 }) { bench in
            try await bench.register("resp_0")
            let first = await bench.transport.nextCall()
            await first.openStream()
            await first.event(#"{"type":"response.in_progress","sequence_number":1}"#)
            for number in 1...8 { try await bench.register("resp_\(number)") }
            try await bench.moveClock { await bench.engine.snapshot().totals.claimed == 9 }
            var streams = 0
            for _ in 1...13 {
                let call = try await bench.callLater()
                guard call.isStream else { continue }
                streams += 1
                await call.answer(400)
            }
            // One more may have been under way when the fifth was refused.
            #expect((5...6).contains(streams))
        }
    }

    @Test("opens no more streams than allowed and polls the rest")
    func streamSlots() async throws {
        try await withEngine(EngineBench.upstream { $0.maximumStreams = 1 }) { bench in
            try await bench.register("resp_1")
            let first = await bench.transport.nextCall()
            #expect(first.isStream)
            try await bench.register("resp_2")
            let second = await bench.transport.nextCall()
            #expect(!second.isStream)
            await first.openStream()
            await first.event(#"{"type":"response.completed","response":{"status":"completed"}}"#)
            await second.respond("in_progress")
            let third = try await bench.callLater()
            #expect(third.isStream, "the free place is used")
        }
    }

    @Test("keeps to the upstream's requests per second")
    func governed() async throws {
        try await withEngine(EngineBench.upstream { $0.requestsPerSecond = 1 }) { bench in
            for number in 1...3 { try await bench.register("resp_\(number)") }
            _ = await bench.transport.nextCall()
            try await bench.moveClock { await bench.engine.snapshot().totals.claimed == 3 }
            _ = try await bench.callLater()
            _ = try await bench.callLater()
            #expect(bench.time.now - Moment(nanoseconds: 0) >= .seconds(2))
        }
    }

    @Test("sends the watch's own headers with every call")
    func headers() async throws {
        try await withEngine { bench in
            try await bench.register { $0.headers = [HeaderField("X-On-Behalf-Of", Secret("acme"))] }
            let stream = await bench.transport.nextCall()
            await stream.answer(400)
            let get = await bench.transport.nextCall()
            for call in [stream, get] {
                #expect(call.request.headers.contains { $0.name.lowercased() == "x-on-behalf-of" && $0.value == "acme" })
            }
        }
    }

    @Test("keeps watches whose credentials are refused, and reports the upstream")
    func unauthorized() async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().answer(401, body: #"{"error":{"message":"bad key"}}"#)
            let get = try await bench.callLater()
            #expect(bench.time.now - Moment(nanoseconds: 0) >= .seconds(24))
            await get.answer(403, body: #"{"error":{"message":"bad key"}}"#)
            let health = await bench.engine.snapshot().upstreams.first?.health
            #expect(health?.isUnauthorized == true)
            try await bench.moveClock { try await bench.watch(id)?.lastError?.contains("403") == true }
            let again = try await bench.callLater()
            await again.respond("completed")
            #expect(try await bench.intake.next().event.type == .responseCompleted)
            #expect(await bench.engine.snapshot().upstreams.first?.health == UpstreamHealth())
        }
    }

    @Test("lets watches of an unknown upstream wait until it is configured, and again when it is removed")
    func unknownUpstream() async throws {
        try await withEngine(nil) { bench in
            let id = try await bench.register()
            try await bench.moveClock { try await bench.watch(id)?.lastError?.contains("no upstream called 'vendor'") == true }
            #expect(await bench.engine.snapshot().count(.none) == 1)
            await bench.engine.replaceUpstreams([EngineBench.upstream()])
            let call = await bench.transport.nextCall()
            await call.openStream()
            await bench.engine.replaceUpstreams([])
            await call.ended()
            #expect(await bench.engine.snapshot().count(.none) == 1)
            await bench.engine.replaceUpstreams([EngineBench.upstream { $0.follow = .poll }])
            await bench.transport.nextCall().respond("completed")
            #expect(try await bench.intake.next().event.type == .responseCompleted)
        }
    }

    @Test("follows a thousand watches at once and brings each to its end")
    func many() async throws {
        let count = 1000
        try await withEngine(EngineBench.upstream { $0.requestsPerSecond = 100_000 }) { bench in
            for number in 1...count { try await bench.register("resp_\(number)") }
            for _ in 1...count {
                let call = try await bench.callLater()
                // Until the first stream has spoken, most watches are polled.
                guard call.isStream else {
                    await call.respond("completed")
                    continue
                }
                await call.openStream()
                await call.event(#"{"type":"response.completed","response":{"status":"completed"}}"#)
            }
            for _ in 1...count { _ = try await bench.intake.next() }
            #expect(try await bench.store.openWatchCount() == 0)
            #expect(bench.intake.isBalanced)
        }
    }
}
