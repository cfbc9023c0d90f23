import ResponsesAPI
import RingbackCore
import Store
import Testing

@testable import Watching

@Suite("Manners")
struct MannersTests {
    let start = Timestamp(milliseconds: 1_790_000_000_000)

    /// One stream request from the asking to its answer.
    private func ask(_ manners: inout Manners, _ wish: StreamWish, _ lessons: StreamLesson..., at now: Timestamp) {
        let pass = manners.admit(wish, now)
        for lesson in lessons { manners.learn(lesson, from: pass, now) }
        manners.release(pass)
    }

    private func values(_ manners: Manners) -> [String] { manners.states.map(\.value) }

    private static let fresh = StreamWish(createdStreaming: nil, age: .seconds(1))
    private static let plain = StreamWish(createdStreaming: false, age: .seconds(1))
    private static let streaming = StreamWish(createdStreaming: true, age: .seconds(1))
    private static let refused = StreamLesson.refused(status: 400, .unexplained)

    @Test("are unknown at first, and let three ask at once to find out")
    func unknown() {
        var manners = Manners()
        #expect(values(manners) == ["unknown", "unknown", "unknown", "unknown"])
        let passes = (0..<3).map { _ in
            #expect(manners.welcomes(Self.fresh, start))
            return manners.admit(Self.fresh, start)
        }
        #expect(!manners.welcomes(Self.fresh, start), "the answers to the first are awaited")
        manners.learn(.streamed, from: passes[0], start)
        #expect(manners.welcomes(Self.fresh, start), "one stream opens the door for all")
        passes.forEach { manners.release($0) }
    }

    @Test("are no after five refusals in a row, not after four", arguments: [fresh, plain, streaming])
    func refusals(_ wish: StreamWish) {
        var manners = Manners()
        for _ in 0..<4 { ask(&manners, wish, Self.refused, at: start) }
        #expect(manners.welcomes(wish, start))
        ask(&manners, wish, .streamed, at: start)
        for _ in 0..<4 { ask(&manners, wish, Self.refused, at: start) }
        #expect(manners.welcomes(wish, start))
        ask(&manners, wish, Self.refused, at: start)
        #expect(!manners.welcomes(wish, start))
    }

