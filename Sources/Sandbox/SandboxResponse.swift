import RingbackCore

/// One response of the sandbox: its script, its timeline, and the texts made from them.
struct SandboxResponse: Sendable {
    let id: String
    let model: String
    let metadata: [String: String]
    let isBackground: Bool
    let wasCreatedStreaming: Bool
    let createdAt: Timestamp
    let start: Moment
    let script: Script
    let dialect: Dialect
    private(set) var timeline: Timeline
    /// How many retrievals still are to be answered with 429.
    var rateLimitsLeft: Int
    private let output: [UInt8]

    init(
        id: String, model: String, metadata: [String: String], isBackground: Bool, wasCreatedStreaming: Bool, createdAt: Timestamp,
        start: Moment, script: Script, dialect: Dialect
    ) {
        self.id = id
        self.model = model
        self.metadata = metadata
        self.isBackground = isBackground
        self.wasCreatedStreaming = wasCreatedStreaming
        self.createdAt = createdAt
        self.start = start
        self.script = script
        self.dialect = dialect
        timeline = Timeline(script: script)
        rateLimitsLeft = script.rateLimit
        output = Self.prose(bytes: script.outputBytes)
    }

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

    /// The response object as it is now.
    func document(now: Moment) -> ResponseDocument {
        document(at: now - start)
    }

    private func document(at offset: Duration) -> ResponseDocument {
        let end = timeline.end(at: offset)
        let text = String(decoding: output.prefix(timeline.outputBytes(at: offset)), as: UTF8.self)
        let item = ResponseDocument.OutputItem(
            id: "msg_" + id, status: end == .completed ? "completed" : end == nil ? "in_progress" : "incomplete",
            content: [ResponseDocument.Content(text: text)]
        )
        var document = ResponseDocument(
            id: id, created_at: time(createdAt), completed_at: nil, status: status(at: offset, end: end), background: isBackground,
            error: nil, incomplete_details: nil, model: model, output: text.isEmpty ? [] : [item], usage: nil, metadata: metadata
        )
        guard let end else { return document }
        document.completed_at = end == .completed ? timeline.entries.last.map { time(createdAt + $0.offset) } : nil
        document.error = end == .failed ? .init(code: "server_error", message: "The sandbox was asked to fail this response.") : nil
        document.incomplete_details = end == .incomplete ? .init(reason: "max_output_tokens") : nil
        let tokens = max(1, text.utf8.count / 4)
        document.usage = .init(input_tokens: 12, output_tokens: tokens, total_tokens: 12 + tokens)
        return document
    }

    private func status(at offset: Duration, end: TerminalStatus?) -> String {
        if let end { return end.rawValue }
        let hasBegun = timeline.entries[..<timeline.eventCount(at: offset)].contains { $0.step == .inProgress }
        return hasBegun && !dialect.staysQueued ? "in_progress" : "queued"
    }

    private func time(_ timestamp: Timestamp) -> ResponseDocument.Time {
        dialect.hasFloatTimes ? .fraction(Double(timestamp.milliseconds) / 1000) : .whole(timestamp.unixSeconds)
    }

    /// The event with this `sequence_number` as it goes over the wire; `nil` when the dialect says nothing at that point.
    func wireText(ofEvent sequenceNumber: Int) -> String? {
        let entry = timeline.entries[sequenceNumber]
        guard let (type, members) = event(entry) else { return nil }
        let data = "{\"type\":\"\(type)\",\"sequence_number\":\(sequenceNumber)\(members)}"
        return (dialect.hasEventLines ? "event: \(type)\n" : "") + "data: \(data)\n\n"
    }

    /// The type of an event and its members besides `type` and `sequence_number`, each with a comma before it.
    private func event(_ entry: Timeline.Entry) -> (type: String, members: String)? {
        let place = ",\"output_index\":0,\"content_index\":0,\"item_id\":\(encodedJSON("msg_" + id))"
        func whole(_ offset: Duration) -> String { ",\"response\":\(document(at: offset).json())" }
        func part(_ text: String) -> String { ",\"part\":{\"type\":\"output_text\",\"text\":\(encodedJSON(text)),\"annotations\":[]}" }
        func item(_ status: String, _ content: [ResponseDocument.Content]) -> String {
            let item = ResponseDocument.OutputItem(id: "msg_" + id, status: status, content: content)
            return ",\"output_index\":0,\"item\":\(encodedJSON(item))"
        }
        let text = String(decoding: output, as: UTF8.self)
        switch entry.step {
        case .queued: return ("response.queued", whole(.zero - .milliseconds(1)))
        case .created: return ("response.created", whole(.zero - .milliseconds(1)))
        case .inProgress: return ("response.in_progress", whole(entry.offset))
        case .itemAdded: return ("response.output_item.added", item("in_progress", []))
        case .partAdded: return ("response.content_part.added", place + part(""))
        case .delta(let piece):
            let delta = String(decoding: output[piece], as: UTF8.self)
            return ("response.output_text.delta", place + ",\"delta\":\(encodedJSON(delta)),\"logprobs\":[]")
        case .textDone: return ("response.output_text.done", place + ",\"text\":\(encodedJSON(text)),\"logprobs\":[]")
        case .partDone: return ("response.content_part.done", place + part(text))
        case .itemDone: return ("response.output_item.done", item("completed", [ResponseDocument.Content(text: text)]))
        case .end(.cancelled) where dialect.cancelledStream != .event: return nil
        case .end(.incomplete) where dialect.namesIncompleteCompleted: return ("response.completed", whole(entry.offset))
        case .end(let status): return ("response.\(status.rawValue)", whole(entry.offset))
        }
    }

    /// Plain ASCII, so that any cut is a valid cut.
    private static func prose(bytes: Int) -> [UInt8] {
        let sentence = Array("Patience is not the ability to wait, but how one behaves while waiting. ".utf8)
        return (0..<bytes).map { sentence[$0 % sentence.count] }
    }
}
