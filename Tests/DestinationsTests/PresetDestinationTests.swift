import AddressGuard
import Delivering
import Destinations
import NIOConcurrencyHelpers
import Presets
import RawJSON
import RingbackCore
import RingbackTesting
import Settings
import Store
import Testing
import Transport

/// Records in memory.
private final class KeptRecords: SinkStore {
    private let box = NIOLockedValueBox<[String: SinkRecord]>([:])

    func sinkRecord(of watch: WatchID, at endpoint: EndpointName) async throws(StoreError) -> SinkRecord? {
        box.withLockedValue { $0["\(watch) \(endpoint)"] }
    }

    func keep(_ record: SinkRecord, now: Timestamp) async throws(StoreError) {
        box.withLockedValue { $0["\(record.watch) \(record.endpoint)"] = record }
    }
}

/// A preset endpoint with a scripted system behind it.
private struct PresetUnderTest {
    let transport = ScriptedTransport()
    let records = KeptRecords()
    let destination: any Destination

    init(
        _ name: String, _ with: [String: String], origin: Endpoint.Origin = .configuration, callbackGuard: CallbackGuard = CallbackGuard()
    ) throws {
        let library = try PresetLibrary.builtIn()
        let target = try #require(library[name]).target(with: with).get()
        let endpoint = Endpoint(name: EndpointName(trusted: "room"), origin: origin, target: .preset(target))
        destination = try DestinationFactory.make(
            endpoint,
            in: DestinationFactory.Surroundings(
                transport: transport, callbackGuard: { callbackGuard }, presets: { library }, publicURL: { "https://ringback.example.com" },
                records: records, time: ManualTime()))
    }

    /// One attempt, its requests answered in turn.
    func attempt(
        _ type: EventType = .responseFailed, answers: [(status: Int, body: String)]
    ) async throws -> (report: AttemptReport, requests: [TransferRequest]) {
        let job = try Jobs.job(type: type, body: Self.response(type))
        async let report = destination.attempt(job, number: 1, startedAt: Jobs.createdAt)
        var requests: [TransferRequest] = []
        for answer in answers {
            let call = await transport.nextCall()
            requests.append(call.request)
            await call.head(answer.status)
            await call.send(answer.body)
            await call.finish()
        }
        return (await report, requests)
    }

    /// One attempt whose first request fails on its way.
    func attempt(failing error: TransportError) async throws -> AttemptReport {
        let job = try Jobs.job(type: .responseFailed, body: Self.response(.responseFailed))
        async let report = destination.attempt(job, number: 1, startedAt: Jobs.createdAt)
        await transport.nextCall().fail(error)
        return await report
    }

    private static func response(_ type: EventType) -> [UInt8] {
        let status = TerminalStatus.allCases.first { $0.eventType == type }?.rawValue ?? "completed"
        let object: JSON = ["id": "resp_abc123", "status": .string(status), "error": ["code": "server_error", "message": "It broke."]]
        return object.bytes
    }
}

@Suite("An endpoint with a preset")
struct PresetDestinationTests {
    private static let slack = ["token": "xoxb-secret", "channel": "C1"]
    private static let ok = #"{"ok":true,"ts":"1.2","channel":"C9"}"#

