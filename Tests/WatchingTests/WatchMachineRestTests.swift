import ResponsesAPI
import RingbackCore
import Testing
import Watching

/// Answers that are too large to be held are not to be asked for again and again.
@Suite("A watch machine that was given a heavy answer")
struct WatchMachineRestTests {
    private static let rest = Duration.seconds(400)

    private func rested(welcomesStreams: Bool, _ answer: RetrieveAnswer) -> (bench: MachineBench, action: WatchMachine.Action) {
        var bench = MachineBench()
        bench.welcomesStreams = false
        _ = bench.hear(.begin)
        bench.welcomesStreams = welcomesStreams
        let action = bench.machine.retrieved(answer, pollAfter: .seconds(1), rest: Self.rest, in: bench.circumstances)
        return (bench, action)
    }

    @Test("asks again only after its rest, whatever hints come")
    func polled() {
        for answer in [RetrieveAnswer.response(response("in_progress")), .unusable("its status was not found")] {
            var (bench, action) = rested(welcomesStreams: false, answer)
            #expect(action == .wait)
            #expect(bench.delay == Self.rest)
            #expect(bench.hear(.hint) == .wait)
            #expect(bench.delay == Self.rest)
            #expect(bench.wake() == .retrieve)
            // A light answer ends the heavy times.
            _ = bench.hear(get("in_progress"))
            #expect(bench.delay.map { $0 < .seconds(60) } == true)
        }
    }

    @Test("opens streams as ever, but does not ask when they close or by the side")
    func streamed() {
        var (bench, action) = rested(welcomesStreams: true, .response(response("in_progress")))
        #expect(action == .openStream(startingAfter: nil))
        #expect(bench.delay == Self.rest, "the confirming GET comes when the rest is over")
        bench.hear(.opened)
        bench.hear(.progressed(1))
        #expect(bench.hear(.hint) == .wait)
        #expect(bench.delay == Self.rest)
        #expect(bench.hear(.streamEnded(.closed)) == .wait)
        #expect(bench.delay == Self.rest)
        #expect(bench.wake() == .retrieve)
    }

    @Test("still takes its last look when it is too old")
    func lastLook() {
        var bench = MachineBench(age: .seconds(24 * 3600 - 100))
        bench.welcomesStreams = false
        _ = bench.hear(.begin)
        _ = bench.machine.retrieved(.response(response("in_progress")), rest: Self.rest, in: bench.circumstances)
        #expect(bench.delay == .seconds(100))
        #expect(bench.wake() == .retrieve)
        #expect(bench.hear(get("completed")) == .finish(response("completed")))
    }

    @Test("asks at once when a stream says that the response is at its end", arguments: [StreamEnd.announced, .tooLarge("an event")])
    func announced(_ end: StreamEnd) {
        var (bench, _) = rested(welcomesStreams: true, .response(response("in_progress")))
        bench.hear(.opened)
        #expect(bench.hear(.streamEnded(end)) == .retrieve)
    }

    @Test("rests the longer the larger the answer was, and five minutes at most")
    func restAfter() {
        #expect(WatchPace.restAfter(bytes: 33 << 20) == .seconds(132))
        #expect(WatchPace.restAfter(bytes: 75 << 20) == .seconds(300))
        #expect(WatchPace.restAfter(bytes: 1 << 30) == .seconds(300))
    }
}
