import ResponsesAPI
import RingbackCore
import Testing
import Transport

private let now = Timestamp(unixSeconds: 1_790_000_000)

private func head(_ status: Int, _ headers: [(name: String, value: String)] = []) -> TransferHead {
    TransferHead(status: status, headers: headers)
}

@Suite("The answer to a GET")
struct RetrieveAnswerTests {
    private func answer(_ status: Int, _ body: String, _ headers: [(name: String, value: String)] = []) -> RetrieveAnswer {
        RetrieveAnswer(head: head(status, headers), body: Array(body.utf8), now: now)
    }

    @Test("is a response when it is one, by whichever success it comes", arguments: [200, 201, 202])
    func responses(_ status: Int) throws {
        #expect(answer(status, #"{"status":"queued"}"#) == .response(try response(#"{"status":"queued"}"#)))
    }

    @Test(
        "that is another success is unusable, and its body is not told",
        arguments: ["", " ", "{}", "[]", "<html>secret</html>", #"{"object":"list","x":"secret"}"#])
    func unusable(_ body: String) {
        guard case .unusable(let message) = answer(200, body, [("content-type", "text/html\r\n")]) else {
            Issue.record("\(answer(200, body))")
            return
        }
        #expect(message.contains("200"))
        #expect(!message.contains("secret"))
        #expect(message.count < 700)
        #expect(body.isEmpty || message.contains("text/html"))
    }

    @Test("tells what each status code means")
    func statuses() {
        let body = #"{"error":{"message":"m"}}"#
        for status in 200...599 {
            let expected: RetrieveAnswer =
                switch status {
                case 200...299: answer(status, body)
                case 404, 410: .notFound
                case 401, 403: .unauthorized(status: status, message: "m")
                case 429: .rateLimited(retryAfter: nil)
                case 408, 425, 500, 502...599: .unavailable(status: status, message: "m", retryAfter: nil)
                default: .refused(status: status, message: "m")
                }
            #expect(answer(status, body) == expected, "\(status)")
        }
    }

    @Test(
        "gives the message of every shape of error body",
        arguments: [
            (#"{"error":{"message":"no such model","type":"invalid_request_error","param":null,"code":"x"}}"#, "no such model"),
            (#"{"error":{"message":"gone","code":404}}"#, "gone"), (#"{"error":{"code":404}}"#, "error code 404"),
            (#"{"error":{"code":"bad_id","message":null}}"#, "bad_id"),
            (#"{"error":"Rate limit exceeded"}"#, "Rate limit exceeded"), (#"{"detail":"Not here"}"#, "Not here"),
            (#"{"detail":[{"loc":["path","id"],"msg":"field required"}]}"#, "field required"),
            (#"{"message":"no Route matched"}"#, "no Route matched"),
            (#"{"detail":"d","error":{"message":"e"}}"#, "e"), (#"{"error":null,"detail":"d"}"#, "d"), ("{}", "the answer gives no reason"),
            ("", "the answer gives no reason"),
            ("<html><body>Bad Gateway</body></html>", "the answer gives no reason"), (#"{"error":[]}"#, "the answer gives no reason"),
            (#"{"error":7}"#, "the answer gives no reason"),
            (#"{"error":"cut"#, "the answer gives no reason"), (#""text""#, "the answer gives no reason"),
        ])
    func messages(_ body: String, _ message: String) {
        #expect(answer(400, body) == .refused(status: 400, message: message))
        #expect(answer(503, body) == .unavailable(status: 503, message: message, retryAfter: nil))
        #expect(answer(401, body) == .unauthorized(status: 401, message: message))
    }

    @Test("bounds the message")
    func longMessage() {
        guard case .refused(_, let message) = answer(400, #"{"error":"\#(String(repeating: "x", count: 100_000))"}"#) else { return }
        #expect(message.count == 500)
    }

    @Test("says of a redirect that it is not followed")
    func redirect() {
        guard case .refused(307, let message) = answer(307, "") else {
            Issue.record("\(answer(307, ""))")
            return
        }
        #expect(message.contains("redirect"))
    }

    @Test(
        "says when to come again",
        arguments: [
            ([("retry-after", "7")], Duration.seconds(7)), ([("retry-after", "Mon, 21 Sep 2026 14:13:30 GMT")], .seconds(10)),
            ([("retry-after", "soon")], nil), ([], nil),
            ([("retry-after-ms", "1500")], .milliseconds(1500)), ([("retry-after-ms", "-5")], nil),
            ([("retry-after", "2"), ("retry-after-ms", "1500")], .seconds(2)),
            ([("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")], .seconds(360)),
            ([("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "12ms")], .milliseconds(12)),
            (
                [
                    ("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "1h2m3.5s"),
                    ("x-ratelimit-remaining-requests", "0"),
                    ("x-ratelimit-reset-requests", "1s"),
                ], .milliseconds(3_723_500)
            ),
            ([("x-ratelimit-remaining-requests", "-1"), ("x-ratelimit-reset-requests", "6m0s")], nil),
            ([("x-ratelimit-remaining-requests", "5"), ("x-ratelimit-reset-requests", "6m0s")], nil),
            ([("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "0")], nil),
            ([("x-ratelimit-remaining-requests", "0")], nil),
            ([("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "m5s")], nil),
        ] as [([(String, String)], Duration?)])
    func retryAfter(_ headers: [(String, String)], _ wait: Duration?) {
        let headers = headers.map { (name: $0.0, value: $0.1) }
        #expect(answer(429, "", headers) == .rateLimited(retryAfter: wait))
        #expect(answer(503, "", headers) == .unavailable(status: 503, message: "the answer gives no reason", retryAfter: wait))
        #expect(StreamAnswer(head: head(429, headers), now: now) == .rateLimited(retryAfter: wait))
        #expect(StreamAnswer(head: head(502, headers), now: now) == .unavailable(status: 502, retryAfter: wait))
    }
}

@Suite("The answer to a stream request")
struct StreamAnswerTests {
    @Test(
        "is a stream when its media type says so",
        arguments: [
            ("text/event-stream", true), ("text/event-stream;", true), ("text/event-stream;charset=utf-8", true),
            ("TEXT/EVENT-STREAM ; charset=UTF-8", true),
            (" text/event-stream ", true), ("text/x-bogus", false), ("application/json", false), ("text/event-streams", false),
            ("text/event -stream", false), ("", false),
        ])
    func mediaTypes(_ type: String, _ isStream: Bool) {
        #expect(StreamAnswer(head: head(200, [("content-type", type)]), now: now) == (isStream ? .events : .json))
    }

    @Test("is no stream without a media type")
    func noType() {
        #expect(StreamAnswer(head: head(200), now: now) == .json)
        #expect(StreamAnswer(head: head(204), now: now) == .json)
    }

    @Test(
        "tells what each status code means",
        arguments: [
            (400, .refused(status: 400)), (404, .notFound), (401, .unauthorized(status: 401)), (403, .unauthorized(status: 403)),
            (429, .rateLimited(retryAfter: nil)),
            (500, .unavailable(status: 500, retryAfter: nil)), (408, .unavailable(status: 408, retryAfter: nil)),
            (425, .unavailable(status: 425, retryAfter: nil)),
            (307, .refused(status: 307)), (405, .refused(status: 405)), (409, .refused(status: 409)),
            (410, .notFound), (501, .refused(status: 501)), (502, .unavailable(status: 502, retryAfter: nil)),
        ] as [(Int, StreamAnswer)])
    func statuses(_ status: Int, _ answer: StreamAnswer) {
        #expect(StreamAnswer(head: head(status, [("content-type", "text/event-stream")]), now: now) == answer)
    }
}

@Suite("The poll hint")
struct PollHintTests {
    @Test(
        "is a whole number of milliseconds, at most an hour",
        arguments: [
            ("2000", .milliseconds(2000)), ("0", .zero), ("99999999", .seconds(3600)), ("-1", nil), ("1.5", nil), ("", nil), ("2s", nil),
            ("99999999999999999999", nil),
        ] as [(String, Duration?)])
    func values(_ value: String, _ hint: Duration?) {
        #expect(PollHint.pollAfter(head(200, [("openai-poll-after-ms", value)])) == hint)
    }

    @Test("is absent without its header")
    func absent() {
        #expect(PollHint.pollAfter(head(200)) == nil)
    }
}
