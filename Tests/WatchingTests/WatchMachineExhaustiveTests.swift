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
        let words: [Word]

        var testDescription: String { name }
    }

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
        Place(name: "cancelled", words: [.begin, .concluded("cancelled")]),
        Place(name: "looking again", words: [.begin, .concluded("cancelled"), .wake]),
        Place(name: "ended", words: [.begin, .concluded("completed")]),
    ]

    @Test("the places are twelve different ones")
    func placesDiffer() {
        let states = Set(Self.places.map { bench(at: $0, age: .zero).machine.state })
        #expect(states.count == Self.places.count, "\(states)")
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
        var bench = MachineBench()
        // A stall would come before the other deadlines.
        bench.pace.stalledAfter = .seconds(1000 * 3600)
        for word in place.words { bench.hear(word) }
        bench.now = bench.now + age
        return bench
    }

    /// - Returns: The rules that were broken, with what led to it.
    private func say(_ word: Word, to bench: inout MachineBench) -> [String] {
        let before = bench.machine.state
        let action = bench.hear(word)
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
        case .finish(let response): rule("the end is terminal", response.terminalStatus != nil && (after == .ended || after.isCancelled))
        case .lost, .expired, .forget: rule("a watch that is given up has ended", after == .ended)
        case .noticeStall, .wait: rule("the watch goes on", after != .ended)
        case .ignore: break
        }
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

    fileprivate var isCancelled: Bool {
        if case .cancelled = self { true } else { false }
    }
}

extension Word {
    /// Whether a GET that is under way goes on after this word: it must then not be asked for again.
    fileprivate var leavesRetrievalAlone: Bool {
        switch self {
        case .retrieved, .failed, .begin, .park, .stop: false
        case .opened, .progressed, .reported, .concluded, .streamEnded, .hint, .timer, .wake: true
        }
    }
}
