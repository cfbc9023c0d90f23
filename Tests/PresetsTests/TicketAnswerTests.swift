import Presets
import RingbackCore
import Settings
import Testing

/// What the answers of ticket systems mean: each row was seen on a real server or is what the vendor documents.
@Suite("What ticket systems answer")
struct TicketAnswerTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let preset: String
        let kind: RequestKind
        let status: Int
        let headers: [String: String]
        let body: String
        let verdict: AnswerVerdict
        let captured: [String: String]
        let retryAfter: Duration?

        init(
            _ preset: String, _ kind: RequestKind, _ status: Int, _ body: String = "", headers: [String: String] = [:],
            is verdict: AnswerVerdict,
            captured: [String: String] = [:], after retryAfter: Duration? = nil
        ) {
            self.preset = preset
            self.kind = kind
            self.status = status
            self.headers = headers
            self.body = body
            self.verdict = verdict
            self.captured = captured
            self.retryAfter = retryAfter
        }

        var testDescription: String { "\(preset) \(kind.rawValue): \(status) \(body.prefix(60))" }
    }

    private static let now = Timestamp(milliseconds: 1_790_000_000_000)

    static let rows: [Row] = [
        Row("github-issue", .create, 201, #"{"number": 7, "id": 99}"#, is: .delivered, captured: ["number": "7"]),
        Row(
            "github-issue", .create, 403, #"{"message": "API rate limit exceeded"}"#,
            headers: ["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1790000090"], is: .retry, after: .seconds(90)),
        Row(
            "github-issue", .create, 403, #"{"message": "You have exceeded a secondary rate limit."}"#, headers: ["Retry-After": "60"],
            is: .retry, after: .seconds(60)),
        Row("github-issue", .create, 403, #"{"message": "Resource not accessible by personal access token"}"#, is: .disable),
        Row("github-issue", .create, 404, #"{"message": "Not Found"}"#, is: .permanent),
        Row("github-issue", .create, 410, #"{"message": "Issues are disabled for this repo"}"#, is: .disable),
        Row("github-issue", .create, 422, #"{"message": "Validation Failed"}"#, is: .permanent),
        // The count begins anew in an hour, but that is not why this failed.
        Row("github-issue", .create, 500, headers: ["X-RateLimit-Remaining": "4999", "X-RateLimit-Reset": "1790003600"], is: .retry),
        Row("github-issue", .create, 502, is: .ambiguous),
        Row("github-issue", .comment, 201, #"{"id": 1}"#, is: .delivered),
        Row("github-issue", .comment, 404, is: .missing),
        Row("github-issue", .comment, 410, #"{"message": "This issue was deleted"}"#, is: .missing),
        Row("github-issue", .comment, 403, #"{"message": "Unable to create comment because issue is locked."}"#, is: .permanent),
        Row("github-issue", .search, 422, is: .permanent),

        Row("gitlab-issue", .create, 201, #"{"id": 900, "iid": 12}"#, is: .delivered, captured: ["number": "12"]),
        Row(
            "gitlab-issue", .create, 429, "Retry later", headers: ["Retry-After": "30", "RateLimit-Reset": "1790000060"], is: .retry,
            after: .seconds(60)),
        Row("gitlab-issue", .create, 403, #"{"error": "insufficient_scope"}"#, is: .disable),
        Row("gitlab-issue", .create, 404, #"{"message": "404 Project Not Found"}"#, is: .permanent),
        Row("gitlab-issue", .comment, 404, is: .missing),

        Row("gitea-issue", .create, 201, #"{"id": 900, "number": 12}"#, is: .delivered, captured: ["number": "12"]),
        Row("gitea-issue", .create, 422, is: .permanent),
        Row("gitea-issue", .create, 423, is: .permanent),

        Row("jira", .create, 201, #"{"id": "10000", "key": "OPS-24"}"#, is: .delivered, captured: ["issue": "OPS-24"]),
        Row("jira", .create, 400, #"{"errors": {"project": "project is required"}}"#, is: .permanent),
        Row("jira", .create, 401, is: .disable),
        Row("jira", .create, 429, headers: ["Retry-After": "17", "RateLimit-Reason": "jira-burst-based"], is: .retry, after: .seconds(17)),
        Row("jira", .create, 503, headers: ["Retry-After": "5"], is: .retry, after: .seconds(5)),
        Row("jira", .comment, 404, is: .missing),
        Row("jira-server", .create, 201, #"{"id": "10000", "key": "OPS-24"}"#, is: .delivered, captured: ["issue": "OPS-24"]),
        Row("jira-server", .create, 403, is: .disable),

        Row(
            "linear", .create, 200, #"{"data": {"issueCreate": {"success": true, "issue": {"id": "u", "identifier": "OPS-1"}}}}"#,
            is: .delivered, captured: ["issue": "u"]),
        Row("linear", .create, 200, #"{"data": {"issueCreate": {"success": false, "issue": null}}}"#, is: .permanent),
        Row("linear", .create, 200, #"{"errors": [{"message": "x", "extensions": {"code": "INVALID_INPUT"}}]}"#, is: .permanent),
        Row("linear", .create, 400, #"{"errors": [{"message": "x", "extensions": {"code": "RATELIMITED"}}]}"#, is: .retry),
        Row("linear", .create, 400, #"{"errors": [{"message": "x", "extensions": {"code": "AUTHENTICATION_ERROR"}}]}"#, is: .disable),
        Row("linear", .create, 400, #"{"errors": [{"message": "Entity already exists"}]}"#, is: .retry),
        Row("linear", .comment, 200, #"{"errors": [{"message": "Entity not found: Issue"}]}"#, is: .missing),
        Row("linear", .comment, 400, #"{"errors": [{"message": "Entity already exists"}]}"#, is: .delivered),

        Row("servicenow", .create, 201, #"{"result": {"sys_id": "9d38"}}"#, is: .delivered, captured: ["record": "9d38"]),
        Row("servicenow", .create, 403, is: .disable),
        Row("servicenow", .create, 429, headers: ["Retry-After": "9"], is: .retry, after: .seconds(9)),
        Row("servicenow", .comment, 404, #"{"error": {"message": "No Record found"}}"#, is: .missing),

        Row("zendesk", .create, 201, #"{"ticket": {"id": 35436}}"#, is: .delivered, captured: ["ticket": "35436"]),
        Row("zendesk", .create, 422, #"{"error": "RecordInvalid"}"#, is: .permanent),
        Row("zendesk", .create, 429, headers: ["Retry-After": "93"], is: .retry, after: .seconds(93)),
        Row(
            "zendesk", .comment, 422, #"{"details": {"status": [{"description": "Status: closed prevents ticket update"}]}}"#, is: .missing),

        Row("redmine", .create, 201, #"{"issue": {"id": 5}}"#, is: .delivered, captured: ["issue": "5"]),
        Row("redmine", .create, 422, #"{"errors": ["Project cannot be blank"]}"#, is: .permanent),
        Row("redmine", .create, 401, is: .disable),
        Row("redmine", .comment, 204, is: .delivered),
        Row("redmine", .comment, 404, is: .missing),

        Row("request-tracker", .create, 201, #"{"type": "ticket", "id": "1"}"#, is: .delivered, captured: ["ticket": "1"]),
        Row("request-tracker", .create, 400, is: .permanent),
        Row("request-tracker", .create, 401, is: .disable),
        Row("request-tracker", .create, 403, is: .disable),
        Row("request-tracker", .create, 415, is: .permanent),
        Row("request-tracker", .comment, 201, #"["Comments added"]"#, is: .delivered),
        Row("request-tracker", .comment, 403, is: .permanent),
        Row("request-tracker", .comment, 404, is: .missing),

        Row("alertmanager", .create, 200, is: .delivered),
        Row("alertmanager", .create, 400, #""start time must be before end time""#, is: .permanent),
        Row("alertmanager", .create, 415, is: .permanent),
        Row("alertmanager", .create, 500, is: .retry),

        Row("rabbitmq", .create, 200, #"{"routed": true}"#, is: .delivered),
        Row("rabbitmq", .create, 200, #"{"routed": false}"#, is: .retry),
        Row("rabbitmq", .create, 400, #"{"error": "bad_request", "reason": "properties"}"#, is: .permanent),
        Row("rabbitmq", .create, 401, is: .disable),
    ]

    @Test("is judged as it is meant", arguments: rows)
    func judged(_ row: Row) throws {
        let preset = try #require(try Rendering.library()[row.preset])
        let answer = PresetAnswer(status: row.status, headers: row.headers.map { ($0.key, $0.value) }, body: Array(row.body.utf8))
        let judgement = AnswerJudge(preset, row.kind).judge(answer, now: Self.now)
        #expect(judgement.verdict == row.verdict)
        #expect(judgement.captured == row.captured)
        #expect(judgement.retryAfter == row.retryAfter)
    }

    @Test("every ticket preset is in the table, with each kind of request it writes by")
    func complete() throws {
        for preset in try Rendering.library().all where preset.identity == .search || preset.name == "linear" {
            let kinds = Set(Self.rows.filter { $0.preset == preset.name }.map(\.kind))
            #expect(kinds.contains(.create), "\(preset.name)")
        }
    }

    struct Search: Sendable {
        let preset: String
        let body: String
        let isFound: Bool
    }

    static let searches = [
        Search(preset: "github-issue", body: #"{"items": [{"number": 7, "body": "text KEY"}]}"#, isFound: true),
        Search(preset: "github-issue", body: #"{"items": []}"#, isFound: false),
        Search(preset: "gitlab-issue", body: #"[{"iid": 7, "description": "text KEY"}]"#, isFound: true),
        Search(preset: "gitlab-issue", body: "[]", isFound: false),
        Search(preset: "gitea-issue", body: #"[{"number": 7, "body": "text KEY"}]"#, isFound: true),
        Search(preset: "jira", body: #"{"issues": [{"key": "OPS-1", "fields": {"labels": ["KEY"]}}]}"#, isFound: true),
        Search(preset: "jira-server", body: #"{"issues": [{"key": "OPS-1", "fields": {"labels": ["KEY"]}}]}"#, isFound: true),
        Search(preset: "linear", body: #"{"data": {"issues": {"nodes": [{"id": "KEY"}]}}}"#, isFound: true),
        Search(preset: "linear", body: #"{"data": {"issues": {"nodes": []}}}"#, isFound: false),
        Search(preset: "zendesk", body: #"{"tickets": [{"id": 1, "external_id": "KEY"}]}"#, isFound: true),
        Search(preset: "request-tracker", body: #"{"items": [{"id": "1", "CustomFields": [{"values": ["KEY"]}]}]}"#, isFound: true),
        // A filter that is not known is answered with everything.
        Search(preset: "redmine", body: #"{"issues": [{"id": 1, "subject": "Somebody else's"}]}"#, isFound: false),
        Search(preset: "redmine", body: #"{"issues": [{"id": 1, "custom_fields": [{"id": 1, "value": "KEY"}]}]}"#, isFound: true),
        Search(preset: "servicenow", body: #"{"result": [{"sys_id": "1", "correlation_id": ""}]}"#, isFound: false),
        Search(preset: "servicenow", body: #"{"result": [{"sys_id": "1", "correlation_id": "KEY"}]}"#, isFound: true),
    ]

    @Test("a search finds what holds the key, and nothing else", arguments: searches)
    func found(_ search: Search) throws {
        let preset = try #require(try Rendering.library()[search.preset])
        let answer = PresetAnswer(status: 200, headers: [], body: Array(search.body.utf8))
        let judge = AnswerJudge(preset, .search)
        #expect(judge.isFound(judge.judge(answer, now: Self.now), in: answer, confirmation: "KEY") == search.isFound)
    }

    @Test("every search asks its answer for the key")
    func confirmed() throws {
        for preset in try Rendering.library().all {
            guard let search = preset.requests[.search] else { continue }
            #expect(search.confirmation?.text == "{{key}}", "\(preset.name)")
        }
    }

    @Test("Alertmanager hears of failures and of what undoes them, and of nothing else")
    func alerts() throws {
        let preset = try #require(try Rendering.library()["alertmanager"])
        #expect(preset.rule(for: "failed") == OutcomeRule(first: .create, later: [.create]))
        #expect(preset.rule(for: "incomplete") == OutcomeRule(first: .create, later: [.create]))
        #expect(preset.rule(for: "completed") == OutcomeRule(first: nil, later: [.close]))
        #expect(preset.rule(for: "cancelled") == OutcomeRule(first: nil, later: []))
    }
}
