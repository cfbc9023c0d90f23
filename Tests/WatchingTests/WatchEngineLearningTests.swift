import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

@Suite("A watch engine learns manners", .timeLimit(.minutes(3)))
struct WatchEngineLearningTests {
    private func values(_ bench: EngineBench) async -> [String] {
        await bench.engine.snapshot().upstreams.first?.manners.map(\.value) ?? []
    }

    /// Answers a vendor's way until each watch was looked at.
    ///
    /// - Returns: How many streams were asked for.
    private func refuseStreams(_ bench: EngineBench, watches: Int) async throws -> Int {
        var streams = 0
        var looked: Set<String> = []
        while looked.count < watches {
            let call = try await bench.callLater()
            if call.isStream {
                streams += 1
                await call.answer(400, body: #"{"error":{"message":"This is not a stream"}}"#)
            } else {
                looked.insert(call.request.url)
                await call.respond("in_progress")
            }
        }
        return streams
    }

    @Test("from ten thousand watches with less than ten refusals, and with none after a restart")
    func tenThousand() async throws {
        let count = 10_000
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openStore(in: directory, time: time)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...count {
                    group.addTask {
                        let watch = NewWatch(upstream: EngineBench.upstreamName, response: ResponseID(trusted: "resp_\(number)"))
                        _ = try await store.register(watch, now: time.wallNow)
                    }
                }
                try await group.waitForAll()
            }
            let upstream = EngineBench.upstream { $0.requestsPerSecond = 1_000_000 }
            try await withEngine(on: store, time: time, upstream: upstream) { bench in
                let streams = try await refuseStreams(bench, watches: count)
                #expect((5...9).contains(streams))
                #expect(await values(bench) == ["unknown", "no", "unknown", "unknown"])
            }
            try await withEngine(on: store, node: "node-2", time: time, upstream: upstream) { bench in
                let streams = try await refuseStreams(bench, watches: count)
                #expect(streams == 0)
                #expect(await values(bench) == ["unknown", "no", "unknown", "unknown"])
            }
            await store.close()
        }
    }

    @Test("from the words of one refusal, which hold for responses of that kind only")
    func words() async throws {
        try await withEngine { bench in
            try await bench.register("resp_1") { $0.createdStreaming = false }
            let message = #"{"error":{"message":"The response 'resp_1' was not created with stream=true","param":"stream"}}"#
            await bench.transport.nextCall().answer(400, body: message)
            await bench.transport.nextCall().respond("completed")
            #expect(await values(bench) == ["unknown", "no", "unknown", "unknown"])
            try await bench.register("resp_2") { $0.createdStreaming = false }
            #expect(await !bench.transport.nextCall().isStream)
            try await bench.register("resp_3") { $0.createdStreaming = true }
            let stream = await bench.transport.nextCall()
            #expect(stream.isStream)
            await stream.openStream()
            await stream.event(#"{"type":"response.in_progress","response":{"status":"in_progress"}}"#)
            #expect(await values(bench) == ["yes", "no", "unknown", "unknown"])
        }
    }

    @Test("that a stream cannot be opened any more after a while")
    func window() async throws {
        try await withEngine { bench in
            try await bench.register { $0.createdStreaming = true }
            let message = #"{"error":{"message":"This response can no longer be streamed because it is more than 5 minutes old"}}"#
            await bench.transport.nextCall().answer(400, body: message)
            await bench.transport.nextCall().respond("completed")
            #expect(await values(bench) == ["unknown", "unknown", "unknown", "5m"])
        }
    }

    @Test(
        "whether a resumed stream goes on or begins anew, by its first event",
        arguments: [(#"{"type":"x","sequence_number":6}"#, "yes"), (#"{"type":"x","sequence_number":0}"#, "replays")])
    func resuming(_ event: String, _ value: String) async throws {
        try await withEngine { bench in
            try await bench.register()
            let stream = await bench.transport.nextCall()
            await stream.openStream()
            await stream.event(#"{"type":"x","sequence_number":5}"#)
            await stream.finish()
            await bench.transport.nextCall().respond("in_progress")
            let resumed = try await bench.callLater()
            #expect(resumed.request.url.contains("starting_after=5"))
            await resumed.openStream()
            await resumed.event(event)
            #expect(await values(bench) == ["yes", "unknown", value, "unknown"])
        }
    }

    @Test("anew when the upstream's base URL changes, also in the store")
    func moved() async throws {
        try await withEngine(EngineBench.upstream { $0.manners.resume = true }) { bench in
            try await bench.register { $0.createdStreaming = false }
            await bench.transport.nextCall().answer(400, body: #"{"error":{"message":"It was not created with stream=true"}}"#)
            await bench.transport.nextCall().respond("completed")
            try await bench.moveClock { try await !bench.store.rememberedManners().isEmpty }
            #expect(await values(bench) == ["unknown", "no", "yes", "unknown"])
            await bench.engine.replaceUpstreams([EngineBench.upstream { $0.baseURL = "http://127.0.0.1:3/v1" }])
            #expect(await values(bench) == ["unknown", "unknown", "unknown", "unknown"])
            try await bench.moveClock { try await bench.store.rememberedManners().isEmpty }
        }
    }

    @Test("nothing where the configuration has decided")
    func fixed() async throws {
        try await withEngine(EngineBench.upstream { $0.manners.stream = false }) { bench in
            for number in 1...3 {
                try await bench.register("resp_\(number)")
                let call = await bench.transport.nextCall()
                #expect(!call.isStream)
                await call.respond("completed")
            }
            #expect(await values(bench) == ["no", "unknown", "unknown", "unknown"])
        }
    }
}
