import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

@Suite("How streams tell of an end", .timeLimit(.minutes(5)))
struct EndTests {
    @Test(
        "Row 14: the status decides, whatever the event is called",
        arguments: [
            Sample(
                "vLLM",
                (
                    #"{"response":{"id":"resp_1","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}},"#
                        + #""sequence_number":7,"type":"response.completed"}"#, EventType.responseIncomplete
                )),
            Sample(
                "agentserver",
                (
                    #"{"type":"response.failed","sequence_number":5,"response":{"id":"resp_1","status":"cancelled","output":[]}}"#,
                    .responseCancelled
                )),
        ])
    func row14(_ sample: Sample<(String, EventType)>) async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().stream(frame(sample.content.0))
            #expect(try await bench.onlyEvent(of: id).type == sample.content.1)
        }
    }

    /// One iteration of a tool loop as Databricks' agent server passes it on: inner responses with ids of their own.
    private func iteration(_ number: Int, inner: String) -> String {
        let start = number * 3
        let tags = #""response_id":"resp_1","response":{"id":"\#(inner)","object":"response""#
        return frame(#"{"type":"response.created","sequence_number":\#(start),\#(tags),"status":"in_progress"}}"#)
            + frame(
                #"{"type":"response.output_item.done","sequence_number":\#(start + 1),"response_id":"resp_1","item":{"type":"function_call"}}"#
            )
            + frame(#"{"type":"response.completed","sequence_number":\#(start + 2),\#(tags),"status":"completed","output":[]}}"#)
    }

    @Test(
        "Row 15: of several response.completed in one stream only the one ends the watch with which a GET agrees", arguments: [true, false])
    func row15(_ atOnce: Bool) async throws {
        let final = #"{"id":"resp_1","status":"completed","output":[{"type":"message"}],"attempt_number":1}"#
        try await withEngine { bench in
            let id = try await bench.register()
            let stream = await bench.transport.nextCall()
            if atOnce {
                // A replay, in one piece; and with the inner ids replaced, as the server's makers suggest.
                await stream.stream(iteration(0, inner: "resp_1") + iteration(1, inner: "resp_1"))
            } else {
                await stream.stream(iteration(0, inner: "chatcmpl-77"))
            }
            let get = await bench.transport.nextCall()
            #expect(!get.isStream && !stream.isEnded)
            await get.json(200, #"{"id":"resp_1","status":"in_progress","attempt_number":1}"#)
            #expect(!stream.isEnded, "the stream is read on")
            await stream.send(iteration(2, inner: "chatcmpl-78"))
            #expect(await bench.engine.liveProgress(of: id)?.sequenceNumber == 8)
            await stream.send(frame("[DONE]"))
            await stream.ended()
            try await bench.callLater().json(200, final)
            #expect(try await bench.onlyEvent(of: id).type == .responseCompleted)
            #expect(try await bench.store.response(of: id) == Array(final.utf8), "the whole output, not that of one iteration")
        }
    }

    @Test(
        "Row 16: an event is known by its data's type where it has no event line, and by its event line where the data has no type",
        arguments: [
            Sample(
                "LiteLLM", #"data: {"type":"response.failed","sequence_number":3,"response":{"id":"resp_1","status":"failed"}}"# + "\n\n"),
            Sample(
                "MKA1", "event: response.failed\n" + #"data: {"sequence_number":3,"response":{"id":"resp_1","status":"failed"}}"# + "\n\n"),
        ])
    func row16(_ sample: Sample<String>) async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().stream(sample.content)
            #expect(try await bench.onlyEvent(of: id).type == .responseFailed)
        }
    }

    @Test("Row 17: [DONE] after an end changes nothing, and without one it leads to a GET, not to another stream")
    func row17() async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            let stream = await bench.transport.nextCall()
            await stream.stream(frame(#"{"type":"response.completed","response":{"id":"resp_1","status":"completed"}}"#) + frame("[DONE]"))
            #expect(try await bench.onlyEvent(of: id).type == .responseCompleted)
            #expect(bench.transport.startedCount == 1)

            let other = try await bench.register("resp_2")
            await bench.transport.nextCall().stream(frame("[DONE]"))
            try await bench.answerPolls([#"{"status":"in_progress"}"#, #"{"status":"in_progress"}"#, #"{"status":"failed"}"#])
            #expect(try await bench.onlyEvent(of: other).type == .responseFailed)
        }
    }

    enum Keepalive: String, CaseIterable, Sendable { case comment, data, none }

    @Test("Row 18: what keeps a connection open is no progress, and the end after it is found", arguments: Keepalive.allCases)
    func row18(_ keepalive: Keepalive) async throws {
        try await withEngine(options: .patient) { bench in
            let id = try await bench.register()
            let stream = await bench.transport.nextCall()
            await stream.openStream()
            var number = 0
            try await bench.moveClock {
                switch keepalive {
                case .comment: await stream.send(": keep-alive\n\n")
                case .data: await stream.event(#"{"type":"keepalive","sequence_number":\#(number),"model":"gpt-5"}"#)
                case .none: break
                }
                number += 1
                await bench.transport.takeCall()?.json(200, #"{"id":"resp_1","status":"queued"}"#)
                return bench.intake.acceptedCount >= 1
            }
            #expect(try await bench.intake.next().event.type == .watchStalled)
            #expect(bench.time.now - Moment(nanoseconds: 0) >= .seconds(1800))
            await stream.event(
                #"{"type":"response.completed","sequence_number":\#(number),"response":{"id":"resp_1","status":"completed"}}"#)
            #expect(try await bench.intake.next().event.type == .responseCompleted)
            #expect(try await bench.watch(id)?.sequenceNumber == Int64(number))
        }
    }

    static let errors = [
        Sample(
            "OpenAI, flat", frame("error", #"{"type":"error","code":"server_error","message":"stalled","param":null,"sequence_number":12}"#)
        ),
        Sample(
            "Databricks, nested", frame(#"{"type":"error","error":{"message":"Task timed out","code":"task_timeout"},"sequence_number":4}"#)
        ),
        Sample(
            "agentserver, before any id",
            frame("error", #"{"type":"error","code":"server_error","message":"boom","param":"","sequence_number":0}"#)),
        Sample("Databricks, unknown", frame("error", #"{"error":{"message":"Response not found","type":"not_found"}}"#)),
    ]

    @Test(
        "Row 19: an error event, flat or nested or before any id, leads to a GET, which decides", arguments: errors,
        ["failed", "in_progress"])
    func row19(_ sample: Sample<String>, _ truth: String) async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            let stream = await bench.transport.nextCall()
            await stream.stream(sample.content)
            await stream.finish()
            try await bench.callLater().json(200, #"{"id":"resp_1","status":"\#(truth)"}"#)
            if truth == "in_progress" {
                try await bench.moveClock { bench.transport.startedCount == 3 }
                try await bench.callLater().json(200, #"{"id":"resp_1","status":"completed"}"#)
            }
            #expect(try await bench.onlyEvent(of: id).type == (truth == "failed" ? .responseFailed : .responseCompleted))
        }
    }

    @Test(
        "Row 20: a response.failed without a response, or a completed one without, leads to a GET, which has the object",
        arguments: [
            Sample("Perplexity", #"{"type":"response.failed","sequence_number":6,"error":{"message":"Search backend failed","code":"x"}}"#),
            Sample("Perplexity, completed", #"{"type":"response.completed","sequence_number":6}"#),
            Sample("Perplexity, null", #"{"type":"response.completed","sequence_number":6,"response":null}"#),
        ])
    func row20(_ sample: Sample<String>) async throws {
        let object = #"{"id":"resp_1","status":"failed","error":{"message":"Search backend failed"}}"#
        try await withEngine { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().stream(frame(sample.content))
            await bench.transport.nextCall().json(200, object)
            #expect(try await bench.onlyEvent(of: id).type == .responseFailed)
            #expect(try await bench.store.response(of: id) == Array(object.utf8))
            #expect(try await bench.watch(id)?.lastError == "Search backend failed")
        }
    }
}
