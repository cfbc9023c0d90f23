import ResponsesAPI
import RingbackCore
import Testing
import Transport
import Watching

@Suite("A watch machine")
struct WatchMachineTests {
    @Test("opens a stream first, where streams are welcome, and from the cursor it was claimed with")
    func firstAction() {
        var fresh = MachineBench()
        #expect(fresh.hear(.begin) == .openStream(startingAfter: nil))
        var resumed = MachineBench(cursor: 41)
        #expect(resumed.hear(.begin) == .openStream(startingAfter: 41))
        var polled = MachineBench()
        polled.welcomesStreams = false
        #expect(polled.hear(.begin) == .retrieve)
    }

    @Test("finishes with the response object that came in the stream", arguments: TerminalStatus.allCases)
    func finishesFromStream(_ status: TerminalStatus) {
        var bench = MachineBench()
        bench.hear(.begin)
        bench.hear(.opened)
        bench.hear(.progressed(3))
        #expect(bench.hear(.concluded(status.rawValue)) == .finish(response(status.rawValue)))
        #expect(bench.hear(.streamEnded(.closed)) == .ignore)
    }

    @Test(
        "does not finish with a response object that still runs, whatever the event was called",
        arguments: ["queued", "in_progress", "cancelling"])
    func statusDecides(_ word: String) {
        var bench = MachineBench()
        bench.hear(.begin)
        bench.hear(.opened)
        #expect(bench.hear(.concluded(word)) == .wait)
        #expect(bench.hear(.streamEnded(.announced)) == .retrieve)
        #expect(bench.hear(get("completed")) == .finish(response("completed")))
    }

    @Test(
        "asks by GET after every end of a stream that may mean something",
        arguments: [StreamEnd.closed, .announced, .empty, .tooLarge("long"), .json(nil), .refused(status: 400), .notFound, .unwelcome]
    )
    func getDecides(_ end: StreamEnd) {
        var bench = MachineBench()
        bench.hear(.begin)
        #expect(bench.hear(.streamEnded(end)) == .retrieve)
        #expect(bench.hear(get("failed")) == .finish(response("failed")))
    }

    @Test("takes JSON that came instead of a stream as the answer to a GET")
    func jsonInsteadOfStream() {
        var finished = MachineBench()
        finished.hear(.begin)
        #expect(finished.hear(.streamEnded(.json(.response(response("completed"))))) == .finish(response("completed")))
        var running = MachineBench()
        running.hear(.begin)
        #expect(running.hear(.streamEnded(.json(.response(response("queued"))))) == .wait)
        #expect(running.delay == .seconds(2))
        #expect(running.wake() == .retrieve)
    }

    @Test("resumes a dropped stream after its last event, at once when the stream had lived a while")
    func resumes() {
        var bench = MachineBench()
        bench.hear(.begin)
        bench.hear(.opened)
        bench.now = bench.now + .seconds(20)
        bench.hear(.progressed(12))
        #expect(bench.hear(.streamEnded(.closed)) == .retrieve)
        #expect(bench.hear(get("in_progress")) == .openStream(startingAfter: 12))
    }

    @Test("does not reopen a stream within a second of its opening, even if it brought events")
    func spacing() {
        var bench = MachineBench()
        bench.hear(.begin)
        bench.hear(.progressed(1))
        bench.hear(.streamEnded(.closed))
        #expect(bench.hear(get("in_progress")) == .wait)
        #expect(bench.delay == .seconds(1))
        #expect(bench.wake() == .openStream(startingAfter: 1))
    }

