import RawJSON
import Testing
import Transport

/// One event of a stream, as it stood on the wire.
struct StreamedEvent: Sendable, Hashable {
    /// What the `event:` line says; `nil` without such a line.
    let name: String?
    /// What stands after `data: `.
    let data: String
    /// What stands after `: `, which is no event at all.
    let comment: String?

    /// - Parameter block: The lines before an empty line.
    init(_ block: String) throws {
        var name: String?
        var data: [String] = []
        var comment: String?
        for line in block.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("event: ") {
                name = String(line.dropFirst(7))
            } else if line.hasPrefix("data: ") {
                data.append(String(line.dropFirst(6)))
            } else if line.hasPrefix(": ") {
                comment = String(line.dropFirst(2))
            } else {
                Issue.record("the sandbox sent the line '\(line)'")
            }
        }
        self.name = name
        self.comment = comment
        self.data = data.joined(separator: "\n")
    }

    func json() throws -> JSON { try JSON(parsing: Array(data.utf8)) }
    func type() throws -> String { try #require(try json()["type"]?.string) }
    func number() throws -> Int64 { try #require(try json()["sequence_number"]?.integer) }
    func status() throws -> String? { try json()["response"]?["status"]?.string }
}

/// A stream that is read while it runs.
struct OpenStream {
    private enum Piece: Sendable {
        case head(TransferHead)
        case bytes([UInt8])
        case end(TransportError?)
    }

    private let transport: any Transport
    private let transfer: TransferID
    private var pieces: AsyncStream<Piece>.Iterator
    private var unread: [UInt8] = []
    private(set) var head: TransferHead?
    private(set) var isOver = false
    /// Why the stream ended early; `nil` for one that was closed in an orderly way.
    private(set) var error: TransportError?

    init(_ request: TransferRequest, transport: any Transport) {
        let (stream, continuation) = AsyncStream<Piece>.makeStream()
        self.transport = transport
        pieces = stream.makeAsyncIterator()
        transfer = transport.start(request, handler: Handler(continuation: continuation))
    }

    /// The next `count` events, waiting for them; fewer when the stream ends before.
    mutating func events(_ count: Int) async throws -> [StreamedEvent] {
        var events: [StreamedEvent] = []
        while events.count < count {
            if let event = try takeEvent() {
                events.append(event)
            } else if await !read() {
                break
            }
        }
        return events
    }

    /// All events to the end of the stream.
    mutating func rest() async throws -> [StreamedEvent] {
        try await events(.max)
    }

    /// Waits for the head of the answer.
    mutating func status() async throws -> Int {
        while head == nil, await read() {}
        return try #require(head, "the stream ended before its head: \(String(describing: error))").status
    }

    /// Reads to the end and answers what is not an event: the body of an answer that is no stream.
    mutating func body() async -> String {
        while await read() {}
        return String(decoding: unread, as: UTF8.self)
    }

    /// Goes away, as a client does that loses interest.
    mutating func close() async {
        transport.cancel(transfer)
        while await read() {}
    }

    private mutating func read() async -> Bool {
        guard !isOver, let piece = await pieces.next() else { return false }
        switch piece {
        case .head(let head): self.head = head
        case .bytes(let bytes): unread += bytes
        case .end(let error):
            self.error = error
            isOver = true
            return false
        }
        return true
    }

    private mutating func takeEvent() throws -> StreamedEvent? {
        let mark = Array("\n\n".utf8)
        guard let end = unread.indices.dropLast().first(where: { unread[$0] == mark[0] && unread[$0 + 1] == mark[1] }) else { return nil }
        defer { unread.removeFirst(end + mark.count) }
        return try StreamedEvent(String(decoding: unread[..<end], as: UTF8.self))
    }

    private final class Handler: TransferHandler {
        private let continuation: AsyncStream<Piece>.Continuation

        init(continuation: AsyncStream<Piece>.Continuation) {
            self.continuation = continuation
        }

        func transferReceived(_ head: TransferHead) -> TransferVerdict {
            continuation.yield(.head(head))
            return .proceed
        }

        func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict {
            var copy: [UInt8] = []
            copy.reserveCapacity(bytes.count)
            for index in bytes.indices { copy.append(bytes[index]) }
            continuation.yield(.bytes(copy))
            return .proceed
        }

        func transferEnded(_ error: TransportError?, summary: TransferSummary) {
            continuation.yield(.end(error))
            continuation.finish()
        }
    }
}
