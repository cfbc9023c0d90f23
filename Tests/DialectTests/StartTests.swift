import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

@Suite("How responses begin and run", .timeLimit(.minutes(5)))
struct StartTests {
    @Test(
        "Row 1: a create is taken whether it is answered 200, 201 or 202",
        arguments: [
            Sample("OpenAI", (200, #"{"id":"resp_1","object":"response","status":"queued","background":true}"#)),
            Sample("jan-server", (201, #"{"id":"resp_1","object":"response","created":1790000000,"status":"queued"}"#)),
            Sample("Sail", (202, #"{"id":"resp_1","status":"pending"}"#)),
            Sample("open-swarm", (202, #"{"id":"resp_1","status":"queued","poll_url":"/v1/responses/resp_1"}"#)),
        ])
    func row1(_ sample: Sample<(Int, String)>) throws {
        let object = try #require(read(sample.content.0, sample.content.1).object)
        #expect(object.id == "resp_1")
        #expect(object.terminalStatus == nil)
    }

    @Test("Row 2: a response is read under /responses, wherever it was created")
    func row2() async throws {
        try await withEngine(EngineBench.upstream { $0.baseURL = "https://api.perplexity.ai/v1" }) { bench in
            try await bench.register()
            let stream = await bench.transport.nextCall()
            #expect(stream.request.url == "https://api.perplexity.ai/v1/responses/resp_1?stream=true")
        }
    }

    @Test(
        "Row 3: whatever a response says first, and if it says queued until it is done, its end is found",
        arguments: [
            Sample("OpenAI", ["queued", "queued", "in_progress"]), Sample("agentserver", ["in_progress"]),
            Sample("Sail", ["pending", "running"]), Sample("vLLM", ["queued", "queued", "queued"]),
        ])
    func row3(_ sample: Sample<[String]>) async throws {
        try await withEngine(EngineBench.polled) { bench in
            let id = try await bench.register()
            try await bench.answerPolls((sample.content + ["completed"]).map { #"{"id":"resp_1","status":"\#($0)"}"# })
            #expect(try await bench.onlyEvent(of: id).type == .responseCompleted)
        }
    }

    @Test(
        "Row 4: a status nobody knows means that the response runs",
        arguments: ["pending", "running", "requires_action", "cancelling", "wait_for_user", "sleeping", ""])
    func row4(_ word: String) async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            let stream = await bench.transport.nextCall()
            await stream.stream(frame("response.in_progress", #"{"type":"response.in_progress","response":{"status":"\#(word)"}}"#))
            await stream.finish()
            try await bench.answerPolls([#"{"id":"resp_1","status":"\#(word)"}"#])
            try await bench.moveClock { try await bench.watch(id)?.status == .inProgress }
            #expect(try await bench.store.events(EventFilter(watch: id), page: PageRequest()).elements.isEmpty)
        }
    }

    @Test("Row 4: requires_action is told, in a stream as in a poll, to those who ask for it", arguments: [true, false])
    func row4Event(_ streams: Bool) async throws {
        var endpoint = EngineBench.endpoint
        endpoint.events = [EventPattern("response.requires_action")].compactMap { $0 }
        let object =
            #"{"id":"resp_1","status":"requires_action","model":"sonar","required_action":{"type":"submit_tool_outputs"},"output":[]}"#
        try await withEngine(streams ? EngineBench.upstream() : EngineBench.polled, endpoints: [endpoint]) { bench in
            try await bench.register()
            let call = await bench.transport.nextCall()
            if streams {
                await call.stream(frame(#"{"type":"response.in_progress","sequence_number":1,"response":\#(object)}"#))
            } else {
                await call.json(200, object)
            }
            let job = try await bench.intake.next()
            #expect(job.event.type == .responseRequiresAction)
            #expect(job.event.data == Array(#"{"id":"resp_1"}"#.utf8))
        }
    }

    @Test("Row 37: a response that waits for hours is followed for hours, and its stall is told once")
    func row37() async throws {
        let upstream = EngineBench.upstream {
            $0.follow = .poll
            $0.pollMaximumInterval = .seconds(600)
        }
        try await withEngine(upstream, options: .patient) { bench in
            let id = try await bench.register()
            let end = bench.time.now + .seconds(8 * 3600)
            try await bench.moveClock {
                let isOver = bench.time.now >= end
                await bench.transport.takeCall()?.json(200, #"{"id":"resp_1","status":"\#(isOver ? "completed" : "queued")"}"#)
                return isOver && bench.intake.acceptedCount >= 2
            }
            #expect(try await bench.intake.next().event.type == .watchStalled)
            #expect(try await bench.intake.next().event.type == .responseCompleted)
            #expect(try await bench.watch(id)?.status == .completed)
        }
    }

    @Test("Section 0.6: a response that is in progress for ever after its vendor's restart stalls, then expires, and never fails")
    func stuck() async throws {
        let upstream = EngineBench.upstream {
            $0.follow = .poll
            $0.pollMaximumInterval = .seconds(600)
        }
        try await withEngine(upstream, options: .patient) { bench in
            let id = try await bench.register()
            try await bench.moveClock {
                await bench.transport.takeCall()?.json(200, #"{"id":"resp_1","object":"response","status":"in_progress","output":[]}"#)
                return bench.intake.acceptedCount >= 2
            }
            #expect(try await bench.intake.next().event.type == .watchStalled)
            #expect(try await bench.intake.next().event.type == .watchExpired)
            #expect(try await bench.watch(id)?.status == .expired)
            #expect(bench.time.now - Moment(nanoseconds: 0) >= .seconds(24 * 3600))
        }
    }
}
