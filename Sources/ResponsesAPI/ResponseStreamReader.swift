import EventStream
package import RingbackCore

/// Digests the bytes of one response stream: counts what passes by, keeps the cursor, and recognizes the end.
///
/// Intermediate events are looked through in place for the names of their members, and never decoded or copied. A stream's end says
/// nothing by itself: only a finding does.
///
/// When is a response at its end? Not when an event is called `response.completed`: vLLM calls a truncated one so. Nor does an object with the
/// status `completed` prove it: Databricks' agent server sends one for each of its tool iterations, with the ids of the inner responses, while
/// a GET says `in_progress`; and LiteLLM makes up a new id for every answer. So an object is believed at once only when
/// - its status is terminal,
/// - it is about the response that was asked for, or does not say which it is about,
/// - and nothing but its end follows in the same piece, nor did anything follow an earlier end in this stream.
///
/// Where one of these is missing, the end is a reason to ask by GET, and the stream is read on meanwhile: it may well go on. Asking by GET
/// every time would be simpler. It would also be slower where it matters most, and cost as many requests as there are responses in the very
/// minute in which an upstream fails them all.
package struct ResponseStreamReader: Sendable {
    package enum Finding: Sendable, Hashable {
        /// An event carried the response object with a terminal status. The status decides, not the event's name.
        case terminal(ResponseObject)
        /// An event spoke of an end (`response.completed`, `.failed`, `.incomplete`, `.cancelled`, `error`) and does not prove it: a GET
        /// tells. More may follow.
        case end
        /// `[DONE]`: nothing more follows. Whether the response has ended too, a GET tells.
        case done
        /// How the response runs; only when that changed.
        case status(RunningStatus)
        /// A line or an event is over its bound: the stream is to be ended, and a GET tells more. Nothing is found after it.
        case violation(String)
    }

    private var parser: EventStreamParser
    private var digest: EventDigest
    private var isBroken = false

    /// - Parameters:
    ///   - response: The id by which the stream was asked for; `nil` when it is not known yet, as in the answer to a create call.
    ///   - cursor: The `sequence_number` this stream was asked to start after.
    package init(response: ResponseID?, cursor: Int64?) {
        self.init(response: response, cursor: cursor, limits: EventStreamLimits())
    }

    init(response: ResponseID?, cursor: Int64?, limits: EventStreamLimits) {
        parser = EventStreamParser(limits: limits)
        digest = EventDigest(response: response, cursor: cursor)
    }

    /// The highest `sequence_number` seen: what a resumed stream starts after.
    package var cursor: Int64? { digest.cursor }

    /// The `sequence_number` this stream began with; `nil` before the first one. Tells whether a resumed stream was replayed instead.
    package var firstNumber: Int64? { digest.firstNumber }

    /// How many events came. Keepalives are not counted, so that a growing number means progress.
    package var eventCount: Int { digest.eventCount }

    /// Takes the next piece of the stream, cut anywhere.
    ///
    /// - Returns: What it revealed, in order; usually nothing.
    package mutating func receive(_ bytes: Span<UInt8>) -> [Finding] {
        guard !isBroken else { return [] }
        var findings: [Finding] = []
        do {
            try Self.read(bytes, &parser, &digest, &findings)
        } catch {
            isBroken = true
            findings.append(.violation(error.description))
        }
        return findings
    }

    /// The parts are given one by one, since the parser changes while the digest does.
    private static func read(
        _ bytes: Span<UInt8>, _ parser: inout EventStreamParser, _ digest: inout EventDigest, _ findings: inout [Finding]
    ) throws(EventStreamError) {
        try parser.receive(bytes) { type, data, _ in
            let finding = digest.take(type: type, data: data)
            if digest.goesOnAfterEnds { findings.withdrawEnds() }
            if let finding { findings.append(finding) }
        }
    }
}

extension [ResponseStreamReader.Finding] {
    /// The stream goes on: what was taken for the response's end in this piece was none, or not the last one.
    fileprivate mutating func withdrawEnds() {
        for index in indices {
            if case .terminal = self[index] { self[index] = .end }
        }
    }
}