    @Test("what one kind of response is refused says nothing about the others")
    func kinds() {
        var manners = Manners()
        for _ in 0..<5 { ask(&manners, Self.plain, Self.refused, at: start) }
        #expect(values(manners) == ["unknown", "no", "unknown", "unknown"])
        #expect(!manners.welcomes(Self.plain, start))
        #expect(manners.welcomes(Self.streaming, start))
        #expect(manners.welcomes(Self.fresh, start))
        ask(&manners, Self.streaming, .streamed, at: start)
        #expect(values(manners) == ["yes", "no", "unknown", "unknown"])
        #expect(
            manners.states[1].evidence
                == "5 stream requests for responses that were created without stream: true in a row were answered with HTTP 400")
    }

    @Test("an upstream that answers JSON to running responses streams nothing of any kind")
    func ignored() {
        var manners = Manners()
        for wish in [Self.fresh, Self.plain, Self.streaming, Self.fresh, Self.plain] { ask(&manners, wish, .ignored, at: start) }
        for wish in [Self.fresh, Self.plain, Self.streaming] { #expect(!manners.welcomes(wish, start)) }
        #expect(manners.states[0].value == "no")
        #expect(manners.states[0].evidence?.hasSuffix("JSON instead of a stream") == true)
    }

    @Test("one sentence of an upstream is worth as much as five refusals, but only about what it speaks of")
    func words() {
        var manners = Manners()
        ask(&manners, Self.plain, .refused(status: 400, .notCreatedStreaming), at: start)
        #expect(values(manners) == ["unknown", "no", "unknown", "unknown"])
        #expect(manners.welcomes(Self.streaming, start))
        ask(&manners, Self.streaming, .refused(status: 400, .tooOld(limit: .seconds(300))), at: start)
        #expect(values(manners) == ["unknown", "no", "unknown", "5m"])
        #expect(manners.welcomes(StreamWish(createdStreaming: true, age: .seconds(299)), start))
        #expect(!manners.welcomes(StreamWish(createdStreaming: true, age: .seconds(300)), start))
        let resumed = StreamWish(createdStreaming: true, age: .seconds(1), startingAfter: 7)
        ask(&manners, resumed, .refused(status: 400, .noResumption), at: start)
        #expect(values(manners) == ["unknown", "no", "no", "5m"])
        let pass = manners.admit(resumed, start)
        #expect(pass.startingAfter == nil, "the stream begins at the beginning instead")
    }

    @Test("a response that was made in the foreground says nothing about others, unless it may have been made otherwise")
    func background() {
        var manners = Manners()
        for _ in 0..<9 { ask(&manners, Self.streaming, .refused(status: 400, .notBackground), at: start) }
        #expect(manners.welcomes(Self.streaming, start))
        for _ in 0..<5 { ask(&manners, Self.fresh, .refused(status: 400, .notBackground), at: start) }
        #expect(!manners.welcomes(Self.fresh, start))
        #expect(manners.welcomes(Self.streaming, start))
    }

    @Test("responses of unknown creation are streamed while some of them can be")
    func mixture() {
        var manners = Manners()
        for number in 0..<100 {
            #expect(manners.welcomes(Self.fresh, start))
            ask(&manners, Self.fresh, number % 5 == 0 ? .streamed : .refused(status: 400, .notCreatedStreaming), at: start)
        }
        #expect(values(manners) == ["yes", "no", "unknown", "unknown"])
    }

    @Test("an empty stream is a refusal, but not where there is nothing left to send")
    func empty() {
        var manners = Manners()
        let resumed = StreamWish(createdStreaming: true, age: .seconds(1), startingAfter: 7)
        for _ in 0..<9 { ask(&manners, resumed, .empty, at: start) }
        #expect(manners.welcomes(resumed, start))
        for _ in 0..<5 { ask(&manners, Self.fresh, .empty, at: start) }
        #expect(!manners.welcomes(Self.fresh, start))
    }

    @Test(
        "tell resuming from replaying by the first number",
        arguments: [(5, 6, "yes"), (5, 9, "yes"), (5, 0, "replays"), (5, 5, "replays"), (0, 0, "unknown"), (0, 1, "unknown")])
    func resuming(_ asked: Int64, _ first: Int64, _ value: String) {
        var manners = Manners()
        ask(
            &manners, StreamWish(createdStreaming: true, age: .seconds(1), startingAfter: asked), .streamed, .began(at: first), at: start)
        #expect(manners.states[2].value == value)
    }

    @Test("what is refused only when it is old is a window")
    func window() {
        var manners = Manners()
        ask(&manners, Self.streaming, .streamed, at: start)
        for age in [400, 380, 420, 900, 700] {
            let wish = StreamWish(createdStreaming: true, age: .seconds(age))
            #expect(manners.welcomes(wish, start))
            ask(&manners, wish, Self.refused, at: start)
        }
        #expect(values(manners) == ["yes", "unknown", "unknown", "380s"])
        #expect(manners.welcomes(StreamWish(createdStreaming: true, age: .seconds(379)), start))
        #expect(!manners.welcomes(StreamWish(createdStreaming: true, age: .seconds(380)), start))
        let later = start + Manners.probeSpacing
        #expect(manners.welcomes(StreamWish(createdStreaming: true, age: .seconds(500)), later), "it is tried again")
        ask(&manners, StreamWish(createdStreaming: true, age: .seconds(500)), .streamed, at: later)
        #expect(values(manners) == ["yes", "unknown", "unknown", "unknown"])
        #expect(manners.states[3].evidence == "a response that was at least 500s old was streamed")
    }

    @Test("ten thousand responses, the oldest first, find the window with few refusals")
    func creepingWindow() {
        var manners = Manners()
        ask(&manners, Self.streaming, .streamed, at: start)
        var refusals = 0
        for second in stride(from: 36_000, to: 0, by: -4) {
            let wish = StreamWish(createdStreaming: true, age: .seconds(second))
            guard manners.welcomes(wish, start) else { continue }
            if second > 120 { refusals += 1 }
            ask(&manners, wish, second > 120 ? Self.refused : .streamed, at: start)
        }
        #expect(refusals == 6)
    }

    @Test("let one ask again after a quarter of an hour, and nobody beside it")
    func probes() {
        var manners = Manners()
        for _ in 0..<5 { ask(&manners, Self.fresh, Self.refused, at: start) }
        #expect(!manners.welcomes(Self.fresh, start + .seconds(899)))
        let later = start + .seconds(900)
        #expect(manners.welcomes(Self.fresh, later))
        let probe = manners.admit(Self.fresh, later)
        #expect(!manners.bars(probe))
        #expect(!manners.welcomes(Self.fresh, later + .seconds(10_000)), "the first has no answer yet")
        manners.learn(Self.refused, from: probe, later)
        manners.release(probe)
        #expect(!manners.welcomes(Self.fresh, later + .seconds(899)))
        let last = later + .seconds(900)
        ask(&manners, Self.fresh, .streamed, at: last)
        #expect(manners.welcomes(Self.fresh, last))
        #expect(manners.states[0] == MannerState(manner: .stream, value: "yes", since: last, evidence: "a response was streamed"))
    }

    @Test("turn away who waits with a pass when others have learned better meanwhile")
    func barred() {
        var manners = Manners()
        ask(&manners, Self.fresh, .streamed, at: start)
        let waiting = manners.admit(Self.fresh, start)
        #expect(!manners.bars(waiting))
        for _ in 0..<5 { ask(&manners, Self.fresh, Self.refused, at: start) }
        #expect(manners.bars(waiting))
        manners.release(waiting)
    }

    @Test("a clock that is set back closes nothing for longer")
    func clock() {
        var manners = Manners()
        for _ in 0..<5 { ask(&manners, Self.fresh, Self.refused, at: start) }
        #expect(manners.welcomes(Self.fresh, start - .seconds(3600)))
    }

    @Test("follow the configuration where it says something, and are not tried there")
    func fixed() {
        let old = StreamWish(createdStreaming: true, age: .seconds(600), startingAfter: 7)
        var never = Manners(fixed: FixedManners(stream: false))
        #expect(!never.welcomes(Self.streaming, start + .seconds(1_000_000)))
        #expect(never.states[0] == MannerState(manner: .stream, value: "no", isFixed: true))
        never.fixed = FixedManners(streamUnrequested: false)
        #expect(!never.welcomes(Self.plain, start))
        #expect(never.welcomes(Self.streaming, start))
        never.fixed = FixedManners(streamWindow: .limited(.seconds(600)))
        #expect(!never.welcomes(old, start))
        #expect(never.welcomes(Self.streaming, start))
        never.fixed = FixedManners(resume: false)
        #expect(never.admit(old, start).startingAfter == nil)

        var always = Manners(fixed: FixedManners(stream: true, streamUnrequested: true, resume: true, streamWindow: .unlimited))
        for wish in [Self.fresh, Self.plain, Self.streaming, old] {
            for _ in 0..<9 { ask(&always, wish, Self.refused, at: start) }
            ask(&always, wish, .refused(status: 400, .tooOld(limit: .seconds(300))), at: start)
            #expect(always.welcomes(wish, start))
        }
        #expect(always.admit(old, start).startingAfter == 7)
        #expect(values(always) == ["yes", "yes", "yes", "unlimited"])
        #expect(always.states.allSatisfy { $0.isFixed && $0.evidence == nil })
    }

    @Test("are remembered as they were, the time of the last try included")
    func remembering() {
        var manners = Manners()
        ask(&manners, StreamWish(createdStreaming: true, age: .seconds(1), startingAfter: 5), .streamed, .began(at: 0), at: start)
        ask(&manners, Self.streaming, .refused(status: 400, .tooOld(limit: .seconds(300))), at: start + .seconds(10))
        for _ in 0..<5 { ask(&manners, Self.fresh, Self.refused, at: start + .seconds(20)) }
        let again = Manners(fixed: FixedManners(), remembered: manners.learned)
        #expect(again.states == manners.states)
        #expect(values(again) == ["yes", "no", "replays", "5m"])
        #expect(again.learned == manners.learned)
        #expect(!again.welcomes(Self.fresh, start + .seconds(919)))
        #expect(again.welcomes(Self.fresh, start + .seconds(920)))
    }

    @Test("leave out what another version wrote")
    func foreignRows() {
        let rows = [("stream", "perhaps"), ("stream_window", "soon"), ("dance", "yes"), ("resume", "yes")].map {
            LearnedManner(name: $0, value: $1, since: start, triedAt: start, evidence: "e")
        }
        #expect(values(Manners(fixed: FixedManners(), remembered: rows)) == ["unknown", "unknown", "yes", "unknown"])
    }

    @Test("are forgotten when the upstream moves, while those who wait for an answer go on waiting")
    func forgetting() {
        var manners = Manners()
        for _ in 0..<5 { ask(&manners, Self.fresh, Self.refused, at: start) }
        ask(&manners, Self.streaming, .refused(status: 400, .tooOld(limit: .seconds(300))), at: start)
        let waiting = manners.admit(Self.streaming, start)
        manners.forget()
        #expect(values(manners) == ["unknown", "unknown", "unknown", "unknown"])
        #expect(manners.learned.isEmpty)
        #expect(manners.welcomes(Self.fresh, start))
        manners.release(waiting)
    }
}
