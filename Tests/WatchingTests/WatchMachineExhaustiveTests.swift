import ResponsesAPI
import RingbackCore
import Testing
import Transport
import Watching

@Suite("Every word in every state of a watch machine")
struct WatchMachineExhaustiveTests {
    /// A state and the words that lead there.
    struct Place: Sendable, CustomTestStringConvertible {
        let name: String
        var isSecondLook = false
        let words: [Word]

        var testDescription: String { name }
    }

    private static let refusals =
        [Word.streamEnded(.refused(status: 400))]
        + Array(repeating: [.retrieved(.refused(status: 400, message: "no")), .wake], count: 10).joined()
        + [.retrieved(.refused(status: 400, message: "no"))]

    static let places = [
        Place(name: "parked", words: []),
        Place(name: "opening", words: [.begin]),
        Place(name: "streaming", words: [.begin, .opened]),
        Place(name: "confirming an opening stream", words: [.begin, .wake]),
        Place(name: "confirming an open stream", words: [.begin, .opened, .wake]),
        Place(name: "retrieving", words: [.begin, .opened, .streamEnded(.closed)]),
        Place(name: "pausing before a GET", words: [.begin, .streamEnded(.failed(.connectTimeout))]),
        Place(name: "pausing before a stream", words: [.begin, .streamEnded(.closed), get("in_progress")]),
        Place(name: "looking for the last time", words: [.begin, .streamEnded(.closed), .wake]),
        Place(name: "cancelled", isSecondLook: true, words: []),
        Place(name: "looking again", isSecondLook: true, words: [.begin]),
        Place(name: "ended", words: [.begin, .concluded("completed")]),
        // The same states again, with things counted and noticed.
        Place(name: "streaming, after a hint", words: [.begin, .opened, .hint, get("requires_action")]),
        Place(name: "streaming, after an announcement", words: [.begin, .opened, .announced, get("in_progress")]),
        Place(name: "pausing after refusals", words: [.begin] + refusals),
        Place(name: "pausing after 404s", words: [.begin, .streamEnded(.notFound), .retrieved(.notFound), .wake, .retrieved(.notFound)]),
    ]

    @Test("the places are different machines, in all ten states")
    func placesDiffer() {
        let machines = Self.places.map { bench(at: $0, age: .zero).machine }
        #expect(Set(machines).count == Self.places.count)
        #expect(Set(machines.map(\.state.name)).count == 10)
    }

    @Test("leaves the machine with a deadline, or ended; and an ended one ignores everything", arguments: places)
    func everyWord(_ place: Place) {
        var broken: [String] = []
        for age: Duration in [.zero, .seconds(100), .seconds(30 * 3600)] {
            for welcomesStreams in [true, false] {
                for first in Word.all {
                    var bench = bench(at: place, age: age)
                    bench.welcomesStreams = welcomesStreams
                    broken += say(first, to: &bench)
                    for second in Word.all {
                        var later = bench
                        broken += say(second, to: &later)
                    }
                }
            }
        }
        #expect(broken.isEmpty, "\(broken.prefix(5))")
    }

    private func bench(at place: Place, age: Duration) -> MachineBench {
        var bench = place.isSecondLook ? .secondLook() : MachineBench()
        // A stall would come before the other deadlines.
        bench.pace.stalledAfter = .seconds(1000 * 3600)
        for word in place.words { bench.hear(word) }
        bench.now = bench.now + age
        return bench
    }

    /// - Returns: The rules that were broken, with what led to it.
    private func say(_ word: Word, to bench: inout MachineBench) -> [String] {
        let before = bench.machine.state
        let told = bench.told
        let action = bench.hear(word)
        let news = bench.machine.takeNotices()
        bench.told += news
        let after = bench.machine.state
        var broken: [String] = []
        func rule(_ name: String, _ holds: Bool) {
            if !holds { broken.append("\(name): \(word) in \(before) led to \(after) by \(action)") }
        }
        rule("only an ended machine has no deadline", (bench.machine.deadline(under: bench.pace) == nil) == (after == .ended))
        rule("an ended machine ignores everything", before != .ended || (action == .ignore && after == .ended))
        switch action {
        case .openStream:
            rule("a stream is asked for only where it is welcome", bench.welcomesStreams && bench.machine.following == .stream)
        case .retrieve: rule("one GET at a time", after.awaitsRetrieval && !(before.awaitsRetrieval && word.leavesRetrievalAlone))
        case .finish(let response): rule("the end is terminal", response.terminalStatus != nil && after == .ended)
        case .lost, .expired, .forget: rule("a watch that is given up has ended", after == .ended)
        case .wait: rule("the watch goes on", after != .ended)
        case .ignore: break
        }
        rule("each notice comes once", told.filter(news.contains).isEmpty && Set(news).count == news.count)
        rule("an ended machine notices nothing", before != .ended || news.isEmpty)
        // At most a stall, the age and the step itself are due at the same moment.
        var copy = bench
        var timers = 0
        while let deadline = copy.machine.deadline(under: copy.pace), deadline <= copy.now, timers < 4 {
            copy.hear(.timer)
            timers += 1
        }
        rule("a deadline that has come does not stay", timers < 4)
        return broken
    }
}

extension WatchMachine.State {
    fileprivate var awaitsRetrieval: Bool {
        switch self {
        case .confirming, .retrieving, .lastLook, .lookingAgain: true
        case .parked, .pausing, .opening, .streaming, .cancelled, .ended: false
        }
    }

    fileprivate var name: String {
        String("\(self)".prefix { $0 != "(" })
    }
}

extension Word {
    /// Whether a GET that is under way goes on after this word: it must then not be asked for again.
    fileprivate var leavesRetrievalAlone: Bool {
        switch self {
        case .retrieved, .failed, .begin, .park, .stop: false
        case .opened, .progressed, .reported, .concluded, .announced, .streamEnded, .hint, .timer, .wake: true
        }
    }
}