    @Test("polls after three streams in a row without an event, and tries a stream again after five minutes")
    func barrenStreams() {
        var bench = MachineBench()
        #expect(bench.hear(.begin) == .openStream(startingAfter: nil))
        for expected: Duration in [.seconds(1), .seconds(2)] {
            bench.now = bench.now + .seconds(90)
            #expect(bench.hear(.streamEnded(.closed)) == .retrieve)
            #expect(bench.hear(get("in_progress")) == .wait)
            #expect(bench.delay == expected)
            #expect(bench.wake() == .openStream(startingAfter: nil))
        }
        bench.hear(.streamEnded(.closed))
        let abstinentSince = bench.now
        var action = bench.hear(get("in_progress"))
        while action != .openStream(startingAfter: nil) {
            #expect(action == .wait)
            #expect(bench.wake() == .retrieve)
            action = bench.hear(get("in_progress"))
        }
        #expect((.seconds(300)...(.seconds(332))).contains(bench.now - abstinentSince))
    }

    @Test("takes a replay of what it knows already for no progress")
    func replay() {
        var bench = MachineBench(cursor: 9)
        bench.hear(.begin)
        for _ in 0..<3 {
            bench.hear(.progressed(9))
            bench.hear(.progressed(4))
            bench.hear(.streamEnded(.closed))
            bench.hear(get("in_progress"))
            if case .pausing(_, .stream) = bench.machine.state { bench.wake() }
        }
        #expect(bench.machine.cursor == 9)
        #expect(bench.machine.following == .poll)
    }

    @Test("polls at growing intervals up to the maximum, and from the start again when something changes")
    func pollIntervals() {
        var bench = MachineBench()
        bench.welcomesStreams = false
        bench.hear(.begin)
        var delays: [Int64] = []
        for _ in 0..<9 {
            #expect(bench.hear(get("queued")) == .wait)
            delays.append(bench.delay?.wholeMilliseconds ?? -1)
            #expect(bench.wake() == .retrieve)
        }
        #expect(delays == [2000, 3000, 4500, 6750, 10125, 15187, 22781, 30000, 30000])
        bench.hear(get("in_progress"))
        #expect(bench.delay == .seconds(2))
    }

    @Test("polls when the upstream asks it to")
    func pollHint() {
        var bench = MachineBench()
        bench.welcomesStreams = false
        bench.dice = 0
        bench.hear(.begin)
        _ = bench.machine.retrieved(.response(response("queued")), pollAfter: .seconds(11), in: bench.circumstances)
        #expect(bench.delay == .seconds(11))
    }

    @Test("confirms an open stream by a GET, first after half to one and a half intervals, then after one each")
    func confirms() {
        var bench = MachineBench()
        bench.dice = 0
        bench.hear(.begin)
        bench.hear(.opened)
        #expect(bench.delay == .seconds(150))
        #expect(bench.wake() == .retrieve)
        bench.dice = 0.5
        #expect(bench.hear(get("in_progress")) == .wait)
        #expect(bench.delay == .seconds(300))
        #expect(bench.machine.following == .stream)
        #expect(bench.wake() == .retrieve)
        #expect(bench.hear(get("cancelled")) == .finish(response("cancelled")))
    }

    @Test("lets the confirming GET decide when the stream ends meanwhile")
    func streamEndsWhileConfirming() {
        var bench = MachineBench()
        bench.hear(.begin)
        bench.hear(.opened)
        bench.wake()
        #expect(bench.hear(.streamEnded(.closed)) == .wait)
        #expect(bench.hear(get("incomplete")) == .finish(response("incomplete")))
    }

    @Test("takes no 404 seriously within the grace, and three in a row after it for a loss")
    func notFound() {
        var bench = MachineBench()
        bench.welcomesStreams = false
        bench.hear(.begin)
        var answers = 0
        while bench.now - MachineBench.createdAt < .seconds(30) {
            #expect(bench.hear(.retrieved(.notFound)) == .wait)
            #expect(bench.wake() == .retrieve)
            answers += 1
        }
        #expect(answers == 15)
        #expect(bench.hear(.retrieved(.notFound)) == .wait)
        bench.wake()
        #expect(bench.hear(.retrieved(.notFound)) == .wait)
        bench.wake()
        #expect(bench.hear(.retrieved(.notFound)) == .lost(.notFound))
    }

