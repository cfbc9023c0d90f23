import RawJSON
import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

/// Response objects that are larger than what is kept, or than what is held at all.
@Suite("A watch engine and a response object that is too large", .timeLimit(.minutes(5)))
struct WatchEngineSizeTests {
    private static let limit = 1000

    private var options: WatchEngineOptions {
        var options = WatchEngineOptions()
        options.maximumResponseBytes = Self.limit
        return options
    }

    private func object(_ status: String, more: String = "", bytes: Int) -> String {
        let head = #"{"id":"resp_1","output":""#
        let tail = #"","model":"m-1","metadata":{"team":"search"}\#(more),"status":"\#(status)"}"#
        return head + String(repeating: "x", count: bytes - head.utf8.count - tail.utf8.count) + tail
    }

    private func expectOmission(_ bench: EngineBench, _ job: DeliveryJob, status: String, bytes: Int) async throws {
        let data = try JSON(parsing: job.event.data)
        #expect(data["id"] == "resp_1")
        #expect(data["status"] == .string(status))
        #expect(data["omitted"] == ["reason": "too_large", "bytes": .integer(Int64(bytes)), "limit": .integer(Int64(Self.limit))])
        #expect(job.response == nil)
        let id = WatchID(upstream: EngineBench.upstreamName, response: ResponseID(trusted: "resp_1"))
        let watch = try #require(try await bench.watch(id))
        #expect(watch.status.rawValue == status)
        #expect(watch.model == "m-1")
        #expect(watch.lastError?.contains("it has \(bytes) bytes, and retention.max_response_size is 1kB") == true)
        #expect(try await bench.store.response(of: id) == nil)
        #expect(try await bench.store.missingResponse(of: id) == .oversized(OversizedResponse(size: bytes, limit: Self.limit)))
    }

    @Test("rings all the same, and says in event, watch and store what is missing", arguments: ["completed", "failed"])
    func polled(_ status: String) async throws {
        try await withEngine(EngineBench.upstream { $0.follow = .poll }, options: options) { bench in
            try await bench.register()
            let call = await bench.transport.nextCall()
            await call.answer(200, body: object(status, bytes: 50_000))
            try await expectOmission(bench, try await bench.intake.next(), status: status, bytes: 50_000)
            #expect(bench.transport.startedCount == 1)
        }
    }

    @Test("rings for the object in a stream's last event, and for one that came instead of a stream", arguments: [true, false])
    func streamed(_ isStream: Bool) async throws {
        try await withEngine(options: options) { bench in
            try await bench.register()
            let call = await bench.transport.nextCall()
            let object = object("completed", bytes: 5000)
            if isStream {
                await call.openStream()
                await call.event(#"{"type":"response.completed","response":\#(object)}"#)
            } else {
                await call.answer(200, [(name: "content-type", value: "application/json")], body: object)
            }
            try await expectOmission(bench, try await bench.intake.next(), status: "completed", bytes: 5000)
        }
    }

    @Test("keeps one that has exactly the size that is allowed, and routes a larger one by what it says of itself")
    func boundary() async throws {
        let search = Endpoint(
            name: EngineBench.endpointName, origin: .api, target: EngineBench.endpoint.target,
            match: EndpointMatch(model: "m-*", metadata: ["team": "search"]))
        try await withEngine(EngineBench.upstream { $0.follow = .poll }, options: options, endpoints: [search]) { bench in
            let id = try await bench.register()
            let fitting = object("completed", bytes: Self.limit)
            await bench.transport.nextCall().answer(200, body: fitting)
            #expect(try await bench.intake.next().event.data == Array(#"{"id":"resp_1"}"#.utf8))
            #expect(try await bench.store.response(of: id) == Array(fitting.utf8))
            #expect(try await bench.watch(id)?.lastError == nil)
            try await bench.register("resp_2")
            await bench.transport.nextCall().answer(200, body: object("completed", bytes: Self.limit + 1))
            #expect(try await bench.intake.next().event.response?.rawValue == "resp_2")
        }
    }

    @Test("asks rarely for one that runs, and takes its end")
    func running() async throws {
        try await withEngine(EngineBench.upstream { $0.follow = .poll }, options: options) { bench in
            try await bench.register()
            // 100 MB would be as slow for the test as for anybody: what counts is what was read.
            let bytes = 20 * 1024 * 1024
            await bench.transport.nextCall().answer(200, body: object("in_progress", bytes: bytes))
            let asked = bench.time.now
            let next = try await bench.callLater()
            #expect(bench.time.now - asked >= WatchPace.restAfter(bytes: bytes))
            #expect(next.request.limits.total == ResponsesClient.patientTimeout)
            await next.answer(200, body: object("completed", bytes: 5000))
            #expect(try await bench.intake.next().event.type == .responseCompleted)
        }
    }

    @Test("goes on slowly when the end of one cannot be told, says why, and expires at last")
    func untellable() async throws {
        let upstream = EngineBench.upstream {
            $0.follow = .poll
            $0.maximumWatchAge = .seconds(3600)
        }
        try await withEngine(upstream, options: options) { bench in
            let id = try await bench.register()
            let bytes = 8 * 1024 * 1024
            let beginning = #"{"output":""# + String(repeating: "x", count: bytes)
            for _ in 0..<3 {
                let call = try await bench.callLater()
                let asked = bench.time.now
                await call.head(200, [(name: "content-type", value: "application/json")])
                await call.send(beginning)
                await call.fail(.connectionLost(detail: "reset"))
                try await bench.moveClock {
                    try await bench.watch(id)?.lastError?.contains("no status was found before the transfer ended") == true
                }
                try await bench.moveClock {
                    bench.transport.startedCount > 0 && bench.time.now - asked >= WatchPace.restAfter(bytes: bytes)
                }
            }
            #expect(bench.transport.startedCount <= 4)
            try await bench.moveClock { try await bench.watch(id)?.status == .expired }
        }
    }
}