    @Test("sends what its preset makes of the event, and says what a success proves")
    func sends() async throws {
        let room = try PresetUnderTest("slack", ["url": "https://hooks.slack.com/services/T/B/pa55"])
        let (report, requests) = try await room.attempt(answers: [(200, "ok")])
        #expect(report.error == nil)
        #expect(report.verdict == .delivered)
        #expect(report.sink == SinkEvidence(proof: .stored, protection: .none))
        let request = try #require(requests.first)
        #expect(request.url == "https://hooks.slack.com/services/T/B/pa55")
        let body = try JSON(parsing: try #require(request.body))
        #expect(body["text"]?.string == "✗ Response resp_abc123 failed: server_error")
        #expect(body.text.contains("https://ringback.example.com/watches/watch_"))
    }

    @Test("changes the message it made when the response comes to another end")
    func updates() async throws {
        let room = try PresetUnderTest("slack-api", Self.slack)
        _ = try await room.attempt(.responseFailed, answers: [(200, Self.ok)])
        let (report, requests) = try await room.attempt(.responseCompleted, answers: [(200, Self.ok)])
        #expect(report.verdict == .delivered)
        #expect(requests.first?.url == "https://slack.com/api/chat.update")
        let body = try JSON(parsing: try #require(requests.first?.body))
        #expect(body["ts"] == "1.2")
        #expect(body["channel"] == "C9")
    }

    @Test("makes it anew when it is gone")
    func anew() async throws {
        let room = try PresetUnderTest("slack-api", Self.slack)
        _ = try await room.attempt(.responseFailed, answers: [(200, Self.ok)])
        let (report, requests) = try await room.attempt(
            .responseCompleted, answers: [(200, #"{"ok":false,"error":"message_not_found"}"#), (200, Self.ok)])
        #expect(report.verdict == .delivered)
        #expect(requests.map(\.url) == ["https://slack.com/api/chat.update", "https://slack.com/api/chat.postMessage"])
    }

    @Test("sends nothing twice for one event, whatever became of the attempt's record")
    func once() async throws {
        let room = try PresetUnderTest("slack-api", Self.slack)
        _ = try await room.attempt(answers: [(200, Self.ok)])
        let (report, requests) = try await room.attempt(answers: [])
        #expect(requests.isEmpty)
        #expect(report.verdict == .delivered)
        #expect(report.detail == "it was sent by an earlier attempt")
    }

    @Test("disables itself when the system wants no more of it, and names the reason")
    func disables() async throws {
        let room = try PresetUnderTest("slack", ["url": "https://hooks.slack.com/services/T/B/pa55"])
        let (report, _) = try await room.attempt(answers: [(404, "no_service")])
        #expect(report.verdict == .disable("the webhook was revoked or its channel is archived"))
        #expect(report.error == .httpStatus)
    }

    @Test("takes no for an answer, whatever its status")
    func refused() async throws {
        let room = try PresetUnderTest("slack-api", Self.slack)
        let (report, _) = try await room.attempt(answers: [(200, #"{"ok":false,"error":"msg_too_long"}"#)])
        #expect(report.verdict == .rejected)
        #expect(report.error == .systemRefused)
    }

    @Test("says when nobody can tell whether a message arrived, and sends it again or not as it is told", arguments: ["retry", "give_up"])
    func ambiguous(wish: String) async throws {
        let room = try PresetUnderTest("slack", ["url": "https://hooks.slack.com/services/T/B/pa55", "on_ambiguous": wish])
        let (report, _) = try await room.attempt(answers: [(502, "")])
        #expect(report.sink?.isAmbiguous == true)
        #expect(report.verdict == (wish == "retry" ? .again : .ambiguous))
        let refused = try await room.attempt(failing: .connectionRefused(host: "hooks.slack.com"))
        #expect(refused.sink?.isAmbiguous == false)
        #expect(refused.error == .connectionRefused)
    }

    @Test("says the same without markup, once, to a system that does not understand it")
    func plain() async throws {
        // As Telegram answers it.
        let refusal = """
            {"ok":false,"error_code":400,"description":"Bad Request: can't parse entities: Unsupported start tag \\"x\\" at byte offset 12"}
            """
        let with = ["token": "123456:ABC-DEF", "chat_id": "-1001234567890"]
        let chat = try PresetUnderTest("telegram", with)
        let (report, requests) = try await chat.attempt(answers: [(400, refusal), (200, #"{"ok":true,"result":{"message_id":7}}"#)])
        #expect(report.verdict == .delivered)
        let bodies = try requests.map { try JSON(parsing: try #require($0.body)) }
        #expect(bodies.map { $0["parse_mode"] } == ["HTML", nil])
        #expect(bodies[0]["text"]?.string?.contains("<b>✗ Response resp_abc123 failed: server_error</b>") == true)
        let text = try #require(bodies[1]["text"]?.string)
        #expect(text.hasPrefix("✗ Response resp_abc123 failed: server_error\n\nIt broke."))
        #expect(text.contains("https://ringback.example.com/watches/watch_") && !text.contains("<"))
        // What was made is changed later, with markup again.
        let (_, later) = try await chat.attempt(.responseCompleted, answers: [(200, #"{"ok":true,"result":{"message_id":7}}"#)])
        #expect(try JSON(parsing: try #require(later.first?.body))["parse_mode"] == "HTML")

        let stubborn = try PresetUnderTest("telegram", with)
        let (refused, twice) = try await stubborn.attempt(answers: [(400, refusal), (400, refusal)])
        #expect(refused.verdict == .rejected)
        #expect(twice.count == 2)
    }

    @Test("wakes nobody with a test: PagerDuty gets a change event, Opsgenie an alert of the lowest priority that is closed at once")
    func harmlessTests() async throws {
        let pager = try PresetUnderTest("pagerduty", ["routing_key": "0123456789abcdef0123456789abcdef"])
        let (report, changes) = try await pager.attempt(.ringbackTest, answers: [(202, #"{"status":"success"}"#)])
        #expect(report.verdict == .delivered)
        #expect(changes.map(\.url) == ["https://events.pagerduty.com/v2/change/enqueue"])
        let change = try JSON(parsing: try #require(changes.first?.body))
        #expect(change.members?.map(\.key) == ["routing_key", "payload"])
        #expect(change["payload"]?.members?.allSatisfy { ["summary", "source", "timestamp", "custom_details"].contains($0.key) } == true)
        let (_, incidents) = try await pager.attempt(.responseFailed, answers: [(202, #"{"dedup_key":"k"}"#)])
        #expect(incidents.map(\.url) == ["https://events.pagerduty.com/v2/enqueue"])
        #expect(try JSON(parsing: try #require(incidents.first?.body))["event_action"] == "trigger")

        let alerts = try PresetUnderTest("opsgenie", ["api_key": "k"])
        let (_, pair) = try await alerts.attempt(.ringbackTest, answers: [(202, #"{"requestId":"r"}"#), (202, #"{"requestId":"s"}"#)])
        let alert = try JSON(parsing: try #require(pair.first?.body))
        #expect(alert["priority"] == "P5")
        #expect(pair.last?.url == "https://api.opsgenie.com/v2/alerts/\(alert["alias"]?.string ?? "")/close?identifierType=alias")
        let (_, open) = try await alerts.attempt(.responseFailed, answers: [(202, #"{"requestId":"r"}"#)])
        #expect(try JSON(parsing: try #require(open.first?.body))["priority"] == "P2")
    }

    @Test("searches before it creates a ticket, and adds to the one it finds")
    func searches() async throws {
        let queue = try PresetUnderTest("github-issue", ["repository": "acme/jobs", "token": "github_pat_secret"])
        let (report, requests) = try await queue.attempt(
            answers: [(200, #"{"total_count":0,"items":[]}"#), (201, #"{"number":12}"#)])
        #expect(report.verdict == .delivered)
        #expect(requests.map(\.method) == [.get, .post])
        let (_, later) = try await queue.attempt(.responseCompleted, answers: [(201, "{}")])
        #expect(later.first?.url == "https://api.github.com/repos/acme/jobs/issues/12/comments")
    }

    @Test("goes nowhere that the guard refuses when the API made it, and anywhere when the operator did")
    func guarded() async throws {
        let with = ["base_url": "http://127.0.0.1:9", "token": "t"]
        let stranger = try PresetUnderTest("gotify", with, origin: .api)
        let job = try Jobs.job(type: .responseFailed)
        let report = await stranger.destination.attempt(job, number: 1, startedAt: Jobs.createdAt)
        #expect(report.error == .addressRefused)
        #expect(stranger.transport.startedCount == 0)
        let own = try PresetUnderTest("gotify", with)
        #expect(try await own.attempt(answers: [(200, "{}")]).report.verdict == .delivered)
    }

    @Test("shows no secret in a report", arguments: [200, 400, 401, 404, 500, 502])
    func noSecret(status: Int) async throws {
        let room = try PresetUnderTest("slack", ["url": "https://hooks.slack.com/services/T/B/pa55"])
        let (report, _) = try await room.attempt(answers: [(status, "invalid_payload")])
        #expect(!"\(report)".contains("pa55"))
    }
}
