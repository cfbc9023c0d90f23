import ResponsesAPI
import RingbackCore
import Testing

@testable import Watching

/// Every lesson from every kind of wish, in every order of two, and long random lives.
@Suite("Manners, whatever happens")
struct MannersExhaustiveTests {
    private static let start = Timestamp(milliseconds: 1_790_000_000_000)

    private static let wishes: [StreamWish] = [true, false, nil].flatMap { created in
        [1, 200, 4000].flatMap { age in
            [nil, 0, 5].map { StreamWish(createdStreaming: created, age: .seconds(age), startingAfter: $0) }
        }
    }

    private static let lessons: [StreamLesson?] =
        [.streamed, .began(at: 0), .began(at: 6), .ignored, .empty, nil]
        + [
            StreamRefusal.tooOld(limit: .seconds(300)), .tooOld(limit: nil), .notCreatedStreaming, .notBackground, .noResumption,
            .unexplained,
        ].map { .refused(status: 400, $0) }

    /// What holds at any time.
    private func check(_ manners: Manners, _ now: Timestamp, _ what: @autoclosure () -> String) {
        for wish in Self.wishes {
            // Nothing is closed for ever: with nobody under way, everything is tried again.
            #expect(manners.welcomes(wish, now + Manners.probeSpacing), "\(what()) closed the door to \(wish)")
        }
        let again = Manners(fixed: manners.fixed, remembered: manners.learned)
        #expect(again.states == manners.states, "\(what()) is remembered otherwise")
        for state in manners.states { #expect((state.evidence == nil) == (state.value == "unknown" && state.since == nil)) }
    }

    private func live(_ manners: inout Manners, _ wish: StreamWish, _ lesson: StreamLesson?, _ now: Timestamp) {
        guard manners.welcomes(wish, now) else { return }
        let pass = manners.admit(wish, now)
        if let lesson { manners.learn(lesson, from: pass, now) }
        manners.release(pass)
    }

    @Test("every two lessons, each up to the limit, leave a way back")
    func pairs() {
        for first in Self.lessons {
            for wish in Self.wishes {
                var manners = Manners()
                for _ in 0..<Manners.refusalLimit { live(&manners, wish, first, Self.start) }
                for second in Self.lessons {
                    for other in Self.wishes {
                        var further = manners
                        live(&further, other, second, Self.start)
                        check(further, Self.start, "\(String(describing: first)) then \(String(describing: second))")
                    }
                }
            }
        }
    }

    @Test("long lives leave a way back, and a stream always opens the way for its like", arguments: 1...40 as ClosedRange<UInt64>)
    func lives(_ seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        var manners = Manners()
        var now = Self.start
        var waiting: [StreamPass] = []
        for _ in 0..<400 {
            now = now + .seconds(Int.random(in: 0...200, using: &chance))
            let wish = Self.wishes[Int.random(in: 0..<Self.wishes.count, using: &chance)]
            if manners.welcomes(wish, now) { waiting.append(manners.admit(wish, now)) }
            guard !waiting.isEmpty, Bool.random(using: &chance) else { continue }
            let pass = waiting.remove(at: Int.random(in: 0..<waiting.count, using: &chance))
            let lesson = Self.lessons[Int.random(in: 0..<Self.lessons.count, using: &chance)]
            if let lesson { manners.learn(lesson, from: pass, now) }
            manners.release(pass)
            if lesson == .streamed { #expect(!manners.bars(pass), "seed \(seed)") }
        }
        waiting.forEach { manners.release($0) }
        check(manners, now, "seed \(seed)")
    }

    @Test(
        "an upstream that refuses everything hears of ten thousand watches less than ten times, however late it answers",
        arguments: [true, false, nil] as [Bool?], [StreamLesson.ignored, .empty, .refused(status: 400, .unexplained)])
    func tenThousand(_ created: Bool?, _ lesson: StreamLesson) {
        var chance = SeededGenerator(seed: 7)
        var manners = Manners()
        var asked = 0
        var waiting: [StreamPass] = []
        for number in 0..<10_000 {
            let now = Self.start + .milliseconds(number)
            let wish = StreamWish(createdStreaming: created, age: .seconds(Int.random(in: 0...5000, using: &chance)))
            if manners.welcomes(wish, now) {
                asked += 1
                waiting.append(manners.admit(wish, now))
            }
            if !waiting.isEmpty, Int.random(in: 0..<50, using: &chance) == 0 {
                let pass = waiting.removeFirst()
                manners.learn(lesson, from: pass, now)
                manners.release(pass)
            }
        }
        #expect((1...9).contains(asked))
        let again = Manners(fixed: FixedManners(), remembered: manners.learned)
        #expect(!again.welcomes(StreamWish(createdStreaming: created, age: .zero), Self.start + .seconds(20)), "nor after a restart")
    }
}
