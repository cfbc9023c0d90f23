import ResponsesAPI
import RingbackCore
import Testing

@Suite("The response stream reader")
struct ResponseStreamReaderTests {
    @Test("counts deltas, keeps the cursor, and takes the terminal event's response byte for byte", arguments: Cutting.allCases)
    func ordinary(_ cutting: Cutting) throws {
        let object = #"{ "id":"resp_1", "status" : "completed", "usage":{"total_tokens":1.50e1}, "text":"\u00e9 \/" }"#
        let stream =
            event("response.queued", #"{"type":"response.queued","sequence_number":0,"response":{"id":"resp_1","status":"queued"}}"#)
            + event("response.created", #"{"type":"response.created","sequence_number":1,"response":{"id":"resp_1","status":"queued"}}"#)
            + event(
                "response.in_progress",
                #"{"type":"response.in_progress","sequence_number":2,"response":{"id":"resp_1","status":"in_progress"}}"#)
            + event("response.output_text.delta", #"{"type":"response.output_text.delta","sequence_number":3,"item_id":"m","delta":"Hel"}"#)
            + event("response.output_text.delta", #"{"type":"response.output_text.delta","sequence_number":4,"item_id":"m","delta":"lo"}"#)
            + event("response.completed", #"{"type":"response.completed","sequence_number":5,"response": \#(object) }"#)
        let reading = cutting.read(stream)
        #expect(reading.findings == [.status(.queued), .status(.inProgress), .terminal(try response(object))])
        #expect(reading.cursor == 5)
        #expect(reading.eventCount == 6)
        guard case .terminal(let found) = reading.findings.last else { return }
        #expect(String(decoding: found.bytes, as: UTF8.self) == object)
    }

    @Test("reveals nothing before an event's blank line")
    func promptness() throws {
        let stream = event("response.completed", #"{"type":"response.completed","response":{"status":"completed"}}"#)
        let bytes = Array(stream.utf8)
        var reader = ResponseStreamReader(response: nil, cursor: nil)
        let head = bytes.dropLast()
        let early = reader.receive(head.span)
        #expect(early.isEmpty)
        let last = bytes.suffix(1)
        let findings = reader.receive(last.span)
        #expect(findings == [.terminal(try response(#"{"status":"completed"}"#))])
    }

    @Test("finds members in any order, as vLLM writes `type` last, and needs no event line, as with LiteLLM", arguments: Cutting.allCases)
    func memberOrder(_ cutting: Cutting) throws {
        let object = #"{"output":[{"status":"in_progress","type":"x"}],"status":"completed","id":"r"}"#
        let reading = cutting.read(
            data(#"{"delta":"x","sequence_number":7,"type":"response.output_text.delta"}"#)
                + data(#"{"response":\#(object),"sequence_number":8,"type":"response.completed"}"#) + data("[DONE]"))
        #expect(reading.findings == [.terminal(try response(object)), .done])
        #expect(reading.cursor == 8)
        #expect(reading.eventCount == 3)
    }

    @Test(
        "believes the status and not the event's name",
        arguments: [
            ("response.completed", "incomplete", TerminalStatus.incomplete), ("response.failed", "cancelled", .cancelled),
            ("response.done", "failed", .failed),
            ("response.in_progress", "completed", .completed), ("response.cancelled", "cancelled", .cancelled),
        ], Cutting.allCases)
    func status(_ sample: (name: String, status: String, terminal: TerminalStatus), _ cutting: Cutting) throws {
        let reading = cutting.read(
            event(sample.name, #"{"type":"\#(sample.name)","sequence_number":1,"response":{"status":"\#(sample.status)"}}"#))
        try #require(reading.findings.count == 1)
        guard case .terminal(let found) = reading.findings[0] else {
            Issue.record("found \(reading.findings)")
            return
        }
        #expect(found.terminalStatus == sample.terminal)
    }

    @Test(
        "calls an event that names an end without a terminal response an end, to be asked about",
        arguments: [
            data(#"{"type":"response.failed","error":{"message":"boom"},"sequence_number":4}"#),
            data(#"{"type":"response.completed","sequence_number":4}"#),
            data(#"{"type":"response.completed","sequence_number":4,"response":null}"#),
            data(#"{"type":"response.completed","sequence_number":4,"response":{"id":"r"}}"#),
            data(#"{"type":"response.completed","sequence_number":4,"response":{"status":"in_progress"}}"#),
            data(#"{"type":"response.incomplete","sequence_number":4,"response":{"status":7}}"#),
            data(#"{"type":"response.cancelled","sequence_number":4,"response":"resp_1"}"#),
            data(#"{"type":"error","code":"server_error","message":"x","param":null,"sequence_number":4}"#),
            event("error", #"{"error":{"message":"x"},"sequence_number":4}"#),
            event("error", #"{"type":"error","sequence_number":4}"#),
            data(#"{"type":"\u0065rror","sequence_number":4}"#),
            event("response.completed", #"{"sequence_number":4}"#),
        ], Cutting.allCases)
    func ends(_ stream: String, _ cutting: Cutting) {
        let reading = cutting.read(stream)
        #expect(reading == Reading(findings: [.end], cursor: 4, eventCount: 1))
    }

    @Test("takes [DONE] for the end of the stream, but not a text that only looks like it", arguments: Cutting.allCases)
    func done(_ cutting: Cutting) {
        #expect(cutting.read("data: [DONE]\n\n").findings == [.done])
        #expect(cutting.read("data:  [DONE] \r\n\r\n").findings == [.done])
        for text in ["[DONE", "[done]", "DONE", "\"[DONE]\"", "[DONE][DONE]", #"{"delta":"[DONE]"}"#] {
            #expect(cutting.read(data(text)).findings == [], "\(text)")
        }
    }

    @Test("does not believe an end whose response has another id, but one without an id", arguments: Cutting.allCases)
    func otherResponse(_ cutting: Cutting) throws {
        func completed(_ id: String) -> String { data(#"{"type":"response.completed","response":{\#(id)"status":"completed"}}"#) }
        #expect(cutting.read(completed(#""id":"resp_inner","#), of: "resp_1").findings == [.end])
        let own = try response(#"{"id":"resp_1","status":"completed"}"#)
        #expect(cutting.read(completed(#""id":"resp_1","#), of: "resp_1").findings == [.terminal(own)])
        #expect(cutting.read(completed(""), of: "resp_1").findings == [.terminal(try response(#"{"status":"completed"}"#))])
        #expect(cutting.read(completed(#""id":"resp_1","#)).findings == [.terminal(own)], "no id to compare with")
    }

    /// One pair per tool iteration, as Databricks' agent server sends them.
    private static let severalEnds =
        data(#"{"type":"response.created","response":{"id":"a","status":"in_progress"}}"#)
        + data(#"{"type":"response.completed","response":{"id":"a","status":"completed"}}"#)
        + data(#"{"type":"response.created","response":{"id":"a","status":"in_progress"}}"#)
        + data(#"{"type":"response.completed","response":{"id":"a","status":"completed"}}"#) + data("[DONE]")

    @Test("believes no end of a stream that goes on after one")
    func severalEnds() throws {
        #expect(Cutting.whole.read(Self.severalEnds, of: "a").findings == [.status(.inProgress), .end, .end, .done])
        // Byte by byte nobody can know at the first one that more will come.
        let end = try response(#"{"id":"a","status":"completed"}"#)
        #expect(Cutting.bytes.read(Self.severalEnds, of: "a").findings == [.status(.inProgress), .terminal(end), .end, .done])
    }

    @Test("believes an end after which the server only adds why, keeps the connection open, or is done", arguments: Cutting.allCases)
    func nothingButTheEnd(_ cutting: Cutting) throws {
        let stream =
            data(#"{"type":"error","code":"server_error","message":"x"}"#)
            + data(#"{"type":"response.failed","response":{"id":"a","status":"failed"}}"#) + ": keep-alive\n\n"
            + data(#"{"type":"keepalive","sequence_number":9}"#) + event("error", #"{"error":{"message":"x"}}"#) + data("[DONE]")
        #expect(
            cutting.read(stream, of: "a").findings == [.end, .terminal(try response(#"{"id":"a","status":"failed"}"#)), .end, .done])
    }

    @Test("keeps the numbers of keepalives and does not count them as progress", arguments: Cutting.allCases)
    func keepalives(_ cutting: Cutting) {
        let stream =
            ": keep-alive\n\n" + data(#"{"type":"keepalive","sequence_number":0,"model":"m"}"#) + ": keep-alive\n\n"
            + event("keepalive", #"{"type":"keepalive","sequence_number":1}"#) + event("ping", "{}")
        #expect(cutting.read(stream) == Reading(findings: [], cursor: 1, eventCount: 0))
    }

    @Test("says a status once until it changes", arguments: Cutting.allCases)
    func statusChanges(_ cutting: Cutting) {
        let words = ["queued", "queued", "pending", "running", "in_progress", "requires_action", "requires_action", "queued"]
        let stream = words.enumerated().map { data(#"{"type":"response.x","sequence_number":\#($0),"response":{"status":"\#($1)"}}"#) }
            .joined()
        #expect(cutting.read(stream).findings == [.status(.queued), .status(.inProgress), .status(.requiresAction), .status(.queued)])
        #expect(
            cutting.read(
                data(#"{"type":"response.queued"}"#) + data(#"{"type":"response.in_progress"}"#) + event("response.in_progress", "{}")
            ).findings
                == [.status(.queued), .status(.inProgress)])
    }

    @Test("takes no status from events that were seen before, but does take an end", arguments: Cutting.allCases)
    func replay(_ cutting: Cutting) throws {
        let stream =
            data(#"{"type":"response.queued","sequence_number":0,"response":{"status":"queued"}}"#)
            + data(#"{"type":"response.in_progress","sequence_number":1,"response":{"status":"in_progress"}}"#)
            + data(#"{"type":"response.completed","sequence_number":2,"response":{"status":"completed"}}"#)
        let reading = cutting.read(stream, cursor: 40)
        #expect(reading.findings == [.terminal(try response(#"{"status":"completed"}"#))])
        #expect(reading.cursor == 40)
        #expect(reading.eventCount == 3)
    }

    @Test(
        "takes a sequence number only when it is a non-negative integer, and never goes back",
        arguments: [
            ("7", 7), ("3", 5), ("-1", 5), ("6.0", 5), ("6e2", 5), (#""9""#, 5), ("null", 5), ("true", 5), ("[9]", 5),
            ("9223372036854775807", Int64.max),
            ("9223372036854775808", 5),
        ] as [(String, Int64)])
    func numbers(_ sample: (number: String, cursor: Int64)) {
        for cutting in Cutting.allCases {
            #expect(cutting.read(data(#"{"type":"x","sequence_number":\#(sample.number)}"#), cursor: 5).cursor == sample.cursor)
        }
    }

    @Test("lets pass what it does not know", arguments: Cutting.allCases)
    func unknown(_ cutting: Cutting) {
        let stream =
            event("response.sleep_call.started", #"{"type":"response.sleep_call.started","sequence_number":1,"until":1.5}"#)
            + event("thread.created", #"{"sequence_number":2}"#) + data("not json") + data(#"{"sequence_number":99,"type":"#)
            + data("[1,2]") + data("")
            + data(#"{"sequence_number":3,"nested":{"type":"error","sequence_number":50,"response":{"status":"failed"}}}"#)
        #expect(cutting.read(stream) == Reading(findings: [], cursor: 3, eventCount: 7))
    }

    @Test("takes the first of members with one name", arguments: Cutting.allCases)
    func duplicateMembers(_ cutting: Cutting) {
        let members = #""type":"response.x","type":"error","sequence_number":1,"sequence_number":9"#
        let reading = cutting.read(data(#"{\#(members),"response":{"status":"queued","status":"failed"}}"#))
        #expect(reading == Reading(findings: [.status(.queued)], cursor: 1, eventCount: 1))
    }

    @Test("says once that a line is too long, and nothing more")
    func violation() throws {
        var reader = ResponseStreamReader(response: nil, cursor: 3)
        let first = Array((data(#"{"type":"x","sequence_number":4}"#) + "data: ").utf8)
        let nothing = reader.receive(first.span)
        #expect(nothing.isEmpty)
        let mebibyte = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        var findings: [ResponseStreamReader.Finding] = []
        for _ in 0..<40 { findings += reader.receive(mebibyte.span) }
        try #require(findings.count == 1)
        guard case .violation(let reason) = findings[0] else {
            Issue.record("found \(findings)")
            return
        }
        #expect(reason.contains("33554432"))
        let end = Array("\n\ndata: [DONE]\n\n".utf8)
        let after = reader.receive(end.span)
        #expect(after.isEmpty)
        #expect(reader.cursor == 4)
    }

    @Test("takes a large response that comes in many pieces")
    func large() throws {
        let object = #"{"status":"completed","output_text":"\#(String(repeating: "x🚀", count: 400_000))"}"#
        let bytes = Array(event("response.completed", #"{"type":"response.completed","response":\#(object)}"#).utf8)
        var reader = ResponseStreamReader(response: nil, cursor: nil)
        var findings: [ResponseStreamReader.Finding] = []
        var start = 0
        while start < bytes.count {
            let piece = bytes[start..<min(start + 16_384, bytes.count)]
            findings += reader.receive(piece.span)
            start = piece.endIndex
        }
        #expect(findings == [.terminal(try response(object))])
    }
}
