import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

@Suite("How vendors refuse and forget", .timeLimit(.minutes(5)))
struct RefusalTests {
    @Test(
        "Row 28: an id the vendor does not know ends as lost, soon after a 404 and late after a 400",
        arguments: [
            Sample(
                "OpenAI", (404, #"{"error":{"message":"Response with id 'resp_1' not found.","type":"invalid_request_error"}}"#, 30, 60)),
            Sample("LiteLLM poll", (404, #"{"detail":"Polling response litellm_poll_1 not found or expired"}"#, 30, 60)),
            Sample(
                "vLLM",
                (404, #"{"error":{"message":"Response with id 'resp_1' not found.","type":"invalid_request_error","code":404}}"#, 30, 60)),
            Sample("gone", (410, "", 30, 60)),
            Sample("LiteLLM", (400, #"{"error":{"message":"There are no healthy deployments for this model","code":"400"}}"#, 930, 1100)),
            Sample(
                "agentserver", (400, #"{"error":{"code":"invalid_parameters","message":"Malformed id","param":"response_id"}}"#, 930, 1100)),
            Sample(
                "SGLang", (400, #"{"error":{"message":"Response IDs must start with 'resp_'","type":"BadRequest","code":400}}"#, 930, 1100)),
            Sample("FastAPI", (422, #"{"detail":[{"loc":["path","response_id"],"msg":"value is not a valid uuid"}]}"#, 930, 1100)),
        ])
    func row28(_ sample: Sample<(Int, String, Int, Int)>) async throws {
        let (status, body, earliest, latest) = sample.content
        try await withEngine(EngineBench.polled) { bench in
            let id = try await bench.register()
            try await bench.moveClock {
                await bench.transport.takeCall()?.json(status, body)
                return bench.intake.acceptedCount >= 1
            }
            let event = try await bench.onlyEvent(of: id)
            #expect(event.type == .watchLost)
            #expect(bench.time.now - Moment(nanoseconds: 0) >= .seconds(earliest))
            #expect(latest == 60 || bench.time.now - Moment(nanoseconds: 0) >= .seconds(latest - 200))
            if status == 400 {
                let words = try #require(read(status, body).refusal)
                #expect(String(decoding: event.data, as: UTF8.self).contains(words), "the reason quotes the vendor")
            }
        }
    }

    @Test("Row 28: a vendor that answers again after refusals has lost nothing")
    func row28Recovers() async throws {
        try await withEngine(EngineBench.polled) { bench in
            let id = try await bench.register()
            let back = bench.time.now + .seconds(600)
            try await bench.moveClock {
                if let call = bench.transport.takeCall() {
                    if bench.time.now < back {
                        await call.json(400, #"{"error":{"message":"There are no healthy deployments"}}"#)
                    } else {
                        await call.json(200, #"{"id":"resp_1","status":"completed"}"#)
                    }
                }
                return bench.intake.acceptedCount >= 1
            }
            #expect(try await bench.onlyEvent(of: id).type == .responseCompleted)
        }
    }

    @Test(
        "Row 29: a response that is forgotten while it is followed is lost, not failed; one that was seen to end stays",
        arguments: [true, false])
    func row29(_ wasSeen: Bool) async throws {
        try await withEngine(EngineBench.polled) { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().json(200, #"{"id":"resp_1","status":"\#(wasSeen ? "completed" : "in_progress")"}"#)
            if wasSeen {
                _ = try await bench.onlyEvent(of: id)
                #expect(try await bench.store.response(of: id) != nil)
                #expect(bench.transport.startedCount == 1)
            } else {
                try await bench.moveClock {
                    await bench.transport.takeCall()?.answer(404)
                    return bench.intake.acceptedCount >= 1
                }
                #expect(try await bench.onlyEvent(of: id).type == .watchLost)
            }
        }
    }

    @Test(
        "Row 30: the words of every shape of error reach whoever looks at the watch",
        arguments: [
            Sample(
                "OpenAI",
                (
                    500, #"{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}"#,
                    "The server had an error"
                )),
            Sample("MKA1", (400, #"{"error": "Unknown organisation"}"#, "Unknown organisation")),
            Sample("OGX, LiteLLM", (503, #"{"detail":"The queue is full"}"#, "The queue is full")),
            Sample(
                "vLLM, SGLang",
                (400, #"{"error":{"message":"Engine is dead","type":"BadRequest","param":null,"code":400}}"#, "Engine is dead")),
        ])
    func row30(_ sample: Sample<(Int, String, String)>) async throws {
        try await withEngine(EngineBench.polled) { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().json(sample.content.0, sample.content.1)
            try await bench.moveClock { try await bench.watch(id)?.lastError?.contains(sample.content.2) == true }
            try await bench.callLater().json(200, #"{"id":"resp_1","status":"completed"}"#)
            #expect(try await bench.onlyEvent(of: id).type == .responseCompleted)
        }
    }

    @Test(
        "Row 31: a 429 slows down, with a Retry-After, without one, and with figures that mean nothing",
        arguments: [
            Sample("MKA1", (#"{"error": "Rate limit exceeded"}"#, [], 0.7)),
            Sample(
                "Azure",
                (#"{"error":{"code":"429"}}"#, [("x-ratelimit-remaining-requests", "-1"), ("x-ratelimit-reset-requests", "0")], 0.7)),
            Sample("OpenAI", (#"{"error":{"message":"slow down"}}"#, [("retry-after", "20")], 20)),
            Sample("OpenAI, used up", ("", [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6s")], 6)),
        ] as [Sample<(String, [(String, String)], Double)>])
    func row31(_ sample: Sample<(String, [(String, String)], Double)>) async throws {
        try await withEngine(EngineBench.polled) { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().answer(429, sample.content.1.map { (name: $0.0, value: $0.1) }, body: sample.content.0)
            let next = try await bench.callLater()
            #expect(bench.time.now - Moment(nanoseconds: 0) >= .seconds(sample.content.2))
            await next.json(200, #"{"id":"resp_1","status":"completed"}"#)
            #expect(try await bench.onlyEvent(of: id).type == .responseCompleted)
        }
    }

    @Test("Row 31: a running response is asked about when the upstream says so")
    func row31Poll() async throws {
        try await withEngine(EngineBench.polled) { bench in
            try await bench.register()
            await bench.transport.nextCall().answer(
                200, [(name: "content-type", value: "application/json"), (name: "openai-poll-after-ms", value: "15000")],
                body: #"{"id":"resp_1","status":"queued"}"#)
            _ = try await bench.callLater()
            #expect(bench.time.now - Moment(nanoseconds: 0) >= .seconds(15))
        }
    }

    @Test(
        "Row 32: a failure comes with HTTP 200, and without any error where the vendor has none",
        arguments: [
            Sample("vLLM, SGLang", (#"{"id":"resp_1","status":"failed"}"#, nil)),
            Sample(
                "OpenAI",
                (#"{"id":"resp_1","status":"failed","error":{"code":"server_error","message":"wfr_123 failed"}}"#, "wfr_123 failed")),
            Sample("null", (#"{"id":"resp_1","status":"failed","error":null}"#, nil)),
        ] as [Sample<(String, String?)>])
    func row32(_ sample: Sample<(String, String?)>) async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().stream(frame(#"{"type":"response.failed","response":\#(sample.content.0)}"#))
            #expect(try await bench.onlyEvent(of: id).type == .responseFailed)
            #expect(try await bench.watch(id)?.lastError == sample.content.1)
        }
    }

    @Test("Section 0.7: what was forgotten while Ringback was down is lost, which is not failed")
    func downtime() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openStore(in: directory, time: time)
            let id = WatchID(upstream: EngineBench.upstreamName, response: ResponseID(trusted: "resp_1"))
            _ = try await store.register(
                NewWatch(upstream: EngineBench.upstreamName, response: ResponseID(trusted: "resp_1")), now: time.wallNow)
            time.advance(by: .seconds(1200))
            try await withEngine(on: store, time: time) { bench in
                try await bench.moveClock {
                    await bench.transport.takeCall()?.answer(404)
                    return bench.intake.acceptedCount >= 1
                }
                #expect(try await bench.onlyEvent(of: id).type == .watchLost)
            }
            await store.close()
        }
    }
}

extension RetrieveAnswer {
    fileprivate var refusal: String? {
        if case .refused(_, let message) = self { message } else { nil }
    }
}
