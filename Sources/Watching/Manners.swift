import ResponsesAPI
package import RingbackCore

/// What is known about how an upstream streams: found out once for all of its watches, remembered, and tried again from time to time.
///
/// A pure value: the engine asks it before a stream is asked for (``welcomes(_:_:)``, ``admit(_:_:)``), and tells it what came
/// (``learn(_:from:_:)``, ``release(_:)``). A refusal may be about the response (its age, how it was created) or about the upstream; the
/// words of the answer, the age and the creation tell them apart where they can, and numbers decide where they can't. Times are the wall
/// clock's, since what was learned outlives the process.
package struct Manners: Sendable, Hashable {
    /// So many refusals in a row mean no. One may be about an odd response; ten would be waste.
    package static let refusalLimit = 5
    /// While nothing is known, or doubt has come up, so many ask at once and the others are polled meanwhile. The answers take as long as a
    /// round trip, so this bounds what finding out costs to ``refusalLimit`` and a few.
    package static let trialLimit = 3
    /// What was refused is tried again this often, by one watch at a time: a hundred refused requests a day are nothing for a vendor, and a
    /// server that was updated is streamed from within a quarter of an hour.
    package static let probeSpacing: Duration = .seconds(900)
    /// A refusal of a response that is at least so old may be about its age. A vendor that closes earlier is as good as one without streams.
    package static let shortestWindow: Duration = .seconds(60)

    package var fixed: FixedManners
    private var doors: [MannersDoor.Name: MannersDoor]
    /// A resumed stream began at the beginning. Harmless: what was seen before is recognized by its numbers.
    private(set) var replays: Bool
    /// The age from which on streams are refused; counts while the door ``MannersDoor/Name/window`` is closed.
    private(set) var windowLimit: Duration
    /// The youngest of the old responses whose streams were refused since the last that was streamed.
    private var youngestRefused: Duration?

    package init(fixed: FixedManners = FixedManners()) {
        self.init(fixed: fixed, doors: [:], replays: false, windowLimit: Self.shortestWindow)
    }

    init(fixed: FixedManners, doors: [MannersDoor.Name: MannersDoor], replays: Bool, windowLimit: Duration) {
        self.fixed = fixed
        self.doors = doors
        self.replays = replays
        self.windowLimit = windowLimit
    }

    /// Whether nobody has asked yet and nothing is known.
    var isBlank: Bool { doors.isEmpty }

    func door(_ name: MannersDoor.Name) -> MannersDoor { doors[name] ?? MannersDoor() }

    // MARK: Asking

    /// Whether a stream may be asked for.
    package func welcomes(_ wish: StreamWish, _ now: Timestamp) -> Bool {
        guard !isForbidden(wish) else { return false }
        return doorsToPass(wish).allSatisfy { door($0).welcomes(now) }
    }

    /// Notes that a stream is about to be asked for, which was welcome.
    package mutating func admit(_ wish: StreamWish, _ now: Timestamp) -> StreamPass {
        var names = doorsToPass(wish)
        var startingAfter = fixed.resume == false ? nil : wish.startingAfter
        if startingAfter != nil, fixed.resume == nil, door(.resumption).isClosed {
            if door(.resumption).welcomes(now) { names.append(.resumption) } else { startingAfter = nil }
        }
        let isProbe = names.contains { door($0).isClosed }
        for name in names { doors[name, default: MannersDoor()].enter(now) }
        return StreamPass(wish: wish, startingAfter: startingAfter, doors: names, isProbe: isProbe)
    }

    /// Whether something was learned since the pass was given that makes asking pointless.
    package func bars(_ pass: StreamPass) -> Bool {
        if isForbidden(pass.wish) { return true }
        return !pass.isProbe && doorsToPass(pass.wish).contains { door($0).isClosed }
    }

    /// The stream was answered, in whatever way, or is not asked for after all.
    package mutating func release(_ pass: StreamPass) {
        for name in pass.doors { doors[name, default: MannersDoor()].leave() }
    }

    /// Whether the configuration says no.
    private func isForbidden(_ wish: StreamWish) -> Bool {
        if fixed.stream == false { return true }
        if wish.createdStreaming == false, fixed.streamUnrequested == false { return true }
        if case .limited(let limit) = fixed.streamWindow { return wish.age >= limit }
        return false
    }

    /// What has to be open. The configuration's yes needs no door.
    private func doorsToPass(_ wish: StreamWish) -> [MannersDoor.Name] {
        var names: [MannersDoor.Name] = fixed.stream == nil ? [.streams] : []
        if let name = doorOfKind(wish), fixed.streamUnrequested != true { names.append(name) }
        if fixed.streamWindow == nil, isDoubtful(wish.age) { names.append(.window) }
        return names
    }

    /// Whether a response of this age is known to be too old, or may be.
    private func isDoubtful(_ age: Duration) -> Bool {
        let window = door(.window)
        return window.isClosed ? age >= windowLimit : window.refusals > 0 && age >= Self.shortestWindow
    }

    /// The door that only responses created in a certain way pass.
    private func doorOfKind(_ wish: StreamWish) -> MannersDoor.Name? {
        switch wish.createdStreaming {
        case true?: nil
        case false?: .unrequested
        case nil: .unsure
        }
    }

    // MARK: Learning

    /// Everything is to be found out anew. Whoever waits for an answer goes on waiting.
    package mutating func forget() {
        for name in doors.keys { doors[name]?.forget() }
        replays = false
        windowLimit = Self.shortestWindow
        youngestRefused = nil
    }

    /// Takes in what a stream request taught.
    package mutating func learn(_ lesson: StreamLesson, from pass: StreamPass, _ now: Timestamp) {
        switch lesson {
        case .streamed:
            streamed(pass, now)
        case .began(let number):
            began(at: number, pass, now)
        case .ignored:
            refuse(.streams, lesson, "stream requests for running responses", now)
        case .empty:
            // Where there is nothing after the cursor yet, an empty stream is an honest answer.
            if pass.startingAfter == nil { refuseKind(of: pass, lesson, now) }
        case .refused(_, let refusal):
            refused(refusal, lesson, pass, now)
        }
    }

    private mutating func streamed(_ pass: StreamPass, _ now: Timestamp) {
        accept(.streams, "a response was streamed", now)
        switch pass.wish.createdStreaming {
        case true?:
            break
        case false?:
            accept(.unrequested, "a response that was created without stream: true was streamed", now)
            accept(.unsure, "even a response that was created without stream: true was streamed", now)
        case nil:
            accept(.unsure, "a response of whose creation nothing is known was streamed", now)
        }
        guard pass.wish.age >= Self.shortestWindow else { return }
        youngestRefused = nil
        if pass.wish.age >= windowLimit || !door(.window).isClosed {
            accept(.window, "a response that was at least \(Self.text(pass.wish.age)) old was streamed", now)
        }
    }

    private mutating func began(at number: Int64, _ pass: StreamPass, _ now: Timestamp) {
        // One vendor takes "after 0" for everything: it says nothing about other numbers.
        guard let asked = pass.startingAfter, asked > 0 else { return }
        replays = number <= asked
        accept(
            .resumption,
            replays ? "a stream that was to begin after event \(asked) began with \(number)" : "a stream was resumed after event \(asked)",
            now)
    }

    private mutating func refused(_ refusal: StreamRefusal, _ lesson: StreamLesson, _ pass: StreamPass, _ now: Timestamp) {
        switch refusal {
        case .tooOld(let limit):
            let limit = limit ?? max(pass.wish.age, Self.shortestWindow)
            limitWindow(to: limit, "the upstream says that it streams a response no longer when it is \(Self.text(limit)) old", now)
        case .notCreatedStreaming where pass.wish.createdStreaming != true:
            close(.unrequested, "the upstream says that it streams only what was created with stream: true", now)
            if pass.wish.createdStreaming == nil { refuseKind(of: pass, lesson, now) }
        case .notBackground:
            // About this response, when it is known to have been created streaming. Of others a vendor says so too when it means the stream.
            if pass.wish.createdStreaming != true { refuseKind(of: pass, lesson, now) }
        case .noResumption where pass.startingAfter != nil:
            close(.resumption, "the upstream says that it does not take starting_after", now)
        case .notCreatedStreaming, .noResumption, .unexplained:
            refusedWithoutReason(lesson, pass, now)
        }
    }

    /// The most that is special about the request is what it was refused for.
    private mutating func refusedWithoutReason(_ lesson: StreamLesson, _ pass: StreamPass, _ now: Timestamp) {
        guard door(doorOfKind(pass.wish) ?? .streams).isOpen else { return refuseKind(of: pass, lesson, now) }
        if pass.startingAfter != nil, !door(.resumption).isOpen {
            refuse(.resumption, lesson, "requests to resume a stream", now)
        } else if pass.wish.age >= Self.shortestWindow {
            refuseOld(lesson, pass, now)
        } else {
            refuseKind(of: pass, lesson, now)
        }
    }

    private mutating func refuseKind(of pass: StreamPass, _ lesson: StreamLesson, _ now: Timestamp) {
        switch pass.wish.createdStreaming {
        case true?:
            refuse(.streams, lesson, "stream requests", now)
        case false?:
            refuse(.unrequested, lesson, "stream requests for responses that were created without stream: true", now)
        case nil:
            refuse(.unsure, lesson, "stream requests for responses of whose creation nothing is known", now)
            guard let verdict = door(.unsure).verdict, !verdict.isOpen, door(.unrequested).verdict == nil else { return }
            close(.unrequested, verdict.evidence, now)
        }
    }

    private mutating func refuseOld(_ lesson: StreamLesson, _ pass: StreamPass, _ now: Timestamp) {
        let youngest = min(youngestRefused ?? pass.wish.age, pass.wish.age)
        youngestRefused = youngest
        let wasClosed = door(.window).isClosed
        refuse(.window, lesson, "stream requests for responses that were at least \(Self.text(youngest)) old", now)
        guard door(.window).isClosed else { return }
        // Guessed wrong once, the window is taken for as short as it can be: creeping down to it would cost a refusal for each step.
        windowLimit = wasClosed && pass.wish.age < windowLimit ? Self.shortestWindow : min(youngest, wasClosed ? windowLimit : youngest)
    }

    private mutating func limitWindow(to limit: Duration, _ evidence: String, _ now: Timestamp) {
        doors[.window, default: MannersDoor()].close(now, evidence, anew: limit != windowLimit)
        windowLimit = limit
    }

    private mutating func accept(_ name: MannersDoor.Name, _ evidence: String, _ now: Timestamp) {
        doors[name, default: MannersDoor()].accept(now, evidence)
    }

    private mutating func close(_ name: MannersDoor.Name, _ evidence: String, _ now: Timestamp) {
        doors[name, default: MannersDoor()].close(now, evidence)
    }

    private mutating func refuse(_ name: MannersDoor.Name, _ lesson: StreamLesson, _ what: String, _ now: Timestamp) {
        doors[name, default: MannersDoor()].refuse(now) { "\($0) \(what) in a row were answered with \(lesson.answer)" }
    }

    private static func text(_ age: Duration) -> String { Duration.seconds(Int64(age.inSeconds)).text }
}
