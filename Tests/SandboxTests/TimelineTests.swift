import RingbackCore
import Testing

@testable import Sandbox

@Suite("A sandbox response's timeline")
struct TimelineTests {
    private func timeline(_ metadata: [String: String]) throws -> Timeline {
        Timeline(script: try Script(metadata: metadata))
    }

    @Test("begins with queued, created and in_progress and ends with its outcome", arguments: TerminalStatus.allCases)
    func beginningAndEnd(outcome: TerminalStatus) throws {
        let timeline = try timeline(["sandbox.outcome": outcome.rawValue, "sandbox.duration": "2s"])
        #expect(timeline.entries.prefix(3).map(\.step) == [.queued, .created, .inProgress])
        #expect(timeline.entries.last?.step == .end(outcome))
        #expect(timeline.entries.last?.offset == .seconds(2))
        #expect(timeline.end(at: .milliseconds(1999)) == nil)
        #expect(timeline.end(at: .seconds(2)) == outcome)
    }

    @Test("is in order, and its deltas make up the whole output")
    func order() throws {
        let timeline = try timeline(["sandbox.duration": "5s", "sandbox.delta_interval": "100ms", "sandbox.output_bytes": "777"])
        #expect(zip(timeline.entries, timeline.entries.dropFirst()).allSatisfy { $0.offset <= $1.offset })
        var covered = 0
        for case .delta(let piece) in timeline.entries.map(\.step) {
            #expect(piece.lowerBound == covered)
            covered = piece.upperBound
        }
        #expect(covered == 777)
        #expect(timeline.outputBytes(at: .seconds(5)) == 777)
        #expect(timeline.outputBytes(at: .zero) == 0)
    }

    @Test("counts what has happened by a time")
    func eventCount() throws {
        let timeline = try timeline(["sandbox.duration": "1s"])
        for offset in stride(from: 0, through: 1100, by: 7) {
            let expected = timeline.entries.count { $0.offset <= .milliseconds(offset) }
            #expect(timeline.eventCount(at: .milliseconds(offset)) == expected)
        }
    }

    @Test("is cut short by a cancel, once, and not after its end")
    func cancel() throws {
        var running = try timeline(["sandbox.duration": "10s"])
        let isCancelled = running.cancel(at: .seconds(4))
        #expect(isCancelled)
        #expect(running.end(at: .seconds(4)) == .cancelled)
        #expect(running.entries.last?.step == .end(.cancelled))
        let isCancelledTwice = running.cancel(at: .seconds(5))
        #expect(!isCancelledTwice)

        var finished = try timeline(["sandbox.duration": "1s"])
        let isCancelledLate = finished.cancel(at: .seconds(1))
        #expect(!isCancelledLate)
        #expect(finished.end(at: .seconds(1)) == .completed)
    }

    @Test("waits after the first delta when it stalls")
    func stall() throws {
        let timeline = try timeline(["sandbox.duration": "1s", "sandbox.stall": "30s"])
        #expect(timeline.end(at: .seconds(30)) == nil)
        #expect(timeline.end(at: .seconds(31)) == .completed)
        #expect(timeline.eventCount(at: .milliseconds(200)) == timeline.eventCount(at: .seconds(29)))
    }

    @Test("has a bounded number of events however fast its deltas are")
    func bounded() throws {
        let timeline = try timeline(["sandbox.duration": "24h", "sandbox.delta_interval": "1ms", "sandbox.output_bytes": "16777216"])
        #expect(timeline.entries.count <= Timeline.maximumDeltas + 10)
    }
}
