import ResponsesAPI
import RingbackCore
import Testing

@Suite("A response object")
struct ResponseObjectTests {
    @Test("keeps the bytes it was given, odd white space, floats and escapes included")
    func bytes() throws {
        let json =
            "\r\n{\"id\" : \"resp_1\",\t\"status\":\"completed\",\"created_at\":1750287018.5400,\"n\":1E-07,"
            + "\"t\":\"\\u00e9\\/\\ud83d\\ude80\",\n \"usage\": { \"total_tokens\" : 12.0 } } \n"
        let object = try response(json)
        #expect(String(decoding: object.bytes, as: UTF8.self) == json)
        #expect(object.usage.map { String(decoding: $0, as: UTF8.self) } == "{ \"total_tokens\" : 12.0 }")
        #expect(object.id == "resp_1")
    }

    @Test("reads its fields in any order, whatever kinds the others have")
    func fields() throws {
        let object = try response(
            #"{"metadata":{"team":"search","n":7,"o":{"team":"x"},"sub\u002ekey":"v","team":"later"},"model":"gpt-5","#
                + #""created_at":"2026-01-01T00:00:00Z","error":null,"output":[{"id":"x","status":"y"}],"status":"in_progress","id":"resp-9"}"#
        )
        #expect(object.id == "resp-9")
        #expect(object.status == "in_progress")
        #expect(object.model == "gpt-5")
        #expect(object.metadata == ["team": "search", "sub.key": "v"])
        #expect(object.usage == nil)
        #expect(object.errorMessage == nil)
    }

    @Test(
        "does without everything but a status",
        arguments: [
            #"{"status":"failed"}"#,
            #"{"status":"failed","id":null,"model":null,"usage":null,"metadata":null,"error":null,"incomplete_details":null}"#,
            #"{"status":"failed","id":7,"model":[],"usage":[1],"metadata":"x","error":false,"incomplete_details":[]}"#,
            #"{"id":"poll","status":"failed","attempt_number":1}"#,
        ])
    func missing(_ json: String) throws {
        let object = try response(json)
        #expect(object.terminalStatus == .failed)
        #expect(object.usage == nil)
        #expect(object.metadata == [:])
        #expect(object.errorMessage == nil)
        #expect(object.outputText() == "")
    }

    @Test(
        "is nothing without a string status, or without being one JSON object",
        arguments: [
            "", " ", "null", "[]", "\"completed\"", "{}", #"{"id":"resp_1"}"#, #"{"status":null}"#, #"{"status":1}"#,
            #"{"status":["completed"]}"#,
            #"{"status":"completed""#, #"{"status":"completed"}}"#, #"{"status":"completed"}<!-- -->"#, #"{"status":"completed",}"#,
            "<html>", #"{"response":{"status":"completed"}}"#,
        ])
    func notAResponse(_ json: String) {
        #expect(ResponseObject(json: Array(json.utf8)) == nil)
    }

