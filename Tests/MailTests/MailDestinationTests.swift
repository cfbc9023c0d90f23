import AddressGuard
import Curl
import Delivering
import Destinations
import Foundation
import MailMessage
import NIOConcurrencyHelpers
import RawJSON
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport

@Suite("A mail endpoint", .timeLimit(.minutes(5)))
struct MailDestinationTests {
    private static let secured: JSON = ["tls": "starttls", "login": ["ringback", "it is a secret"]]

    @Test("delivers an event as one mail, which says the same at every attempt")
    func delivers() async throws {
        try await MailServerProcess.lend(Self.secured) { server in
            let destination = try destination(server, to: "Someone <someone@mail.example>")
            for number in 1...2 {
                let report = await destination.attempt(job(), number: number, startedAt: Self.createdAt + .seconds(60 * number))
                #expect(report.error == nil && report.verdict == .delivered)
                #expect(String(decoding: report.responseBody, as: UTF8.self) == "someone@mail.example: 250 2.0.0 Queued\n")
                #expect(report.address == "127.0.0.1")
            }
            let mails = try server.mails()
            try #require(mails.count == 2)
            #expect(mails[0].bytes == mails[1].bytes)
            #expect(mails[0].envelope["sender"] == "ringback@ringback.example")
            let read = try await Program.read([mails[0].bytes], in: server.directory)[0]
            #expect(read["from"] == [["Ringback", "ringback@ringback.example"]])
            #expect(read["to"] == [["Someone", "someone@mail.example"]])
            #expect(read["date"] == "2026-11-23T06:12:08+00:00")
            #expect(read["parts"] == ["text/plain": "about resp_abc123", "text/html": "<p>about resp_abc123</p>"])
        }
    }

    @Test("makes one thread of all events of a response, with a name of its own for each event, recipient and endpoint")
    func threads() async throws {
        try await MailServerProcess.lend(Self.secured) { server in
            let destination = try destination(server, to: "a@mail.example, b@mail.example")
            for type in [EventType.responseFailed, .responseCompleted] {
                #expect(await destination.attempt(job(type), number: 1, startedAt: Self.createdAt).error == nil)
            }
            let other = try self.destination(server, to: "a@mail.example", name: "other")
            #expect(await other.attempt(job(), number: 1, startedAt: Self.createdAt).error == nil)
            let read = try await Program.read(try server.mails().map(\.bytes), in: server.directory)
            let names = read.map { header("Message-ID", of: $0) ?? "" }
            #expect(Set(names).count == 5)
            #expect(names.filter { $0.hasPrefix("<resp_abc123.failed.") }.count == 3)
            #expect(names.allSatisfy { $0.hasSuffix("@ringback.example>") })
            #expect(Set(read.map { header("References", of: $0) }) == ["<resp_abc123@ringback.example>"])
            #expect(Set(read.map { header("In-Reply-To", of: $0) }) == ["<resp_abc123@ringback.example>"])
        }
    }

    @Test("sends a retry only to those who do not surely have the mail")
    func severalRecipients() async throws {
        try await MailServerProcess.lend(Self.secured) { server in
            let destination = try destination(server, to: "good@mail.example, once-bad@mail.example, fine@mail.example")
            let first = await destination.attempt(job(), number: 1, startedAt: Self.createdAt)
            #expect(first.error == .systemRefused && first.verdict == .again)
            #expect(first.detail?.hasPrefix("2 of 3 recipients have the mail; once-bad@mail.example: ") == true)
            let second = await destination.attempt(job(), number: 2, startedAt: Self.createdAt)
            #expect(second.error == nil)
            let recipients = try server.mails().compactMap { $0.envelope["recipients"]?[0]?.string }
            #expect(recipients.sorted() == ["fine@mail.example", "good@mail.example", "once-bad@mail.example"])
        }
    }

    @Test(
        "says what a failure means",
        arguments: [
            ("unknown", AttemptError.systemRefused, AttemptReport.Verdict.rejected), ("rejected", .systemRefused, .rejected),
            ("too-large", .systemRefused, .rejected), ("relay", .systemRefused, .rejectedForNow), ("full", .systemRefused, .again),
            ("greylisted", .systemRefused, .again), ("deferred", .systemRefused, .again), ("lost", .connectionLost, .again),
        ])
    func failures(_ name: String, _ error: AttemptError, _ verdict: AttemptReport.Verdict) async throws {
        try await MailServerProcess.lend(Self.secured) { server in
            let report = await (try destination(server, to: "\(name)@mail.example")).attempt(job(), number: 1, startedAt: Self.createdAt)
            #expect(report.error == error)
            #expect(report.verdict == verdict)
            #expect(report.sink?.isAmbiguous == (name == "lost"))
            #expect(report.httpStatus == nil)
            #expect(report.detail?.isEmpty == false)
        }
    }

