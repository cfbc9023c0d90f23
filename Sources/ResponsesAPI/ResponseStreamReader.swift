import EventStream
package import RingbackCore

/// Digests the bytes of one response stream: counts what passes by, keeps the cursor, and recognizes the end.
///
/// Intermediate events are looked through in place for the names of their members, and never decoded or copied. A stream's end says
/// nothing by itself: only a finding does.
package struct ResponseStreamReader: Sendable {
    package enum Finding: Sendable, Hashable {
        /// An event carried a response object with a terminal status. The status decides, not the event's name.
        case terminal(ResponseObject)
        /// An event named an end (`response.completed`, `.failed`, `.incomplete`, `.cancelled`, `error`, `[DONE]`) without carrying a
        /// terminal response: a GET tells.
        case end
        /// The response is queued or in progress; only when that changed.
        case status(WatchStatus)
        /// A line or an event is over its bound: the stream is to be ended, and a GET tells more. Nothing is found after it.
        case violation(String)
    }

    private var parser: EventStreamParser
    private var digest: EventDigest
    private var isBroken = false

    /// - Parameter cursor: The `sequence_number` this stream was asked to start after.
    package init(cursor: Int64?) {
        self.init(cursor: cursor, limits: EventStreamLimits())
    }

    init(cursor: Int64?, limits: EventStreamLimits) {
        parser = EventStreamParser(limits: limits)
        digest = EventDigest(cursor: cursor)
    }

    /// The highest `sequence_number` seen: what a resumed stream starts after.
    package var cursor: Int64? { digest.cursor }

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
            if let finding = digest.take(type: type, data: data) { findings.append(finding) }
        }
    }
}
