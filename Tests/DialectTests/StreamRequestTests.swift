import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

@Suite("How vendors answer the wish for a stream", .timeLimit(.minutes(5)))
struct StreamRequestTests {
    @Test(
        "Row 5: a vendor that ignores the wish and answers JSON is polled",
        arguments: [
            Sample("OGX", #"{"id":"resp_f1a3c0de-9a1e-4a0a-8f6e-0d7a3f6b2c11","object":"response","status":"queued","output":[]}"#),
            Sample("llama-stack", #"{"id":"resp_1","object":"response","background":false,"status":"in_progress","output":[]}"#),
            Sample("LiteLLM", #"{"id":"litellm_poll_1","object":"response","status":"in_progress","output":[{"type":"message"}]}"#),
            Sample("SGLang", #"{"id":"resp_1","object":"response","created_at":1790000000,"status":"queued","usage":null}"#),
        ])
    func row5(_ sample: Sample<String>) async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            let stream = await bench.transport.nextCall()
            #expect(stream.isStream)
            await stream.json(200, sample.content)
            try await bench.answerPolls([sample.content, #"{"status":"completed"}"#])
            #expect(try await bench.onlyEvent(of: id).type == .responseCompleted)
        }
    }

    @Test(
        "Row 6: a vendor that refuses the stream with 400 is polled",
        arguments: [
            Sample(
                "OpenAI, no background",
                #"{"error":{"message":"This response cannot be streamed because it was not created with background=true.","#
                    + #""type":"invalid_request_error","param":"stream","code":"invalid_request_error"}}"#),
            Sample(
                "OpenAI, too old",
                #"{"error":{"message":"This response can no longer be streamed because it is more than 5 minutes old.","#
                    + #""type":"invalid_request_error","param":"stream","code":null}}"#),
            Sample(
                "agentserver",
                #"{"error":{"message":"This response was not created with stream=true.","type":"invalid_request_error","param":"stream"}}"#),
            Sample(
                "agentserver, later",
                #"{"error":{"message":"The response was not created with stream=true or the stream TTL has expired.","param":"stream"}}"#),
        ])
    func row6(_ sample: Sample<String>) async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().json(400, sample.content)
            try await bench.answerPolls(["queued", "in_progress", "incomplete"].map { #"{"id":"resp_1","status":"\#($0)"}"# })
            #expect(try await bench.onlyEvent(of: id).type == .responseIncomplete)
        }
    }

    @Test("Row 8: a response that was created without a stream is streamed all the same where the vendor does it")
    func row8() async throws {
        try await withEngine { bench in
            let id = try await bench.register("resp-8fK2mQ")
            let stream = await bench.transport.nextCall()
            await stream.stream(
                "retry: 3000\nid: 0\nevent: response.queued\n"
                    + #"data: {"type":"response.queued","sequence_number":0,"response":{"id":"resp-8fK2mQ","status":"queued"}}"# + "\n\n"
                    + "id: 1\nevent: response.sleep_call.started\n"
                    + #"data: {"type":"response.sleep_call.started","sequence_number":1,"item_id":"sc_1"}"# + "\n\n"
                    + "id: 2\nevent: response.completed\n"
                    + #"data: {"type":"response.completed","sequence_number":2,"response":{"id":"resp-8fK2mQ","created_at":1790000000.25,"#
                    + #""completed_at":1790000009.5,"status":"completed","output_text":"done"}}"# + "\n\n"
            )
            #expect(try await bench.onlyEvent(of: id).type == .responseCompleted)
            #expect(bench.transport.startedCount == 1)
        }
    }

    enum Finished: String, CaseIterable, Sendable {
        /// agentserver, vLLM: everything once more.
        case replay
        /// MKA1: the end alone.
        case single
        /// OGX, llama-stack, LiteLLM.
        case json
        /// OpenAI.
        case refused
        /// agentserver, beyond the end.
        case empty
    }

    @Test("Row 9: the end of a response that is finished already is found at once, however its stream looks", arguments: Finished.allCases)
    func row9(_ finished: Finished) async throws {
        let object = #"{"id":"resp_1","object":"response","status":"completed","output":[],"usage":{"total_tokens":9}}"#
        try await withEngine { bench in
            let id = try await bench.register()
            let stream = await bench.transport.nextCall()
            switch finished {
            case .replay:
                await stream.stream(
                    frame(#"{"response":{"id":"resp_1","status":"in_progress"},"sequence_number":0,"type":"response.created"}"#)
                        + frame(#"{"response":{"id":"resp_1","status":"in_progress"},"sequence_number":1,"type":"response.in_progress"}"#)
                        + frame(#"{"delta":"Hi","sequence_number":2,"type":"response.output_text.delta"}"#)
                        + frame(#"{"response":\#(object),"sequence_number":3,"type":"response.completed"}"#))
            case .single: await stream.stream(frame("response.completed", #"{"type":"response.completed","response":\#(object)}"#))
            case .json: await stream.json(200, object)
            case .refused: await stream.json(400, #"{"error":{"message":"This response can no longer be streamed"}}"#)
            case .empty:
                await stream.openStream()
                await stream.finish()
            }
            if finished == .refused || finished == .empty { await bench.transport.nextCall().json(200, object) }
            #expect(try await bench.onlyEvent(of: id).type == .responseCompleted)
            #expect(try await bench.store.response(of: id) == Array(object.utf8))
            #expect(bench.time.now == Moment(nanoseconds: 0), "nothing was waited for")
        }
    }

    @Test(
        "Row 10: a stream resumed beyond the end, empty or hanging, leads to a GET, and its upstream stays one that streams",
        arguments: [true, false])
    func row10(_ hangs: Bool) async throws {
        try await withEngine { bench in
            for number in 1...5 {
                let id = try await bench.register("resp_\(number)")
                let first = try await bench.callLater()
                await first.stream(frame(#"{"type":"response.output_text.done","sequence_number":9,"text":"Hi"}"#))
                await first.fail(.connectionLost(detail: "reset"))
                await bench.transport.nextCall().json(200, #"{"status":"in_progress"}"#)
                let resumed = try await bench.callLater()
                #expect(resumed.query == "stream=true&starting_after=9")
                await resumed.openStream()
                if hangs { await resumed.fail(.idleTimeout) } else { await resumed.finish() }
                await bench.transport.nextCall().json(200, #"{"status":"completed"}"#)
                #expect(try await bench.onlyEvent(of: id).type == .responseCompleted)
            }
            let manners = await bench.engine.snapshot().upstreams.first?.manners ?? []
            #expect(!manners.isEmpty && !manners.contains { $0.value == "no" }, "an empty resumption proves nothing against streams")
        }
    }

    @Test("Row 11: a vendor for whom starting_after=0 means everything tells nothing twice")
    func row11() async throws {
        var endpoint = EngineBench.endpoint
        endpoint.events = [EventPattern("*")].compactMap { $0 }
        try await withEngine(endpoints: [endpoint]) { bench in
            let id = try await bench.register()
            let created = frame(
                #"{"type":"response.created","sequence_number":0,"response_id":"resp_1","response":{"status":"in_progress"}}"#)
            let first = await bench.transport.nextCall()
            await first.stream(created)
            #expect(try await bench.intake.next().event.type == .responseInProgress)
            await first.fail(.connectionLost(detail: "reset"))
            await bench.transport.nextCall().json(200, #"{"id":"resp_1","status":"in_progress","attempt_number":1}"#)
            let second = try await bench.callLater()
            #expect(second.query == "stream=true&starting_after=0")
            await second.stream(created)
            #expect(await bench.engine.liveProgress(of: id)?.sequenceNumber == 0)
            await second.send(frame(#"{"type":"response.output_text.delta","sequence_number":1,"response_id":"resp_1","delta":"a"}"#))
            #expect(await bench.engine.liveProgress(of: id)?.sequenceNumber == 1)
            await second.send(frame("[DONE]"))
            await bench.transport.nextCall().json(200, #"{"id":"resp_1","status":"completed","output":[],"attempt_number":1}"#)
            #expect(try await bench.intake.next().event.type == .responseCompleted)
            #expect(bench.intake.acceptedCount == 2)
        }
    }

    @Test("Row 12: a stream is asked for by the literal word true")
    func row12() async throws {
        try await withEngine { bench in
            try await bench.register()
            let stream = await bench.transport.nextCall()
            #expect(stream.query == "stream=true")
            #expect(stream.request.headers.contains { $0.name == "Accept" && $0.value == "text/event-stream" })
        }
    }
}
