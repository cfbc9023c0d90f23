/// One event of a stream, with its bytes kept: for readers that do not mind a copy.
package struct ServerSentEvent: Sendable, Hashable {
    /// The `event` field; `message` when it had none.
    package let type: String
    /// The `data` lines, joined by line feeds.
    package let data: [UInt8]
    package let lastEventID: String

    package init(type: String, data: [UInt8], lastEventID: String) {
        self.type = type
        self.data = data
        self.lastEventID = lastEventID
    }
}

extension EventStreamParser {
    /// Takes the next piece of the stream.
    ///
    /// - Returns: The events that are complete with it, in order.
    /// - Throws: ``EventStreamError`` when a bound is passed; events of the same piece before it are lost with it.
    package mutating func events(in piece: Span<UInt8>) throws(EventStreamError) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        try receive(piece) { type, data, lastEventID in
            let name = type.isEmpty ? "message" : String(decoding: Array(type), as: UTF8.self)
            events.append(ServerSentEvent(type: name, data: Array(data), lastEventID: String(decoding: Array(lastEventID), as: UTF8.self)))
        }
        return events
    }
}

extension [UInt8] {
    init(_ span: Span<UInt8>) {
        self.init(capacity: span.count) { copy in
            for index in span.indices { copy.append(span[index]) }
        }
    }
}