    @Test("sends somebody's mail although another one's address is refused for good, and gives up then")
    func oneBadRecipient() async throws {
        try await MailServerProcess.lend(Self.secured) { server in
            let destination = try destination(server, to: "unknown@mail.example, good@mail.example")
            let report = await destination.attempt(job(), number: 1, startedAt: Self.createdAt)
            #expect(report.error == .systemRefused && report.verdict == .rejected)
            #expect(report.detail?.contains("550 5.1.1 No such mailbox here") == true)
            try server.expect(mails: 1)
        }
    }

    @Test("gives up when the answer was lost, where the operator rather has no mail than two")
    func givesUpWhenUnclear() async throws {
        try await MailServerProcess.lend(Self.secured) { server in
            let destination = try destination(server, to: "lost@mail.example", givesUpWhenUnclear: true)
            let report = await destination.attempt(job(), number: 1, startedAt: Self.createdAt)
            #expect(report.error == .connectionLost && report.verdict == .ambiguous)
        }
    }

    @Test("disables itself when the login is not taken, and shows nothing of it")
    func wrongPassword() async throws {
        try await MailServerProcess.lend(["tls": "starttls", "login": ["ringback", "another one"]]) { server in
            let report = await (try destination(server, to: "a@mail.example")).attempt(job(), number: 1, startedAt: Self.createdAt)
            #expect(report.error == .authorization)
            #expect(report.verdict == .disable("the mail server refused the login: 535 5.7.8"))
            #expect(!"\(report)".contains("it is a secret"))
        }
    }

    @Test("goes only where the guard lets it go, unless it is the operator's own")
    func guarded() async throws {
        try await MailServerProcess.lend(Self.secured) { server in
            let judged = try destination(server, to: "a@mail.example", callbackGuard: CallbackGuard())
            let refused = await judged.attempt(job(), number: 1, startedAt: Self.createdAt)
            #expect(refused.error == .addressRefused)
            try server.expect(mails: 0)
            let networks = [try AllowedNetwork(validating: "127.0.0.0/8"), try AllowedNetwork(validating: "::1/128")]
            let allowed = try destination(server, to: "a@mail.example", callbackGuard: CallbackGuard(exceptions: networks))
            #expect(await allowed.attempt(job(), number: 1, startedAt: Self.createdAt).error == nil)
        }
    }

    @Test("sends nothing when it cannot know who has the mail already")
    func forgetful() async throws {
        try await MailServerProcess.lend(Self.secured) { server in
            let destination = try destination(server, to: "a@mail.example, b@mail.example", records: Forgetful())
            #expect(await destination.attempt(job(), number: 1, startedAt: Self.createdAt).error == .internalTrouble)
            try server.expect(mails: 0)
        }
    }

    @Test(
        "is refused with a reason when its parameters make no mail",
        arguments: [
            [:], ["host": "mail.example"], ["host": "mail.example", "from": "a@b.example"],
            ["host": "mail.example", "from": "a@b.example", "to": " , "],
            ["host": "mail.example", "from": "a@b.example", "to": "c@d.example\r\nBcc: e@f.example"],
            ["host": "mail.example", "from": "a@b.example", "to": "c@d.example", "username": "me"],
            ["host": "mail.example", "from": "a@b.example", "to": "c@d.example", "username": "me", "password": "x", "tls": "none"],
            ["host": "mail.example", "from": "a@b.example", "to": "c@d.example", "port": "0"],
            ["host": "mail.example", "from": "a@b.example", "to": "c@d.example", "tls": "maybe"],
            ["host": "mail.example", "from": "a@b.example", "to": (1...21).map { "a\($0)@b.example" }.joined(separator: ",")],
        ])
    func invalid(_ parameters: [String: String]) {
        let error = #expect(throws: InvalidDestination.self) { try MailOptions(parameters: parameters.mapValues { Secret($0) }) }
        #expect(error.map { "\($0)".contains("the endpoint's mail cannot be sent: ") } == true)
    }

