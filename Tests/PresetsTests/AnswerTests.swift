import Presets
import RingbackCore
import Settings
import Testing

/// An answer as a system gives it, and what it means.
struct AnswerCase: Sendable, CustomStringConvertible {
    let preset: String
    let kind: RequestKind
    let status: Int
    let headers: [(name: String, value: String)]
    let body: String
    let verdict: AnswerVerdict
    let retryAfter: Duration?

    init(
        _ preset: String, _ status: Int, _ body: String = "", _ verdict: AnswerVerdict, kind: RequestKind = .create,
        headers: [(name: String, value: String)] = [], retryAfter: Duration? = nil
    ) {
        self.preset = preset
        self.kind = kind
        self.status = status
        self.headers = headers
        self.body = body
        self.verdict = verdict
        self.retryAfter = retryAfter
    }

    var description: String { "\(preset) \(kind) \(status) \(body)" }

    static let all: [AnswerCase] = [
        .init("slack", 200, "ok", .delivered),
        .init("slack", 200, "no", .permanent),
        .init("slack", 400, "invalid_payload", .permanent),
        .init("slack", 404, "channel_not_found", .disable),
        .init("slack", 404, "no_service", .disable),
        .init("slack", 410, "channel_is_archived", .disable),
        .init("slack", 403, "action_prohibited", .permanent),
        .init("slack", 500, "rollup_error", .retry),
        .init("slack", 429, "", .retry, headers: [("Retry-After", "30")], retryAfter: .seconds(30)),
        .init("slack", 429, #"{"retry_after":1,"ok":false,"error":"rate_limited"}"#, .retry, retryAfter: .seconds(1)),
        .init("slack-api", 200, #"{"ok":true,"ts":"1.2","channel":"C1"}"#, .delivered),
        .init("slack-api", 200, #"{"ok":false,"error":"msg_too_long"}"#, .permanent),
        .init("slack-api", 200, #"{"ok":false,"error":"rate_limited"}"#, .retry),
        .init("slack-api", 200, #"{"ok":false,"error":"invalid_auth"}"#, .disable),
        .init("slack-api", 200, #"{"ok":false,"error":"message_not_found"}"#, .missing, kind: .update),
        .init("discord", 200, #"{"id":"42"}"#, .delivered),
        .init("discord", 400, #"{"embeds":["0"]}"#, .permanent),
        .init("discord", 404, #"{"message":"Unknown Webhook","code":10015}"#, .disable),
        .init("discord", 404, #"{"message":"Unknown Message","code":10008}"#, .missing, kind: .update),
        .init("discord", 404, #"{"message":"Unknown Webhook","code":10015}"#, .disable, kind: .update),
        .init("discord", 401, "", .disable),
        .init("discord", 429, #"{"retry_after":0.376,"global":false}"#, .retry, retryAfter: .milliseconds(376)),
        .init("microsoft-teams", 202, "", .delivered),
        .init("microsoft-teams", 200, "1", .delivered),
        .init(
            "microsoft-teams", 200,
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413", .permanent),
        .init(
            "microsoft-teams", 200,
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429", .retry),
        .init("microsoft-teams", 429, "", .retry),
        .init("mattermost", 200, "ok", .delivered),
        .init("mattermost", 400, "Unable to parse incoming data", .permanent),
        .init("rocket-chat", 200, #"{"success":true,"message":{"_id":"m","rid":"r"}}"#, .delivered),
        .init("rocket-chat", 200, #"{"success":false}"#, .permanent),
        .init("rocket-chat", 429, "", .retry),
        .init("google-chat", 200, #"{"name":"spaces/A/messages/B"}"#, .delivered),
        .init("google-chat", 429, "", .retry),
        .init("matrix", 200, #"{"event_id":"$e"}"#, .delivered),
        .init("matrix", 400, #"{"errcode":"M_NOT_JSON"}"#, .permanent),
        .init("matrix", 401, #"{"errcode":"M_UNKNOWN_TOKEN"}"#, .disable),
        .init("matrix", 403, #"{"errcode":"M_FORBIDDEN"}"#, .disable),
        .init("matrix", 413, #"{"errcode":"M_TOO_LARGE"}"#, .permanent),
        .init(
            "matrix", 429, #"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":595}"#, .retry, headers: [("Retry-After", "1")],
            retryAfter: .seconds(1)),
        .init("matrix", 429, #"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2500}"#, .retry, retryAfter: .milliseconds(2500)),
        .init("telegram", 200, #"{"ok":true,"result":{"message_id":7}}"#, .delivered),
        .init("telegram", 400, #"{"ok":false,"error_code":400,"description":"Bad Request: can't parse entities"}"#, .plain),
        .init("telegram", 400, #"{"ok":false,"description":"Bad Request: message is not modified"}"#, .delivered, kind: .update),
        .init("telegram", 400, #"{"ok":false,"description":"Bad Request: message to edit not found"}"#, .missing, kind: .update),
        .init("telegram", 403, #"{"ok":false,"description":"Forbidden: bot was blocked by the user"}"#, .disable),
        .init("telegram", 429, #"{"ok":false,"parameters":{"retry_after":35}}"#, .retry, retryAfter: .seconds(35)),
        .init("zulip", 200, #"{"result":"success","id":1}"#, .delivered),
        .init("zulip", 400, #"{"result":"error","code":"STREAM_DOES_NOT_EXIST"}"#, .disable),
        .init("zulip", 429, #"{"result":"error","retry-after":28.7}"#, .retry, retryAfter: .milliseconds(28_700)),
        .init("ntfy", 200, #"{"id":"x"}"#, .delivered),
        .init("ntfy", 413, #"{"code":41303}"#, .permanent),
        .init("ntfy", 429, #"{"code":42908}"#, .retry),
        .init("ntfy", 507, #"{"code":50701}"#, .retry),
        .init("gotify", 200, #"{"id":1}"#, .delivered),
        .init("gotify", 401, "", .disable),
        .init("pushover", 200, #"{"status":1}"#, .delivered),
        .init("pushover", 400, #"{"status":0,"errors":["message cannot be blank"]}"#, .permanent),
        .init("pushover", 500, "", .retry),
        .init("pagerduty", 202, #"{"status":"success","dedup_key":"k"}"#, .delivered),
        .init("pagerduty", 400, "", .permanent),
        .init("pagerduty", 429, "", .retry),
        .init("opsgenie", 202, #"{"requestId":"r"}"#, .delivered),
        .init("opsgenie", 422, "", .permanent),
        .init("opsgenie", 401, "", .disable),
        // What HTTP itself says.
        .init("gotify", 502, "", .ambiguous),
        .init("gotify", 504, "", .ambiguous),
        .init("gotify", 408, "", .retry),
        .init("gotify", 501, "", .permanent),
        .init("gotify", 302, "", .permanent),
        .init(
            "gotify", 503, "", .retry, headers: [("Retry-After", "Mon, 23 Nov 2026 06:00:30 GMT")], retryAfter: .seconds(30)),
    ]
}

@Suite("An answer")
struct AnswerTests {
    /// 2026-11-23T06:00:00Z
    private let now = Timestamp(unixSeconds: 1_795_413_600)

    @Test("means what its system says it means", arguments: AnswerCase.all)
    func verdict(_ answer: AnswerCase) throws {
        let preset = try #require(try Rendering.library()[answer.preset])
        let judgement = AnswerJudge(preset, answer.kind).judge(
            PresetAnswer(status: answer.status, headers: answer.headers, body: Array(answer.body.utf8)), now: now)
        #expect(judgement.verdict == answer.verdict)
        #expect(judgement.retryAfter == answer.retryAfter)
        #expect((judgement.reason == nil) == (answer.verdict == .delivered))
    }

    @Test("gives the ids that later requests need")
    func captures() throws {
        let library = try Rendering.library()
        func captured(_ name: String, _ body: String) throws -> [String: String] {
            AnswerJudge(try #require(library[name]), .create).judge(
                PresetAnswer(status: 200, headers: [], body: Array(body.utf8)), now: now
            ).captured
        }
        #expect(try captured("slack-api", #"{"ok":true,"ts":"1.2","channel":"C1"}"#) == ["ts": "1.2", "channel": "C1"])
        #expect(try captured("telegram", #"{"ok":true,"result":{"message_id":7}}"#) == ["id": "7"])
        #expect(try captured("discord", #"{"id":"42"}"#) == ["id": "42"])
    }

    @Test("names a wait by a time in the future", arguments: ["1795413660", "1795413659.2"])
    func epoch(text: String) throws {
        let yaml = """
            title: A test
            requests:
              create: { url: "https://example.com/" }
            retry_after: [{ header: X-RateLimit-Reset, unit: epoch }]
            """
        let preset = try Preset.read(yaml, name: "test", file: "test.yaml")
        let answer = PresetAnswer(status: 429, headers: [("x-ratelimit-reset", text)], body: [])
        let wait = try #require(AnswerJudge(preset, .create).judge(answer, now: now).retryAfter)
        #expect(wait > .seconds(59) && wait <= .seconds(60))
    }
}
