import ResponsesAPI
import RingbackCore
import Testing
import Transport
import Watching

@Suite("A watch machine and what vendors mean")
struct WatchMachineDialectTests {
    @Test("notices queued, in progress and requires action once each, whichever way they come and however often")
    func notices() {
        var bench = MachineBench()
        bench.hear(.begin)
        bench.hear(.opened)
        bench.hear(.reported(.queued))
        bench.hear(.reported(.inProgress))
        #expect(bench.machine.takeNotices() == [.running(.queued), .running(.inProgress)])
        bench.hear(.reported(.requiresAction))
        bench.hear(.streamEnded(.closed))
        bench.hear(get("requires_action"))
        #expect(bench.machine.takeNotices() == [.running(.requiresAction)])
        for word in ["queued", "in_progress", "requires_action", "cancelling"] {
            bench.wake()
            bench.hear(.streamEnded(.closed))
            bench.hear(get(word))
        }
        #expect(bench.machine.takeNotices().isEmpty)
        #expect(bench.machine.status == .inProgress)
    }

    @Test("takes a required action for progress: the stall is counted from there")
    func actionIsProgress() {
        var bench = MachineBench()
        bench.welcomesStreams = false
        bench.hear(.begin)
        bench.hear(get("in_progress"))
        bench.now = bench.now + .seconds(1000)
        bench.hear(.timer)
        bench.hear(get("requires_action"))
        bench.now = bench.now + .seconds(1000)
        bench.hear(.timer)
        #expect(!bench.machine.isStalled)
    }

    @Test("reads on beside the GET when a stream announces an end, and goes on when there was none")
    func announcedInVain() {
        var bench = MachineBench()
        bench.hear(.begin)
        bench.hear(.opened)
        #expect(bench.hear(.announced) == .retrieve)
        #expect(bench.machine.following == .stream)
        #expect(bench.hear(.progressed(4)) == .wait)
        #expect(bench.hear(get("in_progress")) == .wait)
        #expect(bench.delay == .seconds(5), "the stream may lead the GET by a little")
        #expect(bench.hear(.progressed(5)) == .wait)
        bench.now = bench.now + .seconds(10)
        #expect(bench.hear(.streamEnded(.closed)) == .retrieve)
        #expect(bench.hear(get("in_progress")) == .openStream(startingAfter: 5), "what announced in vain and then went on is resumed")
    }

    @Test("does not reopen at once what announced an end and closed, while a GET says that the response runs")
    func announcedAndClosed() {
        var bench = MachineBench()
        for _ in 0..<20 {
            if bench.machine.state == .parked { bench.hear(.begin) } else { bench.wake() }
            guard bench.machine.following == .stream else { break }
            bench.hear(.opened)
            bench.hear(.progressed(nil))
            bench.hear(.announced)
            bench.hear(.streamEnded(.closed))
            bench.hear(get("in_progress"))
        }
        #expect(bench.machine.following == .poll)
        #expect(bench.now - MachineBench.createdAt < .seconds(10))
    }

    @Test("does not believe a failure in a stream soon after a hint: it may be made up because of a cancel", arguments: [1, 61])
    func madeUpFailure(_ seconds: Int) {
        var bench = MachineBench()
        bench.hear(.begin)
        bench.hear(.opened)
        bench.hear(.hint)
        bench.hear(get("in_progress"))
        bench.now = bench.now + .seconds(seconds)
        let action = bench.hear(.concluded("failed"))
        if seconds == 1 {
            #expect(action == .wait)
            #expect(bench.hear(.streamEnded(.closed)) == .retrieve)
            #expect(bench.hear(get("cancelled")) == .finish(response("cancelled")))
        } else {
            #expect(action == .finish(response("failed")))
        }
    }

    @Test("calls a response lost that was refused ten times in a row over fifteen minutes, and not before", arguments: [400, 422])
    func refused(_ status: Int) {
        var bench = MachineBench()
        bench.welcomesStreams = false
        bench.hear(.begin)
        let refusal = Word.retrieved(.refused(status: status, message: "There are no healthy deployments"))
        var since: Moment?
        var answers = 0
        var action = bench.hear(refusal)
        while action == .wait {
            #expect(bench.wake() == .retrieve)
            if bench.now - MachineBench.createdAt >= .seconds(30) {
                since = since ?? bench.now
                answers += 1
            }
            action = bench.hear(refusal)
        }
        let first = since ?? bench.now
        #expect(action == .lost(.refused(since: first)))
        #expect(answers >= 10)
        #expect((.seconds(900)...(.seconds(961))).contains(bench.now - first))
    }

    static let silences: [Word] = [
        .retrieved(.notFound), .failed(.connectTimeout), .retrieved(.unauthorized(status: 401, message: "")),
        .retrieved(.refused(status: 409, message: "")), .retrieved(.unusable("HTML")), .retrieved(.rateLimited(retryAfter: nil)),
    ]

    @Test(
        "counts refusals anew when the upstream speaks of the response, and on after everything else",
        arguments: [get("in_progress")] + silences)
    func refusalsInARow(_ other: Word) {
        var bench = MachineBench(age: .seconds(60))
        bench.welcomesStreams = false
        bench.isSilent()
        bench.hear(.begin)
        let refusal = Word.retrieved(.refused(status: 400, message: "no"))
        while bench.now - MachineBench.createdAt < .seconds(900) {
            #expect(bench.hear(refusal) == .wait)
            bench.wake()
        }
        #expect(bench.hear(other) == .wait)
        bench.wake()
        let since = bench.now
        while bench.hear(refusal) == .wait { bench.wake() }
        #expect(bench.machine.state == .ended)
        #expect((bench.now - since >= .seconds(900)) == (other.description == get("in_progress").description))
    }

    @Test("never calls a response lost for refusals that speak of something else", arguments: [307, 402, 405, 409, 413, 501])
    func otherRefusals(_ status: Int) {
        var bench = MachineBench()
        bench.welcomesStreams = false
        bench.isSilent()
        bench.hear(.begin)
        while bench.now - MachineBench.createdAt < .seconds(20 * 3600) {
            #expect(bench.hear(.retrieved(.refused(status: status, message: "no"))) == .wait)
            bench.wake()
        }
    }

    @Test("follows a response through a window of eight hours, tells of the stall once, and finds the end")
    func longWait() {
        var bench = MachineBench()
        bench.welcomesStreams = false
        bench.hear(.begin)
        var notices: [WatchMachine.Notice] = []
        while bench.now - MachineBench.createdAt < .seconds(8 * 3600) {
            bench.hear(get("queued"))
            bench.wake()
            notices += bench.machine.takeNotices()
        }
        #expect(notices == [.running(.queued), .stalled])
        #expect(bench.hear(get("completed")) == .finish(response("completed")))
    }
}
