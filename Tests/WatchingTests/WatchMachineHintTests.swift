import ResponsesAPI
import RingbackCore
import Testing
import Watching

@Suite("A watch machine that hears a hint")
struct WatchMachineHintTests {
    @Test("confirms an open or opening stream at once", arguments: [[Word.begin], [.begin, .opened]])
    func confirms(_ words: [Word]) {
        var bench = MachineBench()
        for word in words { bench.hear(word) }
        #expect(bench.hear(.hint) == .retrieve)
        #expect(bench.machine.following == .stream)
        #expect(bench.hear(get("cancelled")) == .finish(response("cancelled")))
    }

    @Test("asks at once when it pauses")
    func endsThePause() {
        var bench = MachineBench()
        bench.welcomesStreams = false
        bench.hear(.begin)
        for _ in 0..<8 {
            bench.hear(get("in_progress"))
            bench.wake()
        }
        bench.hear(get("in_progress"))
        #expect(bench.delay == .seconds(30))
        #expect(bench.hear(.hint) == .retrieve)
        #expect(bench.hear(get("cancelling")) == .wait)
        #expect(bench.delay == .seconds(2), "what takes its time is asked for anew from the shortest interval on")
    }

    @Test("confirms a silent stream after 5, 15, 45 and 135 seconds more, when the end did not come at once")
    func staysEager() {
        var bench = MachineBench()
        bench.hear(.begin)
        bench.hear(.opened)
        #expect(bench.hear(.hint) == .retrieve)
        var delays: [Duration?] = []
        for _ in 0..<6 {
            bench.hear(get("cancelling"))
            delays.append(bench.delay)
            #expect(bench.wake() == .retrieve)
        }
        #expect(delays == [5, 15, 45, 135, 300, 300].map { .seconds($0) })
    }

    @Test("asks at most every five seconds, however many hints come, and drops none of them", arguments: [true, false])
    func storm(_ streams: Bool) {
        var bench = MachineBench()
        bench.welcomesStreams = streams
        bench.pace.pollInterval = .seconds(1000)
        bench.pace.pollMaximumInterval = .seconds(1000)
        bench.hear(.begin)
        bench.hear(streams ? .opened : get("in_progress"))
        var asked: [Moment] = []
        for _ in 0..<300 {
            let action = bench.delay == .zero ? bench.hear(.timer) : bench.hear(.hint)
            if action == .retrieve {
                asked.append(bench.now)
                bench.hear(get("in_progress"))
            }
            bench.now = bench.now + .milliseconds(100)
        }
        #expect(asked.count == 6, "\(asked)")
        #expect(zip(asked, asked.dropFirst()).allSatisfy { $1 - $0 >= .seconds(5) })
    }

    @Test("asks again soon when the answer on its way may be older than the hint")
    func answerUnderWay() {
        var bench = MachineBench()
        bench.hear(.begin)
        bench.hear(.opened)
        bench.wake()
        #expect(bench.hear(.hint) == .ignore)
        bench.hear(get("in_progress"))
        #expect(bench.delay == .seconds(5))
    }

    @Test("does not let a hint make 404s count faster")
    func notFound() {
        var bench = MachineBench(age: .seconds(60))
        bench.welcomesStreams = false
        bench.hear(.begin)
        for _ in 0..<2 {
            #expect(bench.hear(.retrieved(.notFound)) == .wait)
            #expect(bench.hear(.hint) == .ignore)
            #expect(bench.delay == .seconds(2))
            bench.wake()
        }
    }

    @Test("keeps the second look at a cancelled response for its time")
    func secondLook() {
        var bench = MachineBench.secondLook()
        bench.hear(.begin)
        bench.hear(get("in_progress"))
        #expect(bench.hear(.hint) == .ignore)
        #expect(bench.delay == WatchPace.secondLookDelay)
    }
}
