import ResponsesAPI
import RingbackCore
import Transport
import Watching

/// One response at a moody upstream, and a machine that follows it, in simulated time.
struct SimulatedUpstream {
    /// What kind of upstream this is; drawn once.
    struct Character {
        /// When the response ends; `nil`: never.
        var endsAt: Moment?
        var terminalStatus = "completed"
        /// A cancelled response is completed after all.
        var completesAfterCancel = false
        /// From then on only 404.
        var forgottenAt: Moment?
        /// Parts of all GETs that fail, and of all streams that are refused, empty, or silent.
        var failingGets = 0.0
        var badStreams = 0.0
        /// The mean time between a stream's drops.
        var dropAfter: Duration = .seconds(1000)
        var numbersEvents = true
        /// The stream announces the end without the response object.
        var announces = false
        /// The stream says nothing when the response ends.
        var hangsAtTheEnd = false
        /// The stream speaks of ends that are none, with or without an object, as Databricks' does.
        var announcesInVain = false
        /// What is not known is refused with 400 instead of 404.
        var refusesUnknown = false
        /// Somebody cancels and gives a hint at the very end, or for no reason.
        var hints: [Moment] = []
    }

    struct Outcome {
        var endings: [WatchMachine.Action] = []
        var endedAt: Moment?
        var requests = 0
        var notices: [WatchMachine.Notice] = []
        var duration: Duration = .zero
        var problems: [String] = []
    }

    private enum Happening {
        case word(Word)
        /// A word about a stream that may be over by then.
        case streamWord(Word, stream: Int)
    }

    private struct Entry: Comparable {
        let at: Moment
        let order: Int
        let happening: Happening

        static func < (left: Entry, right: Entry) -> Bool { (left.at, left.order) < (right.at, right.order) }
        static func == (left: Entry, right: Entry) -> Bool { left.order == right.order }
    }

    private(set) var character = Character()
    private var chance: SeededGenerator
    private var bench = MachineBench()
    private var agenda: [Entry] = []
    private var order = 0
    private var stream = 0
    private var streamIsOpen = false
    private var blips = 0
    private var outcome = Outcome()
    private let start = MachineBench.createdAt

    static let maximumAge: Duration = .seconds(24 * 3600)
    /// With this much time left, an end has to be found.
    static let patience: Duration = .seconds(2 * 3600)

    init(seed: UInt64) {
        chance = SeededGenerator(seed: seed)
        if !draw(0.05) { character.endsAt = start + .seconds(fraction() * fraction() * 26 * 3600) }
        character.terminalStatus = pick(["completed", "completed", "failed", "incomplete", "cancelled"])
        character.completesAfterCancel = draw(0.5)
        if draw(0.2) { character.forgottenAt = start + .seconds(fraction() * 20 * 3600) }
        character.failingGets = pick([0, 0.1, 0.4])
        character.badStreams = pick([0, 0.2, 1])
        character.dropAfter = pick([.seconds(1), .seconds(60), .seconds(100_000)])
        character.numbersEvents = draw(0.7)
        character.announces = draw(0.3)
        character.hangsAtTheEnd = draw(0.2)
        character.announcesInVain = draw(0.2)
        character.refusesUnknown = draw(0.3)
        if draw(0.3) { character.hints = (0..<20).map { _ in start + .seconds(fraction() * fraction() * 26 * 3600) } }
        if draw(0.3), let endsAt = character.endsAt { character.hints.append(endsAt + .seconds(fraction())) }
    }

    /// How many endings there have to be: two when a cancelled response was completed and nobody forgot it, else one.
    func expectedEndings(after outcome: Outcome) -> Int {
        guard case .finish(let first)? = outcome.endings.first, first.terminalStatus == .cancelled else { return 1 }
        guard case .finish(let second)? = outcome.endings.last else { return 1 }
        return second.terminalStatus == .completed ? 2 : 1
    }

    mutating func run() -> Outcome {
        for hint in character.hints { plan(.word(.hint), at: hint) }
        follow()
        outcome.duration = bench.now - start
        // As the store does: one that ended as cancelled is given out once more, later.
        if case .finish(let response)? = outcome.endings.last, response.terminalStatus == .cancelled {
            agenda = []
            bench.now = bench.now + WatchPace.secondLookDelay
            bench.machine = .secondLook(now: bench.now)
            follow()
        }
        judge()
        return outcome
    }

    private mutating func follow() {
        act(bench.hear(.begin))
        var steps = 0
        while bench.machine.state != .ended {
            steps += 1
            guard steps < 2_000_000 else { return add("the machine never ends: \(bench.machine.state)") }
            step()
        }
    }

    private mutating func step() {
        guard let deadline = bench.machine.deadline(under: bench.pace) else { return }
        if let index = agenda.indices.min(by: { agenda[$0] < agenda[$1] }), agenda[index].at <= deadline {
            let next = agenda.remove(at: index)
            bench.now = max(bench.now, next.at)
            happen(next.happening)
        } else {
            bench.dice = fraction()
            act(bench.wake())
        }
    }

    private mutating func happen(_ happening: Happening) {
        bench.dice = fraction()
        switch happening {
        case .word(let word):
            act(bench.hear(word))
        case .streamWord(let word, let stream):
            guard stream == self.stream, streamIsOpen else { return }
            switch word {
            case .streamEnded: streamIsOpen = false
            default: break
            }
            act(bench.hear(word))
        }
    }

