import RawJSON
import RingbackCore
import RingbackTesting
import Sandbox
import Testing
import Transport

@Suite("A stream of the sandbox", .timeLimit(.minutes(5)))
struct SandboxStreamTests {
    @Test("tells a whole response in events numbered from 0 without a gap, and closes", arguments: TerminalStatus.allCases)
    func wholeResponse(_ outcome: TerminalStatus) async throws {
        try await SandboxUnderTest.lend { sandbox in
            var stream = sandbox.createStreaming(["outcome": outcome.rawValue, "duration": "10s", "output_bytes": "500"])
            let queued = try #require(try await stream.events(1).first)
            sandbox.time.advance(by: .seconds(10))
            let events = try await [queued] + stream.rest()
            #expect(stream.head?.status == 200)
            #expect(stream.head?["content-type"] == "text/event-stream; charset=utf-8")
            #expect(stream.error == nil, "a stream that is at its end is closed in an orderly way")
            #expect(try events.map { try $0.number() } == Array(0..<Int64(events.count)))
            #expect(try events.prefix(3).map { try $0.type() } == ["response.queued", "response.created", "response.in_progress"])
            #expect(try events.allSatisfy { try $0.name == $0.type() })
            #expect(try events.last?.type() == "response.\(outcome.rawValue)")
            #expect(try events.dropLast().allSatisfy { try $0.status().map { ["queued", "in_progress"].contains($0) } ?? true })

            let id = try #require(try queued.json()["response"]?["id"]?.string)
            let retrieved = try await sandbox.response(id)
            #expect(try events.last?.json()["response"] == retrieved, "the terminal event carries what a GET answers")
            let deltas = try events.compactMap { try $0.json()["delta"]?.string }.joined()
            #expect(deltas.utf8.count == 500)
            #expect(retrieved["output"]?[0]?["content"]?[0]?["text"]?.string == deltas)
        }
    }