    @Test("takes the vendor's other word for its id")
    func cancelAnswer() throws {
        let object = try response(#"{"response_id": "resp_7", "status": "cancelling"}"#)
        #expect(object.id == "resp_7")
        #expect(object.terminalStatus == nil)
        #expect(object.runningStatus == .inProgress)
    }

    @Test(
        "has ended with four words and runs with every other",
        arguments: [
            ("completed", .completed, nil), ("failed", .failed, nil), ("incomplete", .incomplete, nil), ("cancelled", .cancelled, nil),
            ("queued", nil, .queued), ("in_progress", nil, .inProgress), ("pending", nil, .inProgress),
            ("requires_action", nil, .requiresAction), ("running", nil, .inProgress),
            ("cancelling", nil, .inProgress), ("Completed", nil, .inProgress), ("", nil, .inProgress), ("expired", nil, .inProgress),
            ("lost", nil, .inProgress),
        ] as [(String, TerminalStatus?, RunningStatus?)])
    func statuses(_ word: String, _ terminal: TerminalStatus?, _ running: RunningStatus?) throws {
        let object = try response(#"{"status":"\#(word)"}"#)
        #expect(object.terminalStatus == terminal)
        #expect(object.runningStatus == running)
    }

    @Test(
        "says why it did not go well",
        arguments: [
            (#""error":{"code":"server_error","message":"The model\nfailed"}"#, "The model failed"),
            (#""error":{"code":"server_error"}"#, "server_error"),
            (#""error":{"code":"server_error","message":""}"#, "server_error"), (#""error":{"code":500,"message":null}"#, "error code 500"),
            (#""error":"Rate limit exceeded""#, "Rate limit exceeded"),
            (#""incomplete_details":{"reason":"max_output_tokens"}"#, "max_output_tokens"),
            (#""error":null,"incomplete_details":{"reason":"content_filter"}"#, "content_filter"),
            (#""error":{},"incomplete_details":{}"#, nil),
            (#""error":{"message":"a\u001b[31mb\u0000c"}"#, "a [31mb c"),
        ] as [(String, String?)])
    func errors(_ member: String, _ message: String?) throws {
        #expect(try response(#"{"status":"failed",\#(member)}"#).errorMessage == message)
    }

    @Test("cuts a long error message at 500 characters")
    func longError() throws {
        let long = String(repeating: "👩‍👩‍👧", count: 600)
        let message = try #require(try response(#"{"status":"failed","error":{"message":"\#(long)"}}"#).errorMessage)
        #expect(message.count == 500)
        #expect(message.hasSuffix("👩‍👩‍👧…"))
        #expect(
            try response(#"{"status":"failed","error":{"message":"\#(String(repeating: "é", count: 500))"}}"#).errorMessage?.count == 500)
    }

    @Test("cuts an error message of few characters with many scalars each")
    func heavyError() throws {
        let heavy = String(repeating: "e" + String(repeating: "\u{301}", count: 1000), count: 400)
        let message = try #require(try response(#"{"status":"failed","error":{"message":"\#(heavy)"}}"#).errorMessage)
        #expect(message.unicodeScalars.count <= 4001)
    }

    @Test("puts its output text together from all text parts")
    func outputText() throws {
        let items = [
            #"{"type":"reasoning","content":[{"type":"reasoning_text","text":"no"}]}"#,
            #"{"type":"message","content":[{"text":"Hel\u006c","type":"output_text"},{"type":"refusal","refusal":"r"}]}"#,
            #"{"type":"message","content":[{"type":"output_text","text":"o \ud83d\ude80"}]}"#,
            #"7"#, #"{"type":"function_call"}"#, #"{"content":null}"#,
            #"{"content":[1,{"type":"output_text"},{"type":"output_text","text":null},{"type":"output_text","text":"!"}]}"#,
        ]
        let object = try response(#"{"status":"completed","output_text":"ignored","output":[\#(items.joined(separator: ","))]}"#)
        #expect(object.outputText() == "Hello 🚀!")
    }

    @Test(
        "falls back on the vendor's own output text",
        arguments: [
            (#""output":[],"output_text":"x""#, "x"), (#""output_text":"x""#, "x"), (#""output":null,"output_text":"x""#, "x"),
            (#""output":{},"output_text":null"#, ""),
            (#""output":[{"content":[]}]"#, ""),
        ])
    func fallback(_ members: String, _ text: String) throws {
        #expect(try response(#"{"status":"completed",\#(members)}"#).outputText() == text)
    }

    @Test("reads a huge output")
    func huge() throws {
        let part = #"{"type":"output_text","text":"\#(String(repeating: "0123456789", count: 1000))"}"#
        let content = [String](repeating: part, count: 300).joined(separator: ",")
        let object = try response(#"{"output":[{"content":[\#(content)]}],"status":"completed","id":"resp_huge"}"#)
        #expect(object.bytes.count > 3_000_000)
        #expect(object.id == "resp_huge")
        #expect(object.outputText().utf8.count == 3_000_000)
    }
}
