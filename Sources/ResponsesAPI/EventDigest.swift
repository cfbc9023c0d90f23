import RawJSON
import RingbackCore

/// What is remembered of a response stream from event to event, and what one event adds to it.
struct EventDigest: Sendable {
    private(set) var cursor: Int64?
    private(set) var eventCount = 0
    /// The first `sequence_number` of this stream, new or not.
    private(set) var firstNumber: Int64?
    /// The stream went on after what looked like the response's end: its ends are not believed any more.
    private(set) var goesOnAfterEnds = false
    private let response: ResponseID?
    private var status: RunningStatus?
    private var sawEnd = false

    init(response: ResponseID?, cursor: Int64?) {
        self.response = response
        self.cursor = cursor
    }

    /// - Parameters:
    ///   - type: The event's `event` line, empty without one. Counts only where the data names no type.
    ///   - data: The event's data: JSON, or a vendor's `[DONE]`.
    mutating func take(type: Span<UInt8>, data: Span<UInt8>) -> ResponseStreamReader.Finding? {
        let members = EventMembers(data)
        let kind = EventKind(members, type: type, data: data)
        if kind != .keepalive { eventCount += 1 }
        let isNew = advance(to: members.sequenceNumber?.integer(in: data))
        let word = members.status(in: data)
        if let word, let end = members.terminalResponse(status: word, in: data) { return believing(end) }
        note(kind)
        switch kind {
        case .done: return .done
        case .end, .error: return .end
        case .queued: return change(to: word.map { RunningStatus(word: $0) } ?? .queued, isNew: isNew)
        case .inProgress: return change(to: word.map { RunningStatus(word: $0) } ?? .inProgress, isNew: isNew)
        case .keepalive, .other: return word.flatMap { change(to: RunningStatus(word: $0), isNew: isNew) }
        }
    }

    /// - Returns: Whether the event was not seen before, as far as numbers tell: some vendors replay a stream from its start.
    private mutating func advance(to number: Int64?) -> Bool {
        guard let number, number >= 0 else { return true }
        if firstNumber == nil { firstNumber = number }
        if let cursor, number <= cursor { return false }
        cursor = number
        return true
    }

    /// An object at its end proves the response's end only where it is about this response, in a stream that ends with it; see
    /// ``ResponseStreamReader``. An object without an id contradicts nobody.
    private mutating func believing(_ end: ResponseObject) -> ResponseStreamReader.Finding {
        sawEnd = true
        if let response, let id = end.id, id != response.rawValue { return .end }
        return goesOnAfterEnds ? .end : .terminal(end)
    }

    private mutating func note(_ kind: EventKind) {
        switch kind {
        case .end: sawEnd = true
        case .queued, .inProgress, .other: if sawEnd { goesOnAfterEnds = true }
        // These may follow an end: a vendor may add why it failed, and what keeps a connection open knows nothing of responses.
        case .error, .done, .keepalive: break
        }
    }

    /// A replayed event tells how it was, not how it is.
    private mutating func change(to status: RunningStatus, isNew: Bool) -> ResponseStreamReader.Finding? {
        guard isNew, status != self.status else { return nil }
        self.status = status
        return .status(status)
    }
}

/// The top-level members of an event's data that matter, in whatever order they stand there.
struct EventMembers {
    private(set) var type: RawValue?
    private(set) var sequenceNumber: RawValue?
    private(set) var response: RawValue?

    /// Data that is not a JSON object has none.
    init(_ data: Span<UInt8>) {
        do {
            var members = try RawMembers(in: data)
            while let member = try members.next(in: data) {
                if type == nil, member.isNamed("type", in: data) {
                    type = member.value
                } else if sequenceNumber == nil, member.isNamed("sequence_number", in: data) {
                    sequenceNumber = member.value
                } else if response == nil, member.isNamed("response", in: data) {
                    response = member.value
                }
            }
        } catch {
            // What was found in front of the place that makes no sense may make none either.
            self = EventMembers()
        }
    }

    private init() {}

    /// The embedded response object, when `status` says that it is at its end.
    func terminalResponse(status: String, in data: Span<UInt8>) -> ResponseObject? {
        guard TerminalStatus(rawValue: status) != nil, let response else { return nil }
        return ResponseObject(json: response.bytes(in: data))
    }

    /// The `status` of the embedded response object; `nil` when there is none.
    func status(in data: Span<UInt8>) -> String? {
        guard let response, response.kind == .object else { return nil }
        do {
            var members = try RawMembers(of: response, in: data)
            while let member = try members.next(in: data) {
                if member.isNamed("status", in: data) { return member.value.string(in: data) }
            }
            return nil
        } catch {
            // It was read as a part of the whole before: it cannot turn out to be something else now.
            return nil
        }
    }
}
