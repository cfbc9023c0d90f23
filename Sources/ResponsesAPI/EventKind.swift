import RawJSON

/// The few types of events that mean something to whoever waits for the end.
enum EventKind {
    /// A type that stands at a response's end, whether or not it carries one.
    case end
    /// `error`: something went wrong, perhaps with the response, perhaps only with the stream.
    case error
    /// `[DONE]`: the stream is over.
    case done
    case queued
    case inProgress
    /// The server lives, the response makes no progress.
    case keepalive
    /// Everything else, types of the future included.
    case other

    /// Whether nothing good can follow in a stream that has not named its response yet.
    var speaksOfAnEnd: Bool {
        switch self {
        case .end, .error, .done: true
        case .queued, .inProgress, .keepalive, .other: false
        }
    }

    private static let ends = ["response.completed", "response.failed", "response.incomplete", "response.cancelled"]

    /// - Parameter type: The event's `event` line: what the event is called when its data does not say.
    init(_ members: EventMembers, type: Span<UInt8>, data: Span<UInt8>) {
        if let named = members.type, named.kind == .string {
            self.init { named.isString($0, in: data) }
        } else if Self.isDone(data) {
            self = .done
        } else {
            self.init { type.reads($0) }
        }
    }

    private init(isNamed: (String) -> Bool) {
        if Self.ends.contains(where: isNamed) {
            self = .end
        } else if isNamed("error") {
            self = .error
        } else if isNamed("response.queued") {
            self = .queued
        } else if isNamed("response.in_progress") {
            self = .inProgress
        } else if isNamed("keepalive") || isNamed("ping") {
            self = .keepalive
        } else {
            self = .other
        }
    }

    /// `[DONE]`, the sentinel that is no JSON, with white space around it.
    private static func isDone(_ data: Span<UInt8>) -> Bool {
        var range = data.indices
        while let first = range.first, data[first] <= 0x20 { range.removeFirst() }
        while let last = range.last, data[last] <= 0x20 { range.removeLast() }
        return data.extracting(range).reads("[DONE]")
    }
}

extension Span<UInt8> {
    /// Whether the bytes are exactly those of `text`.
    fileprivate func reads(_ text: String) -> Bool {
        guard count == text.utf8.count else { return false }
        var index = 0
        for byte in text.utf8 {
            guard self[index] == byte else { return false }
            index += 1
        }
        return true
    }
}
