import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import Watching
import WatchingTesting

@Suite("A watch engine", .timeLimit(.minutes(5)))
struct WatchEngineTests {
    @Test("rings with the response object of the stream's last event, byte for byte")
    func ringsFromStream() async throws {
        let object =
            #"{ "id" : "resp_1","status":"completed",  "model":"m-1","usage":{"total_tokens": 1.50},"metadata":{"a":"b"}, "x":"\u00e9" }"#
        try await withEngine { bench in
            let id = try await bench.register { $0.metadata = ["case": "7"] }
            let call = await bench.transport.nextCall()
            #expect(call.isStream)
            await call.openStream()
            await call.event(#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","status":"queued"}}"#)
            await call.event(#"{"type":"response.output_text.delta","sequence_number":1,"delta":"hello"}"#)
            let live = await bench.engine.liveProgress(of: id)
            #expect(live == FollowingProgress(sequenceNumber: 1, following: .stream, status: .queued, eventCount: 2))
            await call.event(#"{"type":"response.completed","sequence_number":2,"response":\#(object)}"#)
            let job = try await bench.intake.next()
            #expect(job.event.type == .responseCompleted)
            #expect(job.event.data == Array(#"{"id":"resp_1"}"#.utf8))
            #expect(job.delivery.endpoint == EngineBench.endpointName)
            await call.ended()
            let watch = try #require(try await bench.watch(id))
            #expect(watch.status == .completed)
            #expect(watch.model == "m-1")
            #expect(watch.usage == Array(#"{"total_tokens": 1.50}"#.utf8))
            #expect(watch.sequenceNumber == 2)
            #expect(watch.lastError == nil)
            #expect(try await bench.store.response(of: id) == Array(object.utf8))
            #expect(bench.transport.startedCount == 1)
        }
    }

    @Test("rings at once for a response that was finished when it was registered", arguments: TerminalStatus.allCases)
    func finishedAlready(_ status: TerminalStatus) async throws {
        try await withEngine { bench in
            try await bench.register()
            let call = await bench.transport.nextCall()
            await call.openStream()
            await call.event(#"{"type":"response.\#(status.rawValue)","response":{"id":"resp_1","status":"\#(status.rawValue)"}}"#)
            #expect(try await bench.intake.next().event.type == status.eventType)
            #expect(bench.time.now == Moment(nanoseconds: 0))
        }
    }

    @Test("resumes a dropped stream after the last event it saw")
    func resumes() async throws {
        try await withEngine { bench in
            try await bench.register()
            let first = await bench.transport.nextCall()
            await first.openStream()
            for number in 0...3 { await first.event(#"{"type":"response.output_text.delta","sequence_number":\#(number),"delta":"x"}"#) }
            await first.fail(.connectionLost(detail: "reset"))
            let get = await bench.transport.nextCall()
            #expect(!get.isStream)
            await get.respond("in_progress")
            let second = try await bench.callLater()
            #expect(second.isStream && second.request.url.contains("starting_after=3"))
            let totals = await bench.engine.snapshot().upstreams.first?.totals
            #expect(totals?.streams == 2 && totals?.reconnects == 1)
            await second.openStream()
            await second.event(#"{"type":"response.completed","sequence_number":4,"response":{"status":"completed"}}"#)
            #expect(try await bench.intake.next().event.type == .responseCompleted)
        }
    }

    enum Refusal: String, CaseIterable { case badRequest, json, empty, cutOff, notFound }

    @Test("polls when a stream is refused, ignored, or empty", arguments: Refusal.allCases)
    func polls(_ refusal: Refusal) async throws {
        try await withEngine { bench in
            try await bench.register()
            let stream = await bench.transport.nextCall()
            switch refusal {
            case .badRequest: await stream.answer(400, body: #"{"error":{"message":"cannot be streamed"}}"#)
            case .json: await stream.respond("queued")
            case .empty:
                await stream.openStream()
                await stream.finish()
            case .cutOff:
                await stream.openStream()
                await stream.fail(.connectionLost(detail: "curl 18"))
            case .notFound: await stream.answer(404)
            }
            if refusal != .json {
                let get = await bench.transport.nextCall()
                #expect(!get.isStream)
                await get.respond("queued")
            }
            let poll = try await bench.callLater()
            #expect(!poll.isStream)
            await poll.respond("incomplete")
            #expect(try await bench.intake.next().event.type == .responseIncomplete)
        }
    }

    @Test("asks by GET when an event announces an end without the response object")
    func announcedEnd() async throws {
        try await withEngine { bench in
            try await bench.register()
            let stream = await bench.transport.nextCall()
            await stream.openStream()
            await stream.event(#"{"type":"response.failed","error":{"message":"no"}}"#)
            let get = await bench.transport.nextCall()
            #expect(!stream.isEnded, "it may go on")
            await get.respond("failed", more: #","error":{"code":"server_error","message":"it broke"}"#)
            let job = try await bench.intake.next()
            #expect(job.event.type == .responseFailed)
            let watch = try await bench.watch(WatchID(upstream: EngineBench.upstreamName, response: ResponseID(trusted: "resp_1")))
            #expect(watch?.lastError?.contains("it broke") == true)
        }
    }

    @Test("calls a response lost after the grace and three 404s, and says why")
    func lost() async throws {
        try await withEngine(EngineBench.upstream { $0.follow = .poll }) { bench in
            let id = try await bench.register()
            try await bench.moveClock {
                await bench.transport.takeCall()?.answer(404)
                return bench.intake.acceptedCount > 0
            }
            let job = try await bench.intake.next()
            #expect(job.event.type == .watchLost)
            let data = String(decoding: job.event.data, as: UTF8.self)
            #expect(data.hasPrefix(#"{"id":"resp_1","watch":"\#(id.rawValue)","reason":"the upstream no longer knows"#))
            #expect(bench.time.now > Moment(nanoseconds: 0) + .seconds(30))
            #expect(try await bench.watch(id)?.status == .lost)
        }
    }

    @Test("lets a watch expire at its own maximum age, counted from its registration")
    func expires() async throws {
        try await withEngine(EngineBench.upstream { $0.follow = .poll }) { bench in
            let id = try await bench.register { $0.maximumAge = .seconds(10) }
            try await bench.moveClock {
                await bench.transport.takeCall()?.respond("in_progress")
                return bench.intake.acceptedCount > 0
            }
            #expect(bench.time.now >= Moment(nanoseconds: 0) + .seconds(10))
            #expect(try await bench.intake.next().event.type == .watchExpired)
            #expect(try await bench.watch(id)?.status == .expired)
        }
    }

    @Test("raises a stall once and goes on to the end")
    func stalls() async throws {
        try await withEngine(EngineBench.upstream { $0.stalledAfter = .seconds(60) }) { bench in
            let id = try await bench.register()
            let call = await bench.transport.nextCall()
            await call.openStream()
            try await bench.moveClock { bench.intake.acceptedCount >= 1 }
            #expect(try await bench.intake.next().event.type == .watchStalled)
            #expect(try await bench.watch(id)?.stalled == true)
            #expect(try await bench.watch(id)?.status == .queued)
            await call.event(#"{"type":"response.completed","response":{"status":"completed"}}"#)
            #expect(try await bench.intake.next().event.type == .responseCompleted)
        }
    }

    @Test("rings a second time when a cancelled response is completed after all")
    func cancelledThenCompleted() async throws {
        try await withEngine(EngineBench.upstream { $0.follow = .poll }) { bench in
            let id = try await bench.register()
            await bench.transport.nextCall().respond("cancelled")
            #expect(try await bench.intake.next().event.type == .responseCancelled)
            let second = try await bench.callLater()
            #expect(bench.time.now - Moment(nanoseconds: 0) >= .seconds(240))
            #expect(await bench.engine.liveProgress(of: id) == nil, "for everybody else the watch has ended")
            await second.respond("completed")
            #expect(try await bench.intake.next().event.type == .responseCompleted)
            #expect(try await bench.watch(id)?.status == .completed)
        }
    }

    @Test("looks at a cancelled response once more also when it was restarted meanwhile, and only once", arguments: [true, false])
    func secondLookAfterRestart(_ isCompleted: Bool) async throws {
        let upstream = EngineBench.upstream { $0.follow = .poll }
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openStore(in: directory, time: time)
            try await withEngine(on: store, time: time, upstream: upstream) { bench in
                try await bench.register()
                await bench.transport.nextCall().respond("cancelled")
                #expect(try await bench.intake.next().event.type == .responseCancelled)
            }
            // Stopped while the second look was under way: the next process takes it over.
            try await withEngine(on: store, node: "node-2", time: time, upstream: upstream) { bench in _ = try await bench.callLater() }
            try await withEngine(on: store, node: "node-3", time: time, upstream: upstream) { bench in
                try await bench.callLater().respond(isCompleted ? "completed" : "cancelled")
                if isCompleted { #expect(try await bench.intake.next().event.type == .responseCompleted) }
            }
            try await withEngine(on: store, node: "node-4", time: time, upstream: upstream) { bench in
                let hourLater = time.now + .seconds(3600)
                try await bench.moveClock { time.now > hourLater }
                #expect(bench.transport.startedCount == 0)
            }
            await store.close()
        }
    }

    @Test("writes progress events for those who asked, once each, and for nobody else", arguments: [["response.*"], ["*"]])
    func progressEvents(_ patterns: [String]) async throws {
        var endpoint = EngineBench.endpoint
        endpoint.events = patterns.compactMap(EventPattern.init)
        let withCallback: (inout NewWatch) -> Void = { $0.callback = Callback(url: "https://h/", secret: nil) }
        try await withEngine(endpoints: [endpoint]) { bench in
            let id = try await bench.register("resp_1", withCallback)
            let stream = await bench.transport.nextCall()
            await stream.openStream()
            for (number, word) in ["queued", "in_progress", "requires_action", "in_progress", "requires_action"].enumerated() {
                await stream.event(#"{"type":"response.x","sequence_number":\#(number),"response":{"status":"\#(word)"}}"#)
            }
            await stream.fail(.connectionLost(detail: "reset"))
            await bench.transport.nextCall().respond("requires_action")
            let second = try await bench.callLater()
            await second.openStream()
            await second.event(#"{"type":"response.completed","sequence_number":5,"response":{"id":"resp_1","status":"completed"}}"#)
            var types: [EventType: [EndpointName]] = [:]
            repeat {
                let job = try await bench.intake.next()
                types[job.event.type, default: []].append(job.delivery.endpoint)
            } while types[.responseCompleted]?.count ?? 0 < 2
            let events = try await bench.store.events(EventFilter(watch: id), page: PageRequest()).elements.map(\.type)
            if patterns == ["*"] {
                let progress = RunningStatus.allCases.map(\.eventType)
                #expect(Set(events) == Set(progress + [.responseCompleted]) && events.count == 4)
                #expect(progress.allSatisfy { types[$0] == [EngineBench.endpointName] }, "a callback asks for the outcome")
            } else {
                #expect(events == [.responseCompleted])
            }
        }
    }

    @Test("writes no progress event a second time after a restart")
    func progressAfterRestart() async throws {
        var endpoint = EngineBench.endpoint
        endpoint.events = ["response.requires_action"].compactMap(EventPattern.init)
        let upstream = EngineBench.upstream { $0.follow = .poll }
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openStore(in: directory, time: time)
            let id = WatchID(upstream: EngineBench.upstreamName, response: ResponseID(trusted: "resp_1"))
            try await withEngine(on: store, time: time, upstream: upstream, endpoints: [endpoint]) { bench in
                try await bench.register()
                await bench.transport.nextCall().respond("requires_action")
                #expect(try await bench.intake.next().event.type == .responseRequiresAction)
            }
            try await withEngine(on: store, node: "node-2", time: time, upstream: upstream, endpoints: [endpoint]) { bench in
                await bench.transport.nextCall().respond("requires_action")
                try await bench.callLater().respond("completed")
                try await bench.moveClock { try await bench.watch(id)?.status == .completed }
                #expect(bench.intake.acceptedCount == 0)
                #expect(bench.intake.isBalanced)
            }
            await store.close()
        }
    }

    @Test("says which words of the upstream's a watch was lost for")
    func lostForRefusals() async throws {
        try await withEngine(EngineBench.upstream { $0.follow = .poll }) { bench in
            let id = try await bench.register()
            let refusal = #"{"error":{"message":"There are no healthy deployments for this model.","code":"400"}}"#
            try await bench.moveClock {
                await bench.transport.takeCall()?.answer(400, body: refusal)
                return bench.intake.acceptedCount > 0
            }
            let job = try await bench.intake.next()
            #expect(job.event.type == .watchLost)
            let data = String(decoding: job.event.data, as: UTF8.self)
            #expect(data.contains("the upstream answered 400: There are no healthy deployments for this model."), "\(data)")
            #expect(bench.time.now > Moment(nanoseconds: 0) + .seconds(930))
            #expect(try await bench.watch(id)?.status == .lost)
        }
    }

    @Test("asks by GET at once on a hint, and finds the end that a silent stream does not tell")
    func lookNow() async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            let stream = await bench.transport.nextCall()
            await stream.openStream()
            bench.store.suggestLook([WatchID(trusted: "watch_unknown"), id])
            let get = await bench.transport.nextCall()
            #expect(!get.isStream)
            await get.respond("cancelled")
            #expect(try await bench.intake.next().event.type == .responseCancelled)
            await stream.ended()
            #expect(bench.time.now == Moment(nanoseconds: 0))
        }
    }

    @Test("ends the transfers of a watch that is stopped")
    func stopped() async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            let call = await bench.transport.nextCall()
            await call.openStream()
            _ = try await bench.store.stopWatch(id, now: bench.time.wallNow)
            await call.ended()
            #expect(await bench.engine.liveProgress(of: id) == nil)
            // Registered anew, it is followed again.
            try await bench.register()
            let again = try await bench.callLater()
            #expect(again.isStream)
        }
    }

    @Test("writes progress back, and lets another node go on where it stopped")
    func handsOver() async throws {
        try await withTemporaryDirectory { directory in
            let time = ManualTime()
            let store = try openStore(in: directory, time: time)
            let first = Kept<ScriptedCall>()
            try await withEngine(on: store, time: time) { bench in
                try await bench.register()
                let call = await bench.transport.nextCall()
                first.value = call
                await call.openStream()
                await call.event(#"{"type":"response.in_progress","sequence_number":8,"response":{"status":"in_progress"}}"#)
            }
            #expect(first.value?.isEnded == true)
            let id = WatchID(upstream: EngineBench.upstreamName, response: ResponseID(trusted: "resp_1"))
            let watch = try #require(try await store.watch(id))
            #expect(watch.sequenceNumber == 8)
            #expect(watch.status == .inProgress)
            try await withEngine(on: store, node: "node-2", time: time) { bench in
                let call = await bench.transport.nextCall()
                #expect(call.request.url.contains("starting_after=8"))
            }
            await store.close()
        }
    }

    @Test("writes progress back every two seconds")
    func savesProgress() async throws {
        try await withEngine { bench in
            let id = try await bench.register()
            let call = await bench.transport.nextCall()
            await call.openStream()
            await call.event(#"{"type":"response.output_text.delta","sequence_number":5}"#)
            try await bench.moveClock { try await bench.watch(id)?.sequenceNumber == 5 }
            #expect(try await bench.watch(id)?.following == .stream)
            #expect(bench.time.now < Moment(nanoseconds: 0) + .seconds(60))
        }
    }
}
