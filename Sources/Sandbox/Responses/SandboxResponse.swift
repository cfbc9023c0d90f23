import RawJSON
import RingbackCore

/// One response of the sandbox: its request, its script, its life, and what a vendor makes of them at a moment.
struct SandboxResponse: Sendable {
    /// The id under which it is kept; what calls show of it may be under seal.
    let id: String
    let request: CreateRequest
    /// The request's input with an id for each item.
    let inputItems: [JSON]
    let createdAt: Timestamp
    let start: Moment
    let script: Script
    let dialect: Dialect
    private let dice: Dice
    /// What happens.
    private(set) var life: Timeline
    /// What streams tell of it.
    private(set) var told: Timeline
    /// A cancel was asked for, though it may take effect later.
    private var isCancelling = false
    /// The run did not heed a cancel and was ended by force.
    private(set) var wasForced = false
    /// From then on the status says `cancelled` although the run goes on, or has ended.
    private var cancelledInNameAt: Duration?
    /// How many retrievals still are to be answered with 429.
    var rateLimitsLeft: Int
    let output: [UInt8]

    init(
        id: String, request: CreateRequest, createdAt: Timestamp, start: Moment, script: Script, dialect: Dialect, dice: Dice
    ) {
        self.id = id
        self.request = request
        self.createdAt = createdAt
        self.start = start
        self.script = script
        self.dialect = dialect
        self.dice = dice
        let stem = Self.stem(of: id)
        inputItems = request.input.enumerated().map { InputItem.stored($1, id: "msg_\(stem)i\($0)") }
        life = Timeline(script: script, dialect: dialect, isBackground: request.background)
        var interval: Duration?
        if case .events(let usual) = dialect.streams.keepAlive { interval = script.keepAlive ?? usual }
        told = life.told(
            withDeltas: request.stream || request.wantsStreamEvents || !dialect.streams.deltasNeedConsent, keepAliveEvery: interval)
        rateLimitsLeft = script.rateLimit
        output = Self.prose(bytes: script.outputBytes)
    }

    /// The id as calls show it: at some vendors another one each time.
    var shownID: String { dialect.ids.isSealed ? SealedID.seal(id, dice) : id }

    /// The id of the one message that the response's output has.
    var messageID: String { "msg_" + Self.stem(of: id) }

    /// What the status says of the response's end; at some vendors not for good.
    func end(now: Moment) -> TerminalStatus? { end(at: now - start) }

    func end(at offset: Duration) -> TerminalStatus? {
        if let cancelled = cancelledInNameAt, offset >= cancelled, life.end.map({ cancelled >= $0.offset || offset < $0.offset }) ?? true {
            return .cancelled
        }
        return life.end(at: offset)
    }

    func isForgotten(now: Moment) -> Bool {
        let offset = now - start
        if let limit = script.forgetAfter, offset >= limit { return true }
        if dialect.restart == .forgets, let restart = script.restartAfter, offset >= restart { return true }
        return dialect.retention.map { isPast($0, now: now) } ?? false
    }

    func isPast(_ window: Dialect.Window, now: Moment) -> Bool {
        switch window.start {
        case .creation: now - start >= window.length
        case .end: life.end.map { now - start >= $0.offset + window.length } ?? false
        }
    }

    // MARK: Cancelling

    enum CancelVerdict: Sendable {
        case done
        /// The answer comes when the run has ended.
        case waits
        case refused(Refusal)
    }

    mutating func cancel(now: Moment) -> CancelVerdict {
        let offset = now - start
        let rules = dialect.cancelling
        let end = end(at: offset)
        if !request.background { return react(rules.ofForeground, to: end, at: offset) }
        if let end { return react(end == .cancelled ? rules.ofCancelled : rules.ofFinished, to: end, at: offset) }
        if let refusal = rules.ofRunning { return .refused(refusal) }
        if isCancelling { return .done }
        if rules.effect == .changesTheWord || (script.ignoresCancel && rules.patience == nil) {
            cancelledInNameAt = offset
            return .done
        }
        isCancelling = true
        wasForced = script.ignoresCancel
        let effect = offset + (script.ignoresCancel ? rules.patience ?? .zero : rules.delay)
        _ = life.cancel(at: effect)
        _ = told.cancel(at: effect)
        return wasForced ? .waits : .done
    }

    private mutating func react(_ reaction: Dialect.Cancelling.Reaction, to end: TerminalStatus?, at offset: Duration) -> CancelVerdict {
        switch reaction {
        case .asItIs: return .done
        case .overwrites:
            cancelledInNameAt = offset
            return .done
        case .refused(let refusal): return .refused(refusal.filling("status", end?.rawValue ?? "running"))
        }
    }

    /// What tells this response's id from others.
    private static func stem(of id: String) -> String {
        id[(id.lastIndex(of: "_").map(id.index(after:)) ?? id.startIndex)...].filter { $0 != "-" }
    }

    /// Plain ASCII, so that any cut is a valid cut.
    private static func prose(bytes: Int) -> [UInt8] {
        let sentence = Array("Patience is not the ability to wait, but how one behaves while waiting. ".utf8)
        return (0..<bytes).map { sentence[$0 % sentence.count] }
    }
}