    private mutating func act(_ action: WatchMachine.Action) {
        bench.dice = fraction()
        outcome.notices += bench.machine.takeNotices()
        switch action {
        case .openStream:
            if streamIsOpen { outcome.problems.append("two streams at once") }
            outcome.requests += 1
            openStream()
        case .retrieve:
            outcome.requests += 1
            let delay: Duration = draw(0.01) ? .seconds(60) : .seconds(0.01 + fraction())
            plan(.word(answer(at: bench.now + delay)), at: bench.now + delay)
        case .finish, .lost, .expired:
            outcome.endings.append(action)
            if outcome.endedAt == nil { outcome.endedAt = bench.now }
            streamIsOpen = false
        case .wait, .ignore, .forget:
            break
        }
    }

    /// What a GET that is answered at `moment` says.
    private mutating func answer(at moment: Moment) -> Word {
        // Never three false 404s in a row: that would be the truth as far as anybody can tell.
        if blips < 2, draw(character.failingGets) {
            blips += 1
            return pick([
                .failed(.connectTimeout), .failed(.connectionLost(detail: "reset")), .retrieved(.notFound),
                .retrieved(.rateLimited(retryAfter: .seconds(20))),
                .retrieved(.unavailable(status: 503, message: "", retryAfter: nil)), .retrieved(.unauthorized(status: 401, message: "")),
                .retrieved(.unusable("HTML")), .retrieved(.refused(status: 400, message: "")),
            ])
        }
        blips = 0
        if let forgottenAt = character.forgottenAt, moment >= forgottenAt {
            return .retrieved(character.refusesUnknown ? .refused(status: 400, message: "There are no healthy deployments") : .notFound)
        }
        return get(truth(at: moment))
    }

    private mutating func truth(at moment: Moment) -> String {
        guard let endsAt = character.endsAt, moment >= endsAt else {
            return pick(["queued", "in_progress", "in_progress", "requires_action"])
        }
        if character.terminalStatus == "cancelled", character.completesAfterCancel, moment >= endsAt + .seconds(120) { return "completed" }
        return character.terminalStatus
    }

    private mutating func openStream() {
        stream += 1
        streamIsOpen = true
        let opened = bench.now + .seconds(0.05 + fraction())
        let isForgotten = character.forgottenAt.map { $0 <= opened } ?? false
        if isForgotten { return planStream(.streamEnded(.notFound), at: opened) }
        if draw(character.badStreams) {
            let end: StreamEnd = pick([
                .empty, .refused(status: 400), .json(nil), .unavailable(status: 503, retryAfter: nil), .failed(.connectTimeout), .closed,
            ])
            return planStream(.streamEnded(end), at: opened)
        }
        planStream(.opened, at: opened)
        var moment = opened
        let drop = opened + character.dropAfter * (0.5 + fraction())
        for number in 1...20 {
            moment = moment + .seconds(fraction() * 5)
            let cursor = (bench.machine.cursor ?? 0) + Int64(number)
            if moment < drop, moment < character.endsAt ?? .distantFuture {
                planStream(.progressed(character.numbersEvents ? cursor : nil), at: moment)
                if character.announcesInVain, draw(0.3) { planStream(.announced, at: moment) }
            }
        }
        let quietDeath = opened + .seconds(90 * 20)
        if let endsAt = character.endsAt, endsAt < drop, endsAt < character.forgottenAt ?? .distantFuture, !character.hangsAtTheEnd {
            let end = max(endsAt, moment)
            planStream(character.announces ? pick([.streamEnded(.announced), .announced]) : .concluded(truth(at: end)), at: end)
            // Many close their stream now; some leave it open, until it was idle for too long.
            planStream(.streamEnded(.closed), at: end + .seconds(draw(0.5) ? fraction() : 90))
        } else {
            planStream(.streamEnded(.closed), at: min(drop, quietDeath))
        }
    }

    private mutating func judge() {
        let expiresAt = start + Self.maximumAge
        let endedAt = outcome.endedAt ?? bench.now
        let seenIn = (character.forgottenAt ?? .distantFuture)
        switch outcome.endings.first {
        case .finish(let response):
            guard let endsAt = character.endsAt, endedAt >= endsAt else { return add("ended before its end") }
            let word = response.status
            if word != character.terminalStatus, !(character.terminalStatus == "cancelled" && word == "completed") {
                add("ended as \(word)")
            }
            if endedAt - endsAt > Self.patience { add("found the end late") }
        case .lost:
            guard let forgottenAt = character.forgottenAt, endedAt >= forgottenAt else { return add("lost what the upstream still knew") }
            if let endsAt = character.endsAt, seenIn - endsAt > Self.patience { add("lost what could have been seen") }
        case .expired:
            if endedAt < expiresAt { add("expired too early") }
            if let endsAt = character.endsAt, expiresAt - endsAt > Self.patience, seenIn - endsAt > Self.patience { add("missed the end") }
            if let forgottenAt = character.forgottenAt, expiresAt - forgottenAt > Self.patience { add("missed the loss") }
        default:
            add("ended without an ending")
        }
        if Set(outcome.notices).count < outcome.notices.count { add("told something twice: \(outcome.notices)") }
    }

    private mutating func add(_ problem: String) {
        outcome.problems.append(problem)
    }

    private mutating func planStream(_ word: Word, at moment: Moment) {
        plan(.streamWord(word, stream: stream), at: moment)
    }

    private mutating func plan(_ happening: Happening, at moment: Moment) {
        order += 1
        agenda.append(Entry(at: moment, order: order, happening: happening))
    }

    private mutating func fraction() -> Double { Double(chance.next() >> 11) * 0x1.0p-53 }

    private mutating func draw(_ probability: Double) -> Bool { fraction() < probability }

    private mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[Int(fraction() * Double(choices.count))] }
}
