import EventStream
import Testing

@Suite("The event stream parser")
struct EventStreamParserTests {
    private func events(_ pieces: [String], limits: EventStreamLimits = EventStreamLimits()) throws -> [ServerSentEvent] {
        var parser = EventStreamParser(limits: limits)
        return try pieces.flatMap { try events($0, &parser) }
    }

    private func events(_ piece: String, _ parser: inout EventStreamParser) throws(EventStreamError) -> [ServerSentEvent] {
        let bytes = Array(piece.utf8)
        return try parser.events(in: bytes.span)
    }

    @Test("gives an event on with the carriage return of its blank line, without waiting for a line feed")
    func promptAfterCarriageReturn() throws {
        #expect(try events(["data: a\r\n\r"]).map(\.data) == [Array("a".utf8)])
        #expect(try events(["data: a\r\n\r", "\ndata: b\n\n"]).map(\.data) == [Array("a".utf8), Array("b".utf8)])
    }

    @Test("takes a line feed at the start of a piece as a line end when no carriage return came before it")
    func lineFeedAfterText() throws {
        #expect(try events(["data: a", "\n", "\n"]).count == 1)
        #expect(try events(["data: a\r", "\r", "data: b\n", "\n"]).count == 2)
    }

    @Test("reads the same events from every cut into two pieces")
    func everyCut() throws {
        let stream =
            "\u{FEFF}: hello\r\nevent: delta\rid: 7\ndata: one\r\ndata:two\n\nretry: 10\n\ndata\n\nevent: end\ndata: [DONE]\r\n\r\n"
        let bytes = Array(stream.utf8)
        let whole = try events([stream])
        #expect(whole.map(\.type) == ["delta", "message", "end"])
        #expect(whole.map { String(decoding: $0.data, as: UTF8.self) } == ["one\ntwo", "", "[DONE]"])
        for cut in 0...bytes.count {
            var parser = EventStreamParser()
            let head = bytes[..<cut]
            let tail = bytes[cut...]
            let halves = try parser.events(in: head.span) + parser.events(in: tail.span)
            #expect(halves == whole, "cut before byte \(cut)")
        }
    }

    @Test("reads the same events from random cuts of random lines", arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func randomCuts(_ seed: UInt64) throws {
        var dice = Generator(state: seed)
        let lines = [
            "data: x", "data:", "data", "event: e", "id: 1", "id:\u{0}", ": c", "", "", "retry: 5", "nothing: y", ":", "data: \u{FEFF}é🚀",
        ]
        let ends = ["\n", "\r", "\r\n"]
        let text = (0..<400).map { _ in lines.randomElement(using: &dice)! + ends.randomElement(using: &dice)! }.joined()
        let bytes = Array(text.utf8)
        let whole = try events([text])
        var parser = EventStreamParser()
        var pieced: [ServerSentEvent] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 0...12, using: &dice))
            pieced += try parser.events(in: bytes[start..<end].span)
            start = end
        }
        #expect(pieced == whole, "seed \(seed)")
        #expect(!whole.isEmpty)
    }

    @Test("keeps a byte order mark that is cut short by another character as text")
    func brokenMark() throws {
        #expect(try events(["\u{FEFF}data: a\n\n"]).count == 1)
        var parser = EventStreamParser()
        var found: [[UInt8]] = []
        for byte in [0xEF, 0xBB] + Array("data: a\n\ndata: b\n\n".utf8) {
            let piece = [byte]
            found += try parser.events(in: piece.span).map(\.data)
        }
        // The two bytes spoil the name of the first field.
        #expect(found == [Array("b".utf8)])
    }

    @Test("compares field names in full and with their case")
    func names() throws {
        #expect(try events(["dat: a\ndataa: b\nDATA: c\n data: d\nda: e\n\n"]).isEmpty)
        let event = ServerSentEvent(type: "message", data: Array("x".utf8), lastEventID: "")
        #expect(try events(["eve: a\nevents: b\nidx: c\nre: d\ndata: x\n\n"]) == [event])
    }

    @Test("ignores a reconnection time that does not fit")
    func hugeRetry() throws {
        var parser = EventStreamParser()
        _ = try events("retry: 250\nretry: 99999999999999999999\nretry: -1\nretry: 1.5\n\n", &parser)
        #expect(parser.reconnectionTime == .milliseconds(250))
    }

    @Test("forgets an event that its stream was cut in")
    func cutEvent() throws {
        #expect(try events(["event: response.completed\ndata: {}\n"]).isEmpty)
        #expect(try events(["event: response.completed\ndata: {}"]).isEmpty)
    }
}

@Suite("The event stream parser's bounds")
struct EventStreamLimitsTests {
    private let limits = EventStreamLimits(lineBytes: 12, eventBytes: 10)

    private func failure(_ text: String, _ cutting: Cutting) -> EventStreamError? {
        var parser = EventStreamParser(limits: limits)
        do {
            for piece in cutting.pieces(of: Array(text.utf8)) { _ = try parser.events(in: piece.span) }
            return nil
        } catch {
            return error
        }
    }

    @Test("let a line of exactly the limit pass", arguments: Cutting.allCases)
    func atTheLimit(_ cutting: Cutting) {
        #expect(failure("data: 123456\n\n", cutting) == nil)
        #expect(failure(": 0123456789\n", cutting) == nil)
        #expect(failure("data: 12345\ndata: 1234\n\n", cutting) == nil)
    }

    @Test("stop a line that is longer, whatever it is", arguments: Cutting.allCases)
    func longLine(_ cutting: Cutting) {
        for text in ["data: 1234567\n", "data: 1234567", ": 01234567890\n", ": 01234567890", "event: 123456\n", "0123456789abc"] {
            #expect(failure(text, cutting) == .lineTooLong(limit: 12), "\(text)")
        }
    }

    @Test("stop an event whose lines are too much together", arguments: Cutting.allCases)
    func longEvent(_ cutting: Cutting) {
        #expect(failure("data: 12345\ndata: 12345\n", cutting) == .eventTooLong(limit: 10))
        #expect(failure("data:\ndata:\ndata:\ndata:\ndata:\ndata:\ndata:\ndata:\ndata:\ndata:\ndata:\n", cutting) == nil)
        #expect(
            failure("data:\ndata:\ndata:\ndata:\ndata:\ndata:\ndata:\ndata:\ndata:\ndata:\ndata:\ndata:\n", cutting)
                == .eventTooLong(limit: 10))
    }

    @Test("start anew with each event", arguments: Cutting.allCases)
    func perEvent(_ cutting: Cutting) {
        #expect(failure(String(repeating: "data: 12345\n\n", count: 20), cutting) == nil)
    }

    @Test("end the reading for good")
    func sticky() {
        var parser = EventStreamParser(limits: limits)
        for text in ["0123456789abc\n", "data: a\n\n"] {
            let piece = Array(text.utf8)
            #expect(throws: EventStreamError.lineTooLong(limit: 12)) { try parser.events(in: piece.span) }
        }
    }
}

/// SplitMix64, so that a seed tells the whole test.
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
