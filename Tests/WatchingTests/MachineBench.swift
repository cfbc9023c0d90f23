import ResponsesAPI
import RingbackCore
import Transport
import Watching

/// A machine with a clock, dice and manners of its own, for step-by-step tests.
struct MachineBench {
    static let createdAt = Moment(nanoseconds: 1_000_000_000_000)
    static let pace = WatchPace(
        pollInterval: .seconds(2), pollMaximumInterval: .seconds(30), stalledAfter: .seconds(1800), confirmInterval: .seconds(300)
    )

    var machine: WatchMachine
    var now: Moment
    /// In the middle: no jitter at all.
    var dice = 0.5
    var welcomesStreams = true
    var pace = MachineBench.pace
    /// What the machine noticed so far.
    var told: [WatchMachine.Notice] = []

    init(age: Duration = .zero, cursor: Int64? = nil, isStalled: Bool = false, status: WatchStatus = .queued) {
        now = Self.createdAt + age
        machine = WatchMachine(
            status: status, cursor: cursor, isStalled: isStalled, expiresAt: Self.createdAt + .seconds(24 * 3600),
            graceEndsAt: Self.createdAt + .seconds(30), now: now
        )
    }

    /// A machine for the second look at a cancelled response.
    static func secondLook() -> MachineBench {
        var bench = MachineBench()
        bench.machine = .secondLook(now: bench.now)
        return bench
    }

    var circumstances: WatchMachine.Circumstances {
        WatchMachine.Circumstances(now: now, dice: dice, welcomesStreams: welcomesStreams, pace: pace)
    }

    /// How long until the machine wants to be woken.
    var delay: Duration? {
        machine.deadline(under: pace).map { $0 - now }
    }

    /// Moves the clock to the machine's deadline and fires.
    @discardableResult
    mutating func wake() -> WatchMachine.Action {
        if let deadline = machine.deadline(under: pace) { now = max(now, deadline) }
        return machine.timerFired(in: circumstances)
    }

    @discardableResult
    mutating func hear(_ word: Word) -> WatchMachine.Action {
        switch word {
        case .begin: machine.begin(in: circumstances)
        case .opened: machine.streamOpened()
        case .progressed(let cursor): machine.streamProgressed(cursor: cursor, now: now)
        case .reported(let status): machine.streamReported(status, now: now)
        case .concluded(let status): machine.streamConcluded(response(status), in: circumstances)
        case .announced: machine.streamAnnouncedEnd(in: circumstances)
        case .streamEnded(let end): machine.streamEnded(end, in: circumstances)
        case .retrieved(let answer): machine.retrieved(answer, in: circumstances)
        case .failed(let error): machine.requestFailed(error, in: circumstances)
        case .hint: machine.hinted(in: circumstances)
        case .timer: machine.timerFired(in: circumstances)
        case .wake: wake()
        case .stop: stop()
        case .park: park()
        }
    }

    private mutating func stop() -> WatchMachine.Action {
        machine.stop()
        return .ignore
    }

    private mutating func park() -> WatchMachine.Action {
        machine.park()
        return .ignore
    }
}

/// Everything a machine can be told.
enum Word: Sendable, CustomStringConvertible {
    case begin
    case opened
    case progressed(Int64?)
    case reported(RunningStatus)
    case concluded(String)
    case announced
    case streamEnded(StreamEnd)
    case retrieved(RetrieveAnswer)
    case failed(TransportError)
    case hint
    /// The timer fires without the clock having moved.
    case timer
    /// The clock moves to the deadline and the timer fires.
    case wake
    case stop
    case park

    static let all: [Word] =
        [
            .begin, .opened, .progressed(nil), .progressed(7), .reported(.queued), .reported(.inProgress), .reported(.requiresAction),
            .announced, .hint, .timer, .wake, .stop, .park,
        ]
        + statuses.map { .concluded($0) } + ends.map { .streamEnded($0) } + answers.map { .retrieved($0) }
        + [.failed(.connectTimeout), .failed(.closed)]

    static let statuses = ["queued", "in_progress", "requires_action", "completed", "failed", "incomplete", "cancelled"]

    static let ends: [StreamEnd] =
        [
            .closed, .announced, .empty, .tooLarge("a line is too long"), .json(nil), .refused(status: 400), .notFound,
            .unauthorized(status: 401),
            .rateLimited(retryAfter: nil), .rateLimited(retryAfter: .seconds(7)), .unavailable(status: 503, retryAfter: .seconds(9)),
            .failed(.connectTimeout), .unwelcome,
        ] + answers.map { .json($0) }

    static let answers: [RetrieveAnswer] =
        statuses.map { .response(response($0)) } + [
            .notFound, .unauthorized(status: 403, message: "no"), .rateLimited(retryAfter: nil), .rateLimited(retryAfter: .seconds(7)),
            .unavailable(status: 502, message: "bad gateway", retryAfter: nil), .refused(status: 400, message: "no"),
            .refused(status: 409, message: "no"), .unusable("HTML"),
        ]

    var description: String {
        switch self {
        case .begin: "begin"
        case .opened: "stream opened"
        case .progressed(let cursor): "progress to \(cursor.map(String.init) ?? "nowhere")"
        case .reported(let status): "stream says \(status)"
        case .concluded(let status): "stream concludes \(status)"
        case .announced: "stream announces an end"
        case .streamEnded(let end): "stream ended: \(end)".replacing("\n", with: " ").prefix(60).description
        case .retrieved(let answer): "GET: \(answer)".prefix(60).description
        case .failed(let error): "GET failed: \(error)"
        case .hint: "hint"
        case .timer: "timer"
        case .wake: "deadline"
        case .stop: "stop"
        case .park: "park"
        }
    }
}

/// A response object with a status.
func response(_ status: String) -> ResponseObject {
    if let known = knownResponses[status] { return known }
    guard let object = ResponseObject(json: Array(#"{"id":"resp_1","status":"\#(status)"}"#.utf8)) else {
        preconditionFailure("a test's response object is not one")
    }
    return object
}

/// Read once: simulations hand them out by the hundred thousand.
private let knownResponses = Dictionary(
    uniqueKeysWithValues: Word.statuses.compactMap { status in
        ResponseObject(json: Array(#"{"id":"resp_1","status":"\#(status)"}"#.utf8)).map { (status, $0) }
    }
)

func get(_ status: String) -> Word { .retrieved(.response(response(status))) }