    @Test("sends each event when it happens and not before")
    func timing() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let script = try Script(metadata: ["sandbox.duration": "10s", "sandbox.delta_interval": "1s"])
            let id = try await sandbox.create(["duration": "10s", "delta_interval": "1s"])
            var stream = sandbox.stream(id)
            #expect(try await stream.events(2).map { try $0.number() } == [0, 1])
            // The stream waits for the beginning of the work: a tenth of the duration, but 300 ms at most.
            await sandbox.time.waitForSleeper()
            #expect(sandbox.time.nextDeadline == Moment(nanoseconds: 300_000_000))
            sandbox.time.advance(by: .milliseconds(300))
            #expect(try await stream.events(4).map { try $0.number() } == [2, 3, 4, 5])
            await sandbox.time.waitForSleeper()
            #expect(sandbox.time.nextDeadline == Moment(nanoseconds: 300_000_000) + script.deltaInterval)
            await stream.close()
        }
    }

    @Test("goes on after the event that starting_after names, for one that runs")
    func resumption() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create(["duration": "10s"])
            sandbox.time.advance(by: .seconds(9))
            var whole = sandbox.stream(id)
            var rest = sandbox.stream(id, after: 3)
            let firstOfWhole = try await whole.events(1)
            let firstOfRest = try await rest.events(1)
            #expect(try firstOfWhole.first?.number() == 0)
            #expect(try firstOfRest.first?.number() == 4)
            sandbox.time.advance(by: .seconds(1))
            let all = try await firstOfWhole + whole.rest()
            #expect(try await firstOfRest + rest.rest() == Array(all.dropFirst(4)))
        }
    }

    @Test("refuses a starting_after that is no sequence number", arguments: ["-1", "abc", ""])
    func badCursor(cursor: String) async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create()
            let answer = try await sandbox.get("/responses/\(id)?stream=true&starting_after=\(cursor)")
            #expect(answer.status == 400)
            #expect(try answer.message().contains("starting_after"))
        }
    }

    @Test("gives one terminal event for a finished response, and closes", arguments: [nil, 0, 5] as [Int64?])
    func finished(after number: Int64?) async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create(["duration": "2s", "outcome": "incomplete"])
            sandbox.time.advance(by: .seconds(2))
            var stream = sandbox.stream(id, after: number)
            let events = try await stream.rest()
            #expect(try events.map { try $0.type() } == ["response.incomplete"])
            let retrieved = try await sandbox.response(id)
            #expect(try events.first?.json()["response"] == retrieved)
            #expect(stream.error == nil)
        }
    }

    @Test("is cut without a word after drop_stream_after events, each time, and can be resumed")
    func drop() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create(["duration": "10s", "drop_stream_after": "4"])
            sandbox.time.advance(by: .seconds(9))
            var last: Int64?
            for round in 0..<3 {
                var stream = sandbox.stream(id, after: last)
                let numbers = try await stream.rest().map { try $0.number() }
                #expect(numbers == Array(Int64(round * 4)..<Int64(round * 4 + 4)))
                #expect(stream.error != nil, "the connection breaks off in the middle of the answer")
                last = numbers.last
            }
        }
    }

    @Test("is refused with 400, with JSON, or with nothing, as refuse_stream says", arguments: Script.StreamRefusal.allCases)
    func refusal(_ refusal: Script.StreamRefusal) async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create(["duration": "10s", "refuse_stream": refusal.rawValue])
            var stream = sandbox.stream(id)
            switch refusal {
            case .badRequest:
                #expect(try await stream.status() == 400)
                #expect(await stream.body().contains("cannot be streamed"))
            case .json:
                #expect(try await stream.status() == 200)
                #expect(stream.head?["content-type"] == "application/json")
                let body = await stream.body()
                let retrieved = try await sandbox.response(id)
                #expect(try JSON(parsing: Array(body.utf8)) == retrieved)
            case .empty:
                #expect(try await stream.status() == 200)
                #expect(stream.head?["content-type"] == "text/event-stream")
                #expect(await stream.body().isEmpty)
                #expect(stream.isOver)
            }
        }
    }

    @Test("is silent after the first delta while a response stalls, and goes on afterwards")
    func stall() async throws {
        try await SandboxUnderTest.lend { sandbox in
            var stream = sandbox.createStreaming(["duration": "10s", "delta_interval": "1s", "stall": "1h"])
            let beginning = try await stream.events(2)
            sandbox.time.advance(by: .seconds(60))
            let begun = try await beginning + stream.events(4)
            #expect(try begun.last?.type() == "response.output_text.delta")
            await sandbox.time.waitForSleeper()
            #expect(sandbox.time.nextDeadline == Moment(nanoseconds: 0) + .milliseconds(300) + .seconds(1) + .seconds(3600))
            sandbox.time.advance(by: .seconds(3700))
            let events = try await begun + stream.rest()
            #expect(try events.map { try $0.number() } == Array(0..<Int64(events.count)))
            #expect(try events.last?.type() == "response.completed")
        }
    }

    @Test("ends with response.cancelled, under the next number, when its response is cancelled")
    func cancel() async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create(["duration": "1h"])
            var stream = sandbox.stream(id)
            #expect(try await stream.events(2).count == 2)
            await sandbox.time.waitForSleeper()
            #expect(try await sandbox.post("/responses/\(id)/cancel").status == 200)
            let rest = try await stream.rest()
            #expect(try rest.map { try $0.type() } == ["response.cancelled"])
            #expect(try rest.first?.number() == 2)
            #expect(try rest.first?.status() == "cancelled")
            #expect(stream.error == nil)
        }
    }

    @Test("can be left alone: the response runs on")
    func clientGoesAway() async throws {
        try await SandboxUnderTest.lend { sandbox in
            var stream = sandbox.createStreaming(["duration": "10s"])
            let id = try #require(try await stream.events(1).first?.json()["response"]?["id"]?.string)
            await stream.close()
            sandbox.time.advance(by: .seconds(10))
            #expect(try await sandbox.response(id)["status"] == "completed")
        }
    }

    @Test("closes without a terminal event when its response is forgotten or deleted", arguments: [true, false])
    func gone(isDeleted: Bool) async throws {
        try await SandboxUnderTest.lend { sandbox in
            let id = try await sandbox.create(["duration": "10s", "forget_after": "5s"])
            var stream = sandbox.stream(id)
            let beginning = try await stream.events(2)
            if isDeleted {
                #expect(try await sandbox.delete("/responses/\(id)").status == 200)
            } else {
                sandbox.time.advance(by: .seconds(6))
            }
            let events = try await beginning + stream.rest()
            #expect(try events.map { try $0.type() } == ["response.queued", "response.created"])
            #expect(stream.error == nil)
        }
    }

    @Test("does not keep the server from shutting down", arguments: ["mka1", "vllm"])
    func shutdown(dialect: String) async throws {
        try await SandboxUnderTest.lend(dialect: try #require(Dialect.named(dialect))) { sandbox in
            var waiting = sandbox.createStreaming(["duration": "1h"])
            #expect(try await waiting.events(1).count == 1)
            var cancelled = sandbox.createStreaming(["duration": "1h"])
            let id = try #require(try await cancelled.events(1).first?.json()["response"]?["id"]?.string)
            #expect(try await sandbox.post("/responses/\(id)/cancel").status == 200)
            // The time limit of the suite speaks when the server waits for one of the two.
        }
    }
}
