import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

@Suite("What a cancel does", .timeLimit(.minutes(5)))
struct CancelTests {
    enum Aftermath: String, CaseIterable, Sendable {
        /// agentserver.
        case closes
        /// vLLM.
        case hangs
        /// LiteLLM over agentserver: a failure that it made up, under an id that it made up.
        case fails
        /// The same from a gateway that keeps the ids.
        case failsUnderTheSameID
        /// MKA1.
        case tells
    }

    @Test(
        "Row 13: however a stream ends on a cancel, the response is told as cancelled, at once, and only so", arguments: Aftermath.allCases)
    func row13(_ aftermath: Aftermath) async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            let stream = await bench.transport.nextCall()
            await stream.stream(frame("response.in_progress", #"{"type":"response.in_progress","sequence_number":1}"#))
            // What the cancel routes do when the upstream has taken the cancel; with MKA1 the event may well come first.
            if aftermath != .tells { bench.store.suggestLook([id]) }
            let message = "closed the responses stream before any terminal event"
            switch aftermath {
            case .closes: await stream.finish()
            case .hangs: break
            case .fails:
                await stream.event(
                    "response.failed",
                    #"{"type":"response.failed","response":{"id":"resp_x","status":"failed","error":{"message":"\#(message)"}}}"#)
            case .failsUnderTheSameID:
                let hinted = await bench.transport.nextCall()
                await stream.event(
                    "response.failed",
                    #"{"type":"response.failed","response":{"id":"resp_1","status":"failed","error":{"message":"\#(message)"}}}"#)
                await hinted.json(200, #"{"id":"resp_1","status":"cancelling"}"#)
            case .tells:
                await stream.event(
                    "response.cancelled",
                    #"{"type":"response.cancelled","sequence_number":2,"response":{"id":"resp_1","background":false,"status":"cancelled"}}"#
                )
            }
            if aftermath != .tells { try await bench.callLater().json(200, #"{"id":"resp_1","status":"cancelled","output":[]}"#) }
            #expect(try await bench.onlyEvent(of: id).type == .responseCancelled)
            #expect(bench.time.now - Moment(nanoseconds: 0) < .seconds(10))
            await stream.ended()
        }
    }

    @Test("Row 13: a stream that hangs after a cancel nobody told Ringback of is found out when it was idle for too long")
    func row13Elsewhere() async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            let stream = await bench.transport.nextCall()
            #expect(stream.request.limits.idle == .seconds(90))
            await stream.openStream()
            await stream.fail(.idleTimeout)
            await bench.transport.nextCall().json(200, #"{"id":"resp_1","status":"cancelled"}"#)
            #expect(try await bench.onlyEvent(of: id).type == .responseCancelled)
        }
    }

    enum Reading: Sendable { case ended, runs, refused, unknown }

    @Test(
        "Rows 23 to 25 and 27: the answer to a cancel is read as what it says",
        arguments: [
            Sample("most", (200, #"{"id":"resp_1","object":"response","status":"cancelled"}"#, Reading.ended)),
            Sample("Perplexity", (200, #"{"response_id":"resp_1","status":"cancelling"}"#, .runs)),
            Sample("Databricks", (501, #"{"detail":"Not Implemented"}"#, .refused)),
            Sample("vLLM, twice", (400, #"{"error":{"message":"Cannot cancel a synchronous response.","code":400}}"#, .refused)),
            Sample("OpenAI, finished", (400, #"{"error":{"message":"Cannot cancel a completed response.","code":null}}"#, .refused)),
            Sample("SGLang, finished", (200, #"{"id":"resp_1","status":"completed"}"#, .ended)),
            Sample("LiteLLM, finished", (200, #"{"id":"litellm_poll_1","status":"cancelled"}"#, .ended)),
            Sample("mistral.rs, finished", (404, #"{"message":"Response resp_1 not found or cannot be cancelled"}"#, .unknown)),
            Sample("OGX, finished", (409, #"{"detail":"Response resp_1 cannot be cancelled: it is completed"}"#, .refused)),
            Sample("llama-stack, running", (409, #"{"detail":"Only background responses can be cancelled"}"#, .refused)),
        ])
    func rows23to27(_ sample: Sample<(Int, String, Reading)>) {
        switch (read(sample.content.0, sample.content.1), sample.content.2) {
        case (.response(let object), .ended): #expect(object.terminalStatus != nil)
        case (.response(let object), .runs):
            #expect(object.id == "resp_1")
            #expect(object.runningStatus == .inProgress)
        case (.refused(_, let message), .refused): #expect(message != "the answer gives no reason")
        case (.notFound, .unknown): break
        case (let answer, let expected): Issue.record("\(answer) is not \(expected)")
        }
    }

    @Test("Row 23: a cancel may keep its caller waiting for ten seconds")
    func row23Patience() {
        let client = ResponsesClient(upstream: EngineBench.upstream(), transport: ScriptedTransport())
        let request = client.cancelRequest(ResponseID(trusted: "caresp_1"), headers: [])
        #expect(request.limits.total.map { $0 > .seconds(20) } == true)
        #expect(request.url == "http://127.0.0.1:1/v1/responses/caresp_1/cancel")
    }

    @Test("Row 26: what completes after it was cancelled rings a second time", arguments: ["Azure", "LiteLLM", "mistral.rs", "jan-server"])
    func row26(_ vendor: String) async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().stream(
                frame(#"{"type":"response.cancelled","response":{"id":"resp_1","status":"cancelled"}}"#))
            #expect(try await bench.intake.next().event.type == .responseCancelled)
            let look = try await bench.callLater()
            #expect(!look.isStream)
            await look.json(200, #"{"id":"resp_1","status":"completed","output":[{"type":"message"}]}"#)
            #expect(try await bench.intake.next().event.type == .responseCompleted)
            #expect(try await bench.watch(id)?.status == .completed)
            #expect(
                try await bench.store.response(of: id) == Array(#"{"id":"resp_1","status":"completed","output":[{"type":"message"}]}"#.utf8)
            )
        }
    }
}
