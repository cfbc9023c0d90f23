import Delivering
import Foundation
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport

@testable import Destinations

/// The cases of `Data/cloudevents_webhook_handshake.json`, written after the specification's text.
private struct HandshakeCase: Decodable, CustomTestStringConvertible {
    struct Question: Decodable {
        let origin: String
        let rate: String?
    }

    let name: String
    let sent: Question
    let status: Int
    let headers: [String: String]

    var testDescription: String { name }

    private struct Table: Decodable {
        let cases: [HandshakeCase]
    }

    static func load() throws -> [HandshakeCase] {
        let file = try #require(Bundle.module.url(forResource: "Data/cloudevents_webhook_handshake", withExtension: "json"))
        return try JSONDecoder().decode(Table.self, from: Data(contentsOf: file)).cases
    }

    /// Empty when the file cannot be read, which a test of its own notices.
    static let all = (try? load()) ?? []

    /// What we make of each. Where the specification leaves a choice, the choice is documented at ``HandshakeAnswer``.
    static let readings: [String: HandshakeAnswer?] = [
        "echo_origin": .allowed(perMinute: 100), "wildcard": .allowed(perMinute: nil), "missing_allowed_origin": nil, "other_origin": nil,
        "rate_absent_when_requested": .allowed(perMinute: nil), "rate_invalid": .allowed(perMinute: nil), "405_with_allow": nil,
        // A consent that comes later by way of a callback URL was not asked for: without one in the answer there is none.
        "callback_async": nil,
    ]
}

@Suite("The handshake")
struct HandshakeTests {
    private static let startedAt = Timestamp(unixSeconds: 1_795_414_400)

    @Test("reads every answer of the case list", arguments: HandshakeCase.all)
    fileprivate func answers(example: HandshakeCase) throws {
        let reading = try #require(HandshakeCase.readings[example.name], "a case nobody thought about")
        let handshake = try WebhookHandshake(origin: example.sent.origin, requestedRate: example.sent.rate.flatMap { Int($0) })
        let head = TransferHead(status: example.status, headers: example.headers.map { (name: $0.key.lowercased(), value: $0.value) })
        switch (HandshakeAnswer(head, to: handshake), reading) {
        case (let answer, let expected?): #expect(answer == expected)
        case (.refused, nil): break
        case (.allowed, nil): Issue.record("an answer that consents to nothing let callbacks through")
        }
    }

    @Test("has a case list")
    func caseList() throws {
        #expect(try HandshakeCase.load().count == HandshakeCase.readings.count)
    }

    @Test("asks before the first callback, once, and names the origin with every callback")
    func asks() async throws {
        let answer =
            "HTTP/1.1 200 OK\r\nWebHook-Allowed-Origin: bridge.example.com\r\nWebHook-Allowed-Rate: 100\r\nContent-Length: 0\r\n\r\n"
        try await withReceiver(answer: answer) { receiver in
            try await WebhookUnderTest.with(url: receiver.url, change: Self.asking(rate: 120)) { destination in
                for number in 1...2 {
                    let report = await destination.attempt(try Jobs.job(), number: number, startedAt: Self.startedAt)
                    #expect(report.error == nil)
                    // The answer is from the first time, and so is what it allows.
                    let grant = RateGrant(rate: RateLimit(100, per: .minute), until: Self.startedAt + Consent.validity)
                    #expect(report.grant == grant)
                }
                // A day later the consent has to be renewed.
                let later = await destination.attempt(try Jobs.job(), number: 3, startedAt: Self.startedAt + Consent.validity)
                #expect(later.error == nil)
            }
            let requests = receiver.requests
            #expect(requests.map { $0.line.prefix(4) } == ["OPTI", "POST", "POST", "OPTI", "POST"])
            #expect(requests.allSatisfy { $0["webhook-request-origin"] == "bridge.example.com" })
            #expect(requests[0]["webhook-request-rate"] == "120")
            #expect(requests[1]["webhook-request-rate"] == nil)
            #expect(requests[0]["x-env"] == "prod")
            #expect(requests[0].body.isEmpty)
        }
    }

    @Test("lets nothing out to a receiver that does not consent, and asks again with the next attempt")
    func refused() async throws {
        try await withReceiver(answer: "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST\r\nContent-Length: 0\r\n\r\n") { receiver in
            try await WebhookUnderTest.with(url: receiver.url, change: Self.asking()) { destination in
                for number in 1...2 {
                    let report = await destination.attempt(try Jobs.job(), number: number, startedAt: Self.startedAt)
                    #expect(report.error == .handshakeRefused)
                    #expect(report.grant == nil)
                    #expect(report.httpStatus == 405)
                    #expect(report.detail?.contains("405") == true)
                }
            }
            #expect(receiver.requests.map { $0.line.prefix(4) } == ["OPTI", "OPTI"])
        }
    }

    @Test("asks once for all attempts that wait, and tells them all what it heard")
    func once() async throws {
        let transport = ScriptedTransport()
        let destination = try WebhookUnderTest.destination("https://example.com/", transport, change: Self.asking())
        let job = try Jobs.job()
        let errors = await withTaskGroup(of: AttemptError?.self) { group in
            for number in 1...8 {
                group.addTask { await destination.attempt(job, number: number, startedAt: Self.startedAt).error }
            }
            let question = await transport.nextCall()
            #expect(question.request.method == .options)
            await question.answer(403)
            var errors: [AttemptError?] = []
            // An attempt that came too late to wait asks for itself.
            while errors.count < 8 {
                while let late = transport.takeCall() { await late.answer(403) }
                errors.append(await group.next() ?? nil)
            }
            return errors
        }
        #expect(errors.allSatisfy { $0 == .handshakeRefused })
    }

    @Test("a receiver that is gone, or wants to be asked later, means with OPTIONS what it means with POST")
    func directives() async throws {
        for (status, headers, error) in [
            (410, [], AttemptError.httpStatus), (429, [(name: "retry-after", value: "60")], .handshakeRefused),
        ] {
            let transport = ScriptedTransport()
            let destination = try WebhookUnderTest.destination("https://example.com/", transport, change: Self.asking())
            async let attempt = destination.attempt(try Jobs.job(), number: 1, startedAt: Self.startedAt)
            await transport.nextCall().answer(status, headers)
            let report = try await attempt
            #expect(report.error == error)
            #expect(report.directive == (status == 410 ? .disableEndpoint : nil))
            #expect(report.retryAfter == (status == 429 ? .seconds(60) : nil))
        }
    }

    @Test(
        "asks only under the name of a host",
        arguments: [
            "", "https://bridge.example.com", "a b", "a:80", "-a.example", "a..b", "a.", String(repeating: "a", count: 64), "a\r\nX: b",
        ])
    func origins(origin: String) {
        #expect(throws: InvalidIdentifier.self) { try WebhookHandshake(origin: origin) }
    }

    private static func asking(rate: Int? = nil) throws -> @Sendable (inout WebhookTarget) -> Void {
        let handshake = try WebhookHandshake(origin: "bridge.example.com", requestedRate: rate)
        return { target in
            target.handshake = handshake
            target.headers = [HeaderField("X-Env", Secret("prod"))]
        }
    }
}
