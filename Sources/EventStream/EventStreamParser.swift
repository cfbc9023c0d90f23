/// Reads a `text/event-stream` as it arrives, in pieces of any size (WHATWG HTML, section 9.2.6).
///
/// An event is given on as soon as its blank line is there, also when that line ends in a carriage return whose line feed may still
/// come. An event without its blank line is never given on: a stream that is cut says nothing about its last event.
///
/// Bytes are copied only where an event does not lie whole in one piece; text is never decoded here. Between events an idle stream
/// keeps next to no memory.
package struct EventStreamParser: Sendable {
    /// - Parameters:
    ///   - type: The event's `event` field; empty when it has none, which the standard reads as `message`.
    ///   - data: Its `data` lines, joined by line feeds. Valid during the call only.
    ///   - lastEventID: The last `id` the stream gave, with this event or before it; empty when there was none.
    package typealias Receiver = (_ type: Span<UInt8>, _ data: Span<UInt8>, _ lastEventID: Span<UInt8>) -> Void

    /// Buffers that grew beyond this are given back after the event they grew for. It is enough for the types of most events; an event's
    /// data is usually read in place.
    private static let keptBytes = 64
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Where the data of the event under way is.
    private enum DataPlace: Sendable {
        /// There was no `data` line yet. Exits: any other.
        case none
        /// One line, in the piece that is being read: a range of that piece. Exits: `gathered` at its end or with a second line, `none`.
        case inPiece(Range<Int>)
        /// One line, in ``line``: a range of it. Exits: `gathered` when `line` is needed again or with a second line, `none`.
        case inLine(Range<Int>)
        /// In ``data``. Exits: `none`.
        case gathered
    }

    package let limits: EventStreamLimits
    /// The `id` that a reconnect would name (`Last-Event-ID`): of the last block that a blank line ended.
    package private(set) var lastEventID: [UInt8] = []
    /// The last `retry` field: the time the server wants clients to wait before they reconnect.
    package private(set) var reconnectionTime: Duration?

    /// How many bytes of a byte order mark were seen at the start of the stream; `nil` once the start is behind.
    private var markBytes: Int? = 0
    /// A line feed that comes next belongs to a carriage return that has ended a line already.
    private var skipsLineFeed = false
    /// The beginning of a line whose end has not come yet; of a comment only its colon.
    private var line: [UInt8] = []
    /// The length of that beginning, with what of a comment was not kept.
    private var lineBytes = 0
    private var type: [UInt8] = []
    private var id: [UInt8] = []
    private var data: [UInt8] = []
    private var place = DataPlace.none
    private var failure: EventStreamError?

    package init(limits: EventStreamLimits = EventStreamLimits()) {
        self.limits = limits
    }

    /// Takes the next piece of the stream and gives on the events that are complete with it, in order.
    ///
    /// - Throws: ``EventStreamError`` when a bound is passed; then again at every further call.
    package mutating func receive(_ piece: Span<UInt8>, _ receiver: Receiver) throws(EventStreamError) {
        if let failure { throw failure }
        do {
            try read(piece, receiver)
        } catch {
            failure = error
            discardBuffers()
            throw error
        }
    }

    private mutating func read(_ piece: Span<UInt8>, _ receiver: Receiver) throws(EventStreamError) {
        var position = skipByteOrderMark(piece)
        while position < piece.count {
            if skipsLineFeed {
                skipsLineFeed = false
                if piece[position] == UInt8(ascii: "\n") {
                    position += 1
                    continue
                }
            }
            let end = Self.lineEnd(in: piece, from: position)
            guard end < piece.count else {
                try keepBeginning(of: piece, position)
                break
            }
            skipsLineFeed = piece[end] == UInt8(ascii: "\r")
            try takeLine(piece, position..<end, receiver)
            position = end + 1
        }
        // The piece is gone after this call.
        if case .inPiece = place { gather(piece) }
    }

    /// - Returns: The index of the first carriage return or line feed; `piece.count` when there is none.
    private static func lineEnd(in piece: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < piece.count {
            let byte = piece[index]
            // One comparison lets nearly every byte of JSON pass.
            if byte <= UInt8(ascii: "\r"), byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { break }
            index += 1
        }
        return index
    }

    /// - Returns: Where the text begins.
    private mutating func skipByteOrderMark(_ piece: Span<UInt8>) -> Int {
        var position = 0
        while let seen = markBytes, position < piece.count {
            if piece[position] == Self.byteOrderMark[seen] {
                position += 1
                markBytes = seen + 1 == Self.byteOrderMark.count ? nil : seen + 1
            } else {
                // What looked like a mark so far was the beginning of the first line.
                line += Self.byteOrderMark.prefix(seen)
                lineBytes = seen
                markBytes = nil
            }
        }
        return position
    }

    // MARK: Lines

    /// Keeps what came of a line until the rest comes.
    private mutating func keepBeginning(of piece: Span<UInt8>, _ start: Int) throws(EventStreamError) {
        let rest = piece.count - start
        guard rest <= limits.lineBytes - lineBytes else { throw .lineTooLong(limit: limits.lineBytes) }
        if case .inLine = place { gather(piece) }
        let isComment = (line.first ?? piece[start]) == UInt8(ascii: ":")
        if !isComment {
            line.append(piece, start..<piece.count)
        } else if line.isEmpty {
            line.append(UInt8(ascii: ":"))
        }
        lineBytes += rest
    }

    /// Takes the line of which `range` of the piece is the whole, or the end.
    private mutating func takeLine(_ piece: Span<UInt8>, _ range: Range<Int>, _ receiver: Receiver) throws(EventStreamError) {
        guard range.count <= limits.lineBytes - lineBytes else { throw .lineTooLong(limit: limits.lineBytes) }
        guard lineBytes > 0 else {
            if range.isEmpty {
                finishEvent(piece, receiver)
            } else if let field = EventStreamField(in: piece, range) {
                try take(field, in: piece, isInLine: false, piece)
            }
            return
        }
        lineBytes = 0
        if line.first != UInt8(ascii: ":") {
            line.append(piece, range)
            // A second reference, since a span of the stored property itself would bar changes to the others.
            let whole = line
            if let field = EventStreamField(in: whole.span, 0..<whole.count) { try take(field, in: whole.span, isInLine: true, piece) }
        }
        if case .inLine = place { return }
        line.empty(keeping: Self.keptBytes)
    }

    /// - Parameters:
    ///   - source: Where the field's value is: the piece, or ``line``.
    ///   - piece: The piece being read, where the data so far may be.
    private mutating func take(
        _ field: EventStreamField, in source: Span<UInt8>, isInLine: Bool, _ piece: Span<UInt8>
    ) throws(EventStreamError) {
        switch field.name {
        case .data:
            try addData(field.value, in: source, isInLine: isInLine, piece)
        case .event:
            type.empty(keeping: Self.keptBytes)
            type.append(source, field.value)
        case .id:
            guard !field.value.contains(where: { source[$0] == 0 }) else { return }
            id.empty(keeping: Self.keptBytes)
            id.append(source, field.value)
        case .retry:
            if let milliseconds = Self.milliseconds(source, field.value) { reconnectionTime = .milliseconds(milliseconds) }
        }
    }

    private mutating func addData(
        _ value: Range<Int>, in source: Span<UInt8>, isInLine: Bool, _ piece: Span<UInt8>
    ) throws(EventStreamError) {
        guard value.count <= limits.eventBytes - dataBytes else { throw .eventTooLong(limit: limits.eventBytes) }
        if case .none = place {
            place = isInLine ? .inLine(value) : .inPiece(value)
        } else {
            gather(piece)
            data.append(UInt8(ascii: "\n"))
            data.append(source, value)
        }
    }

    /// The data of the event under way, with the line feed that a further line would need.
    private var dataBytes: Int {
        switch place {
        case .none: 0
        case .inPiece(let range), .inLine(let range): range.count + 1
        case .gathered: data.count + 1
        }
    }

    /// Moves the data of the event under way to where it outlives the piece and the line.
    private mutating func gather(_ piece: Span<UInt8>) {
        switch place {
        case .none, .gathered:
            return
        case .inPiece(let range):
            data.append(piece, range)
        case .inLine(let range):
            let whole = line
            data.append(whole.span, range)
            line.empty(keeping: Self.keptBytes)
        }
        place = .gathered
    }

    /// A number in ASCII digits; `nil` when it is none or does not fit.
    private static func milliseconds(_ source: Span<UInt8>, _ range: Range<Int>) -> Int64? {
        guard !range.isEmpty else { return nil }
        var number: Int64 = 0
        for index in range {
            guard case UInt8(ascii: "0")...UInt8(ascii: "9") = source[index] else { return nil }
            let (tens, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = tens.addingReportingOverflow(Int64(source[index] - UInt8(ascii: "0")))
            guard !isTooLarge, !overflow else { return nil }
            number = sum
        }
        return number
    }

    // MARK: Events

    /// A blank line came.
    private mutating func finishEvent(_ piece: Span<UInt8>, _ receiver: Receiver) {
        // The id counts also when the block had no data and is no event.
        lastEventID = id
        switch place {
        case .none:
            break
        case .inPiece(let range):
            receiver(type.span, piece.extracting(range), lastEventID.span)
        case .inLine(let range):
            receiver(type.span, line.span.extracting(range), lastEventID.span)
            line.empty(keeping: Self.keptBytes)
        case .gathered:
            receiver(type.span, data.span, lastEventID.span)
            data.empty(keeping: Self.keptBytes)
        }
        place = .none
        type.empty(keeping: Self.keptBytes)
    }

    private mutating func discardBuffers() {
        line = []
        data = []
        type = []
        place = .none
    }
}

extension [UInt8] {
    mutating func append(_ span: Span<UInt8>, _ range: Range<Int>) {
        append(addingCapacity: range.count) { room in
            for index in range { room.append(span[index]) }
        }
    }

    /// Removes everything and gives the memory back if it is more than `kept` bytes.
    mutating func empty(keeping kept: Int) {
        guard !isEmpty || capacity > kept else { return }
        removeAll(keepingCapacity: capacity <= kept)
    }
}