    @Test("keeps 404s that count at least two seconds apart, and counts anew after any other answer")
    func notFoundInARow() {
        var bench = MachineBench(age: .seconds(60))
        bench.welcomesStreams = false
        bench.dice = 0
        bench.hear(.begin)
        let others: [Word] = [
            get("queued"), .retrieved(.unavailable(status: 503, message: "", retryAfter: nil)), .failed(.connectTimeout),
            .retrieved(.unauthorized(status: 401, message: "")),
        ]
        for other in others {
            for _ in 0..<2 {
                #expect(bench.hear(.retrieved(.notFound)) == .wait)
                #expect(bench.delay == .seconds(2))
                bench.wake()
            }
            bench.hear(other)
            bench.wake()
        }
        bench.hear(.retrieved(.notFound))
        bench.wake()
        bench.hear(.retrieved(.notFound))
        bench.wake()
        #expect(bench.hear(.retrieved(.notFound)) == .lost(.notFound))
    }

    @Test("does not call a response lost whose stream goes on bringing events")
    func aliveByItsStream() {
        var bench = MachineBench(age: .seconds(60))
        bench.hear(.begin)
        bench.hear(.opened)
        for cursor in 1...10 {
            bench.wake()
            #expect(bench.hear(.retrieved(.notFound)) == .wait)
            #expect(bench.delay == .seconds(30))
            bench.hear(.progressed(Int64(cursor)))
        }
    }

    @Test("keeps a watch whose credentials are refused, and slows down from 30 seconds to 5 minutes")
    func unauthorized() {
        var bench = MachineBench()
        bench.hear(.begin)
        bench.hear(.streamEnded(.unauthorized(status: 401)))
        var delays = [bench.delay]
        for _ in 0..<5 {
            bench.wake()
            bench.hear(.retrieved(.unauthorized(status: 401, message: "wrong key")))
            delays.append(bench.delay)
        }
        #expect(delays == [.seconds(30), .seconds(60), .seconds(120), .seconds(240), .seconds(300), .seconds(300)])
    }

    @Test("backs off from one second to a minute while the upstream fails, and never gives up before its time")
    func failures() {
        var bench = MachineBench()
        bench.welcomesStreams = false
        bench.hear(.begin)
        let words: [Word] = [
            .failed(.connectionRefused(host: "a")), .retrieved(.unavailable(status: 500, message: "", retryAfter: nil)),
            .failed(.totalTimeout),
            .retrieved(.unusable("HTML")), .retrieved(.refused(status: 400, message: "")), .retrieved(.rateLimited(retryAfter: nil)),
            .failed(.closed), .failed(.connectTimeout),
        ]
        var delays: [Duration?] = []
        for word in words {
            #expect(bench.hear(word) == .wait)
            delays.append(bench.delay)
            #expect(bench.wake() == .retrieve)
        }
        #expect(delays == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
    }

    @Test("heeds Retry-After, but not for ever", arguments: [(7, 7), (90_000, 3600)])
    func retryAfter(_ asked: Int, _ heeded: Int) {
        var bench = MachineBench()
        bench.welcomesStreams = false
        bench.isSilent()
        bench.hear(.begin)
        bench.hear(.retrieved(.rateLimited(retryAfter: .seconds(asked))))
        #expect(bench.delay == .seconds(heeded))
    }

    @Test("raises a stall once, after so long without progress, and goes on")
    func stall() {
        var bench = MachineBench()
        bench.hear(.begin)
        bench.hear(.opened)
        bench.now = bench.now + .seconds(1000)
        bench.hear(.progressed(1))
        let since = bench.now
        var notices = 0
        while bench.now - since < .seconds(3 * 3600) {
            if bench.wake() == .retrieve { bench.hear(get("queued")) }
            guard bench.machine.takeNotices().contains(.stalled) else { continue }
            notices += 1
            #expect(bench.now - since == .seconds(1800))
        }
        #expect(notices == 1)
        #expect(bench.machine.isStalled)
        var restarted = MachineBench(isStalled: true)
        restarted.hear(.begin)
        while restarted.now - MachineBench.createdAt < .seconds(3 * 3600) {
            if restarted.wake() == .retrieve { restarted.hear(get("queued")) }
        }
        #expect(restarted.machine.takeNotices() == [.running(.queued)])
    }