    @Test("takes the usual port of how it is secured", arguments: [(nil, 587), ("starttls", 587), ("implicit", 465), ("none", 25)])
    func ports(_ tls: String?, _ port: Int) throws {
        var parameters = ["host": "mail.example", "from": "a@b.example", "to": "\"One, or\" <c@d.example>, e@f.example, e@f.example"]
        parameters["tls"] = tls
        let options = try MailOptions(parameters: parameters.mapValues { Secret($0) })
        #expect(options.server.port == port)
        #expect(options.to.map(\.spec) == ["c@d.example", "e@f.example"])
        #expect(options.to[0].name == "One, or")
    }

    // MARK: Help

    private static let createdAt = Timestamp(milliseconds: 1_795_414_328_123)  // 2026-11-23T06:12:08.123Z

    private func destination(
        _ server: MailServerProcess, to recipients: String, name: String = "mail", givesUpWhenUnclear: Bool = false,
        callbackGuard: CallbackGuard? = nil, records: any SinkStore = Remembering()
    ) throws -> MailDestination {
        let parameters = [
            "host": "localhost", "port": "\(server.port)", "from": "Ringback <ringback@ringback.example>", "to": recipients,
            "username": "ringback", "password": "it is a secret", "ca_path": server.certificate,
        ]
        let options = try MailOptions(parameters: parameters.mapValues { Secret($0) })
        let webhook = WebhookTarget(url: "https://unused.example", secrets: [])
        let endpoint = Endpoint(
            name: EndpointName(trusted: name), origin: .configuration, target: .webhook(webhook), timeout: .seconds(30))
        let judge: (@Sendable () -> CallbackGuard)? = callbackGuard.map { callbackGuard in { @Sendable in callbackGuard } }
        let transport = try CurlMailTransport()
        return try MailDestination(
            options, of: endpoint, givesUpWhenUnclear: givesUpWhenUnclear, transport: transport, callbackGuard: judge, records: records,
            evidence: SinkEvidence(proof: .accepted, protection: .none), time: SystemTime()
        ) { (job: DeliveryJob) -> MailContent in
            let text = "about \(job.event.response?.rawValue ?? "")"
            return MailContent(subject: text, text: text, html: "<p>\(text)</p>")
        }
    }

    private func job(_ type: EventType = .responseFailed) -> DeliveryJob {
        let upstream = UpstreamName(trusted: "default")
        let response = ResponseID(trusted: "resp_abc123")
        let event = Event(
            id: EventID(upstream: upstream, response: response, type: type), type: type, createdAt: Self.createdAt,
            watch: WatchID(upstream: upstream, response: response),
            upstream: upstream, response: response, data: Array(#"{"id":"resp_abc123"}"#.utf8))
        let endpoint = EndpointName(trusted: "mail")
        let delivery = Delivery(
            id: DeliveryID(event: event.id, endpoint: endpoint), event: event.id, eventType: type, endpoint: endpoint, watch: nil,
            response: response, status: .delivering, attempts: 0, attemptsInAll: 0, nextAttemptAt: nil, deadReason: nil,
            createdAt: Self.createdAt, deliveredAt: nil, updatedAt: Self.createdAt)
        return DeliveryJob(
            delivery: delivery, lease: Lease(node: NodeID("node"), epoch: 1), leasedUntil: Self.createdAt + .seconds(90), event: event,
            response: nil, metadata: [:], callback: nil)
    }

    private func header(_ name: String, of read: JSON) -> String? {
        read["headers"]?.elements?.first { $0[0]?.string == name }?[1]?.string
    }
}

/// In memory, as the store does it on disk.
private final class Remembering: SinkStore {
    private let records = NIOLockedValueBox<[WatchID: SinkRecord]>([:])

    func sinkRecord(of watch: WatchID, at endpoint: EndpointName) async throws(StoreError) -> SinkRecord? {
        records.withLockedValue { $0[watch] }
    }

    func keep(_ record: SinkRecord, now: Timestamp) async throws(StoreError) {
        records.withLockedValue { $0[record.watch] = record }
    }
}

/// A store that cannot be read.
private struct Forgetful: SinkStore {
    func sinkRecord(of watch: WatchID, at endpoint: EndpointName) async throws(StoreError) -> SinkRecord? { throw .closed }

    func keep(_ record: SinkRecord, now: Timestamp) async throws(StoreError) {}
}
