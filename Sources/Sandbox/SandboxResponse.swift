import RawJSON
import RingbackCore

/// One response of the sandbox: its script, its timeline, and what both make of it at a moment.
struct SandboxResponse: Sendable {
    let id: String
    let request: CreateRequest
    /// The request's input with an id for each item.
    let inputItems: [JSON]
    let createdAt: Timestamp
    let start: Moment
    let script: Script
    let dialect: Dialect
    private(set) var timeline: Timeline
    /// How many retrievals still are to be answered with 429.
    var rateLimitsLeft: Int
    let output: [UInt8]

    init(id: String, request: CreateRequest, createdAt: Timestamp, start: Moment, script: Script, dialect: Dialect) {
        self.id = id
        self.request = request
        self.createdAt = createdAt
        self.start = start
        self.script = script
        self.dialect = dialect
        let stem = Self.stem(of: id)
        inputItems = request.input.enumerated().map { InputItem.stored($1, id: "msg_\(stem)i\($0)") }
        // Only background work waits in a queue.
        timeline = Timeline(script: script, opening: dialect.opening.filter { $0 != .queued || request.background })
        rateLimitsLeft = script.rateLimit
        output = Self.prose(bytes: script.outputBytes)
    }

    /// The id of the one message that the response's output has.
    var messageID: String { "msg_" + Self.stem(of: id) }

    mutating func cancel(now: Moment) -> Bool {
        timeline.cancel(at: now - start)
    }

    func isForgotten(now: Moment) -> Bool {
        script.forgetAfter.map { now - start >= $0 } ?? false
    }

    func end(now: Moment) -> TerminalStatus? {
        timeline.end(at: now - start)
    }

    /// When the event with this `sequence_number` happens; `nil` when there is no such event.
    func moment(ofEvent sequenceNumber: Int) -> Moment? {
        guard timeline.entries.indices.contains(sequenceNumber) else { return nil }
        return start + timeline.entries[sequenceNumber].offset
    }

    /// What tells this response's id from others.
    private static func stem(of id: String) -> Substring {
        id[(id.lastIndex(of: "_").map(id.index(after:)) ?? id.startIndex)...]
    }

    /// Plain ASCII, so that any cut is a valid cut.
    private static func prose(bytes: Int) -> [UInt8] {
        let sentence = Array("Patience is not the ability to wait, but how one behaves while waiting. ".utf8)
        return (0..<bytes).map { sentence[$0 % sentence.count] }
    }
}