    @Test("looks once more when the watch is too old, and only then lets it expire", arguments: [true, false])
    func expires(_ endsAtTheLastLook: Bool) {
        var bench = MachineBench(isStalled: true)
        bench.hear(.begin)
        bench.hear(.opened)
        bench.now = MachineBench.createdAt + .seconds(24 * 3600)
        #expect(bench.hear(.timer) == .retrieve)
        #expect(
            bench.hear(get(endsAtTheLastLook ? "completed" : "in_progress"))
                == (endsAtTheLastLook ? .finish(response("completed")) : .expired))
        #expect(bench.delay == nil)
    }

    @Test("expires without an answer to the last look")
    func lastLookUnanswered() {
        var bench = MachineBench(isStalled: true)
        bench.welcomesStreams = false
        bench.hear(.begin)
        #expect(bench.wake() == .wait)
        #expect(bench.delay == WatchPace.lastLookPatience)
        #expect(bench.wake() == .expired)
    }

    @Test("asks once for a response that was too old already when it was claimed")
    func claimedLate() {
        var bench = MachineBench(age: .seconds(48 * 3600))
        #expect(bench.hear(.begin) == .retrieve)
        #expect(bench.hear(get("completed")) == .finish(response("completed")))
    }

    @Test(
        "looks at a cancelled response once more, and rings again only if it was completed",
        arguments: ["completed", "cancelled", "failed"])
    func secondLook(_ word: String) {
        var bench = MachineBench.secondLook()
        #expect(bench.delay == .zero)
        #expect(bench.hear(.begin) == .retrieve)
        #expect(bench.hear(get(word)) == (word == "completed" ? .finish(response("completed")) : .forget))
        #expect(bench.delay == nil)
    }

    @Test("looks at a cancelled response again while it runs after all or nobody answers, for an hour at most")
    func patientSecondLook() {
        var bench = MachineBench.secondLook()
        bench.hear(.begin)
        #expect(bench.hear(.failed(.connectTimeout)) == .wait)
        #expect(bench.delay == .seconds(1))
        bench.wake()
        #expect(bench.hear(get("in_progress")) == .wait)
        #expect(bench.delay == WatchPace.secondLookDelay)
        #expect(bench.machine.takeNotices().isEmpty, "what happens after the end is no progress")
        var action = bench.wake()
        while action != .forget {
            #expect(action == .retrieve)
            guard bench.hear(.retrieved(.unavailable(status: 503, message: "", retryAfter: nil))) == .wait else { break }
            action = bench.wake()
        }
        #expect((.seconds(3500)...(.seconds(3600))).contains(bench.now - MachineBench.createdAt))
        #expect(bench.delay == nil)
    }

    @Test("waits parked while its upstream is not configured, and expires there")
    func parked() {
        var bench = MachineBench()
        #expect(bench.delay == .seconds(24 * 3600))
        bench.hear(.begin)
        bench.hear(.park)
        #expect(bench.machine.state == .parked)
        #expect(bench.hear(.begin) == .openStream(startingAfter: nil))
        bench.hear(.park)
        #expect(bench.wake() == .expired)
    }

    @Test("is small: a hundred thousand of them fit into 20 MB")
    func size() {
        #expect(MemoryLayout<WatchMachine>.size < 200)
    }
}

extension MachineBench {
    /// No stall gets in the way of long waits.
    mutating func isSilent() {
        pace.stalledAfter = .seconds(100 * 3600)
    }
}
