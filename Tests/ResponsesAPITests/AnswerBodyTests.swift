import ResponsesAPI
import RingbackCore
import Testing
import Transport

@Suite("An answer's body that is too large to be held")
struct AnswerBodyTests {
    private static let limit = 1000
    private let now = Timestamp(unixSeconds: 1_790_000_000)

    /// An answer whose body comes in pieces of `size` bytes, and how many of its bytes were wanted.
    private func answer(
        _ text: String, pieces size: Int, status: Int = 200, endedBy failure: TransportError? = nil
    ) -> (answer: RetrieveAnswer, read: Int) {
        let bytes = Array(text.utf8)
        let body = AnswerBody(limit: Self.limit)
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = Array(bytes[start..<min(start + size, bytes.count)])
            guard body.receive(piece.span) else { break }
        }
        return (RetrieveAnswer(head: TransferHead(status: status, headers: []), body: body, endedBy: failure, now: now), body.count)
    }

    private static let filler = String(repeating: "x", count: 5000)
    private static let members =
        #""model":"m-1","usage":{"total_tokens":7},"metadata":{"team":"search"},"error":{"message":"it broke"}"#

    @Test(
        "tells how the response ended, wherever its status stands and however it is cut",
        arguments: [
            #"{"status":"failed",\#(members),"output":"\#(filler)"}"#, #"{"output":"\#(filler)",\#(members),"status":"failed"}"#,
            #"{\#(members),"output":["\#(filler)",{"status":"completed"}],"status":"failed" , "x":1}"#,
        ], [1, 7, 999, 100_000])
    func ended(_ text: String, _ size: Int) throws {
        let (answer, read) = answer(text, pieces: size)
        guard case .response(let response) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(response.terminalStatus == .failed)
        #expect(response.model == "m-1")
        #expect(response.usage == Array(#"{"total_tokens":7}"#.utf8))
        #expect(response.metadata == ["team": "search"])
        #expect(response.errorMessage == "it broke")
        #expect(!response.isWhole && response.bytes.isEmpty)
        #expect(response.size == text.utf8.count)
        #expect(read == text.utf8.count)
    }

    @Test("is held whole up to the limit, and is then the object byte for byte", arguments: [1, 7, 1000])
    func held(_ size: Int) {
        func text(_ count: Int) -> String { #"{"status":"completed","x":""# + String(repeating: "x", count: count - 29) + #""}"# }
        guard case .response(let whole) = answer(text(Self.limit), pieces: size).answer,
            case .response(let large) = answer(text(Self.limit + 1), pieces: size).answer
        else {
            Issue.record("no response")
            return
        }
        #expect(whole.isWhole && whole.size == Self.limit && whole.bytes == Array(text(Self.limit).utf8))
        #expect(!large.isWhole && large.size == Self.limit + 1)
        #expect(large.terminalStatus == .completed)
    }

    @Test("of a running response is not read further than its status")
    func running() {
        let text = #"{"status":"in_progress","output":"\#(String(repeating: "x", count: 100_000))"}"#
        let (answer, read) = answer(text, pieces: 100)
        guard case .response(let response) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(response.terminalStatus == nil)
        #expect(read <= Self.limit + 100)
    }

    @Test("counts when it breaks off behind its status, and says how far it was read when before")
    func brokenOff() {
        let failure = TransportError.connectionLost(detail: "reset")
        let behind = answer(#"{"status":"completed","output":"\#(Self.filler)"#, pieces: 100, endedBy: failure).answer
        guard case .response(let response) = behind else {
            Issue.record("\(behind)")
            return
        }
        #expect(response.terminalStatus == .completed)
        guard case .unusable(let reason) = answer(#"{"output":"\#(Self.filler)"#, pieces: 100, endedBy: failure).answer else {
            Issue.record("a status out of nothing")
            return
        }
        #expect(reason.contains("larger than 1000B") || reason.contains("larger than 1kB"), "\(reason)")
        #expect(reason.contains("5011 bytes") && reason.contains("no status was found before the transfer ended"), "\(reason)")
    }

    @Test(
        "that is no whole JSON object with a status tells nothing, and why",
        arguments: [
            (#"{"status":"completed","output":"\#(filler)"#, "ends in the middle"),
            (#"{"status":"completed","output":"\#(filler)"}}"#, "more bytes follow"), (#"{"output":"\#(filler)"}"#, "it has no status"),
            (#"{"status":7,"output":"\#(filler)"}"#, "it has no status"), (#"["\#(filler)"]"#, "not an object"),
            ("<html>" + filler, "not an object"), (#"{"x":\#(String(repeating: "[", count: 2000))"#, "nested more than"),
        ])
    func useless(_ text: String, _ reason: String) {
        let answer = answer(text, pieces: 64).answer
        guard case .unusable(let told) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(told.contains(reason), "\(told)")
        #expect(!told.contains("xxx"))
    }

    @Test("of an error says what its status code says")
    func errors() {
        #expect(answer(Self.filler, pieces: 100, status: 404).answer == .notFound)
        guard case .unavailable = answer(Self.filler, pieces: 100, status: 503).answer else {
            Issue.record("a 503 is no response")
            return
        }
    }

    @Test("is found to have ended behind 100 MB of output")
    func veryLarge() {
        let body = AnswerBody(limit: Self.limit)
        let beginning = Array(#"{"output":[{"text":""#.utf8)
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1024 * 1024)
        let end = Array(#""}],"status":"completed","model":"m-1"}"#.utf8)
        var isWanted = body.receive(beginning.span)
        for _ in 0..<100 where isWanted { isWanted = body.receive(piece.span) }
        if isWanted { isWanted = body.receive(end.span) }
        #expect(isWanted)
        guard case .response(let response) = RetrieveAnswer(head: TransferHead(status: 200, headers: []), body: body, now: now) else {
            Issue.record("its end was not found")
            return
        }
        #expect(response.terminalStatus == .completed && response.model == "m-1")
        #expect(response.size > 100 * 1024 * 1024)
    }
}
