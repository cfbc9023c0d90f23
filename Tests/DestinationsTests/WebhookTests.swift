import AddressGuard
import Curl
import Delivering
import Foundation
import RingbackCore
import RingbackTesting
import Store
import Testing
import Transport
import WebhookSignature

@testable import Destinations

@Suite("A webhook")
struct WebhookTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-Id: 7\r\n\r\nok"
    private let startedAt = Timestamp(unixSeconds: 1_795_414_400)

    @Test("gets the very bytes that were signed", arguments: PayloadForm.allCases)
    func signature(form: PayloadForm) async throws {
        let secrets = [SigningKey.generate(), SigningKey.generate()]
        let job = try Jobs.job(body: Jobs.oddResponse)
        let (report, requests) = try await deliver(job, answer: Self.ok) {
            $0.payload = form
            $0.secrets = secrets.map { SigningSecret($0) }
        }
        #expect(report.error == nil)
        let request = try #require(requests.first)
        #expect(requests.count == 1)
        #expect(request.line == "POST /hooks?token=t HTTP/1.1")
        #expect(request["user-agent"] == "Ringback/\(RingbackVersion.current)")
        #expect(request["webhook-id"] == job.event.id.rawValue)
        #expect(request["webhook-timestamp"] == "1795414400")
        #expect(request["webhook-signature"]?.split(separator: " ").count == 2)
        for secret in secrets {
            #expect(throws: Never.self) {
                try WebhookVerifier.verify(
                    id: request["webhook-id"], timestamp: request["webhook-timestamp"], signature: request["webhook-signature"],
                    body: request.body, keys: [VerifyingKey(validating: secret)], now: startedAt)
            }
        }
        switch form {
        case .thin: #expect(request.body == PayloadBuilder.thin(job.event))
        case .full: #expect(request.body == PayloadBuilder.full(job.event, response: Jobs.oddResponse))
        case .cloudEvents: #expect(request.body == CloudEvent.structured(job.event, response: Jobs.oddResponse))
        case .cloudEventsBinary: #expect(request.body == Jobs.oddResponse)
        }
    }

    @Test("the attempt's record has status, headers, body, times and the address that was reached")
    func record() async throws {
        let (report, _) = try await deliver(try Jobs.job(), answer: Self.ok)
        #expect(report.httpStatus == 200)
        #expect(report.responseHeaders.contains(ResponseHeader(name: "x-request-id", value: "7")))
        #expect(report.responseBody == Array("ok".utf8))
        #expect(report.address == "127.0.0.1")
        #expect(report.timing.total != nil)
        #expect(report.timing.firstByte != nil)
    }

    @Test("without a secret gets no signature")
    func unsigned() async throws {
        let (report, requests) = try await deliver(try Jobs.job(), answer: Self.ok)
        #expect(report.error == nil)
        #expect(requests.first?["webhook-signature"] == nil)
        #expect(requests.first?["webhook-id"] != nil)
    }

    @Test("an expired secret signs no more")
    func expiredSecret() async throws {
        let (new, old) = (SigningKey.generate(), SigningKey.generate())
        for (expiry, count) in [(startedAt + .seconds(1), 2), (startedAt, 1)] {
            let (_, requests) = try await deliver(try Jobs.job(), answer: Self.ok) {
                $0.secrets = [SigningSecret(new), SigningSecret(old, expiresAt: expiry)]
            }
            #expect(requests.first?["webhook-signature"]?.split(separator: " ").count == count)
        }
    }

    @Test("is signed GitHub's way too where the endpoint has a secret for it")
    func hubSignature() async throws {
        let secret = Secret("It's a Secret to Everybody")
        let (_, requests) = try await deliver(try Jobs.job(), answer: Self.ok) {
            $0.secrets = [SigningSecret(SigningKey.generate())]
            $0.hubSecret = secret
            $0.headers = [HeaderField("x-hub-signature-256", Secret("evil"))]
        }
        let request = try #require(requests.first)
        #expect(request["x-hub-signature-256"] == HubSignature(secret: secret).header(for: request.body).value)
        #expect(request["webhook-signature"]?.hasPrefix("v1,") == true)
    }

    @Test("gets the endpoint's own headers, which cannot replace Ringback's")
    func customHeaders() async throws {
        let (_, requests) = try await deliver(try Jobs.job(), answer: Self.ok) {
            $0.headers = [
                HeaderField("X-Env", Secret("prod")), HeaderField("Authorization", Secret("Bearer t")),
                HeaderField("Webhook-Id", Secret("evil")),
                HeaderField("webhook-anything", Secret("evil")), HeaderField("CONTENT-TYPE", Secret("evil")),
                HeaderField("User-Agent", Secret("evil")), HeaderField("Content-Length", Secret("1")), HeaderField("Host", Secret("evil")),
            ]
        }
        let request = try #require(requests.first)
        #expect(request["x-env"] == "prod")
        #expect(request["authorization"] == "Bearer t")
        #expect(!request.headers.contains { $0.value == "evil" })
        #expect(request.headers.filter { $0.name.lowercased() == "content-length" }.count == 1)
    }

    @Test("every status is told as what it is", arguments: Array(200...599))
    func statuses(status: Int) async throws {
        let report = try await scripted(status: status)
        #expect(report.httpStatus == status)
        switch status {
        case 200..<300: #expect(report.error == nil)
        case 300..<400: #expect(report.error == .redirect)
        default: #expect(report.error == .httpStatus)
        }
        #expect((report.error == nil) == (report.detail == nil))
        #expect(report.directive == (status == 410 ? .disableEndpoint : nil))
    }

    @Test("redirects are not followed")
    func redirect() async throws {
        try await withReceiver(answer: Self.ok) { elsewhere in
            let (report, requests) = try await deliver(
                try Jobs.job(), answer: "HTTP/1.1 302 Found\r\nLocation: \(elsewhere.url)/\r\nContent-Length: 0\r\n\r\n")
            #expect(report.error == .redirect)
            #expect(report.httpStatus == 302)
            #expect(requests.count == 1)
            #expect(elsewhere.connections == 0)
        }
    }

    @Test(
        "the receiver's wishes are heard",
        arguments: [
            (503, "abort-message", AttemptReport.Directive.abortMessage), (503, " Abort-Message ", .abortMessage),
            (200, "abort-message", nil),
            (503, "disable", .disableEndpoint), (200, "disable", .disableEndpoint), (410, "abort-message", .disableEndpoint),
            (503, "other", nil),
        ] as [(Int, String, AttemptReport.Directive?)])
    func directives(status: Int, wish: String, directive: AttemptReport.Directive?) async throws {
        #expect(try await scripted(status: status, headers: [(name: "webhook-delivery", value: wish)]).directive == directive)
    }

    @Test("Retry-After is read, in seconds and as a date")
    func retryAfter() async throws {
        #expect(try await scripted(status: 429, headers: [(name: "retry-after", value: "120")]).retryAfter == .seconds(120))
        let date = "Mon, 23 Nov 2026 06:15:00 GMT"  // A hundred seconds after the answer came.
        #expect(try await scripted(status: 503, headers: [(name: "retry-after", value: date)]).retryAfter == .seconds(100))
        #expect(try await scripted(status: 503, headers: [(name: "retry-after", value: "soon")]).retryAfter == nil)
    }

    static let transportErrors: [(TransportError, AttemptError)] = [
        (.invalidRequest("x"), .protocolViolation), (.nameNotFound(host: "h"), .nameNotFound),
        (.connectionRefused(host: "h"), .connectionRefused),
        (.unreachable(host: "h", detail: "d"), .connectionRefused), (.connectTimeout, .connectTimeout), (.totalTimeout, .timeout),
        (.idleTimeout, .timeout), (.tls("d"), .tls), (.connectionLost(detail: "d"), .connectionLost),
        (.protocolViolation(detail: "d"), .protocolViolation), (.headersTooLarge(limit: 1), .answerTooLarge),
        (.bodyTooLarge(limit: 1), .answerTooLarge), (.cancelled, .internalTrouble), (.closed, .internalTrouble),
        (.internalTrouble("d"), .internalTrouble), (.nameUnanswered(host: "h"), .resolver),
        (.proxyTrouble(ProxyTrouble(detail: "the proxy p")), .proxy),
    ]

    @Test("every trouble of the transport has its label; ours is told from the receiver's", arguments: transportErrors)
    func troubles(error: TransportError, label: AttemptError) async throws {
        let transport = ScriptedTransport()
        let destination = try WebhookUnderTest.destination("https://example.com/hooks?token=t", transport)
        async let attempt = destination.attempt(try Jobs.job(), number: 1, startedAt: startedAt)
        await transport.nextCall().fail(error)
        let report = try await attempt
        #expect(report.error == label)
        #expect(report.error?.isOurOwn == error.isOurOwn)
        #expect(report.detail == error.description)
    }

    @Test("an answer that breaks off after its status is a failure that remembers the status")
    func brokenAnswer() async throws {
        let transport = ScriptedTransport()
        let destination = try WebhookUnderTest.destination("https://example.com/", transport)
        async let attempt = destination.attempt(try Jobs.job(), number: 1, startedAt: startedAt)
        let call = await transport.nextCall()
        await call.head(200, [(name: "x-a", value: "b")])
        await call.fail(.totalTimeout)
        let report = try await attempt
        #expect(report.error == .timeout)
        #expect(report.httpStatus == 200)
        #expect(report.responseHeaders == [ResponseHeader(name: "x-a", value: "b")])
    }

    @Test("the request carries the endpoint's bounds, and HTTP/1.1")
    func bounds() async throws {
        let transport = ScriptedTransport()
        let target = WebhookTarget(url: "https://example.com/", secrets: [], caFile: "ca.pem")
        let endpoint = Endpoint(
            name: EndpointName(trusted: "e"), origin: .configuration, target: .webhook(target), timeout: .seconds(7),
            connectTimeout: .seconds(3))
        let destination = try WebhookDestination(target, of: endpoint, transport: transport, callbackGuard: nil, time: ManualTime())
        async let attempt = destination.attempt(try Jobs.job(), number: 1, startedAt: startedAt)
        let call = await transport.nextCall()
        #expect(call.request.limits == TransferLimits(connect: .seconds(3), total: .seconds(7), headerBytes: 64 * 1024, bodyBytes: nil))
        #expect(call.request.trust == TransferTrust(caFile: "ca.pem"))
        #expect(call.request.method == .post)
        guard case .http1 = call.request.version else {
            Issue.record("not HTTP/1.1")
            return
        }
        await call.answer(204)
        #expect(try await attempt.error == nil)
    }

    @Test("an endless answer is read no further than 64 KiB, kept no further than 16, and its status counts")
    func endlessAnswer() async throws {
        let transport = ScriptedTransport()
        let destination = try WebhookUnderTest.destination("https://example.com/", transport)
        async let attempt = destination.attempt(try Jobs.job(), number: 1, startedAt: startedAt)
        let call = await transport.nextCall()
        await call.head(200)
        var sent = 0
        while !call.isEnded, sent < 1024 * 1024 {
            await call.send([UInt8](repeating: 0x61, count: 4096))
            sent += 4096
        }
        #expect(sent <= 64 * 1024 + 4096)
        let report = try await attempt
        #expect(report.error == nil)
        #expect(report.responseBody.count == Attempt.keptBodyBytes)
    }

    @Test("a large answer from a real receiver is no failure")
    func largeAnswer() async throws {
        let size = 3_000_000
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n" + String(repeating: "a", count: size)
        let (report, _) = try await deliver(try Jobs.job(), answer: answer)
        #expect(report.error == nil)
        #expect(report.responseBody == [UInt8](repeating: 0x61, count: Attempt.keptBodyBytes))
    }

    @Test("of many headers only so many are kept, and only so many bytes")
    func manyHeaders() async throws {
        let many = (0..<500).map { (name: "x-\($0)", value: "v") }
        #expect(try await scripted(status: 200, headers: many).responseHeaders.count == 64)
        let large = (0..<60).map { (name: "x-\($0)", value: String(repeating: "v", count: 1000)) }
        let kept = try await scripted(status: 200, headers: large).responseHeaders
        #expect(kept.count == 8)
        #expect(kept.map(\.name) == large.prefix(8).map(\.name))
    }

    @Test(
        "a receiver that is no web server is told as such",
        arguments: [
            ("SSH-2.0-OpenSSH_9.2\r\n", AttemptError.protocolViolation), ("", .connectionLost),
            ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc\u{0}", .timeout),
            ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 100_000) + "\r\n\r\n", .answerTooLarge),
        ])
    func noWebServer(answer: String, error: AttemptError) async throws {
        let (report, _) = try await deliver(try Jobs.job(), answer: answer, timeout: .milliseconds(300))
        #expect(report.error == error, "\(report.detail ?? "")")
    }

    @Test("a receiver that never answers ends the attempt at the timeout")
    func silence() async throws {
        let (report, requests) = try await deliver(try Jobs.job(), answer: nil, timeout: .milliseconds(200))
        #expect(report.error == .timeout)
        #expect(report.httpStatus == nil)
        #expect(requests.count == 1)
    }

    @Test("nobody listening is told as a refused connection, without the URL's query")
    func nobodyListens() async throws {
        // Port 1 of the loopback interface: reserved, and too low to be given to any client in between.
        let transport = try CurlTransport()
        let report = await (try WebhookUnderTest.destination("http://127.0.0.1:1/hooks?token=t0ken", transport))
            .attempt(try Jobs.job(), number: 1, startedAt: startedAt)
        await transport.shutdown()
        #expect(report.error == .connectionRefused)
        #expect(report.detail?.contains("t0ken") == false)
    }

    @Test("a cancelled attempt ends soon and is not counted")
    func cancelled() async throws {
        let transport = ScriptedTransport()
        let destination = try WebhookUnderTest.destination("https://example.com/", transport)
        let job = try Jobs.job()
        let report = await withTaskGroup(of: AttemptReport.self) { group in
            group.addTask { await destination.attempt(job, number: 1, startedAt: startedAt) }
            _ = await transport.nextCall()
            group.cancelAll()
            return await group.next()
        }
        #expect(report?.error == .internalTrouble)
    }

    @Test("every payload but the thin one needs the response object", arguments: PayloadForm.allCases)
    func needsResponse(form: PayloadForm) throws {
        let destination = try WebhookUnderTest.destination("https://example.com/", ScriptedTransport()) { $0.payload = form }
        #expect(destination.needsResponse == (form != .thin))
    }

    // MARK: -

    /// Delivers through libcurl to a receiver of its own.
    private func deliver(
        _ job: DeliveryJob, answer: String?, timeout: Duration = .seconds(15), change: (inout WebhookTarget) -> Void = { _ in }
    ) async throws -> (AttemptReport, [Receiver.Request]) {
        try await withReceiver(answer: answer) { receiver in
            let report = try await WebhookUnderTest.attempt(
                job, url: "\(receiver.url)/hooks?token=t", timeout: timeout, at: startedAt, change: change)
            return (report, receiver.requests)
        }
    }

    /// An attempt that is answered with one head and no body.
    private func scripted(status: Int, headers: [(name: String, value: String)] = []) async throws -> AttemptReport {
        let transport = ScriptedTransport()
        let destination = try WebhookUnderTest.destination("https://example.com/", transport)
        async let attempt = destination.attempt(try Jobs.job(), number: 1, startedAt: startedAt)
        await transport.nextCall().answer(status, headers)
        return try await attempt
    }
}

@Suite("An endpoint's definition")
struct DestinationFactoryTests {
    @Test("that cannot work is refused with the reason, and without its secrets")
    func refused() {
        let cases: [(Endpoint.Target, InvalidDestination)] = [
            (.webhook(WebhookTarget(url: "https://u:pa55@example.com/?q=pa55", secrets: [])), .url(.userInfo)),
            (.webhook(WebhookTarget(url: "example.com", secrets: [])), .url(.missingScheme)),
            (
                .webhook(WebhookTarget(url: "https://example.com/", secrets: [SigningSecret(Secret("whsec_pa55"))])),
                .secret(.tooShort(bytes: 3))
            ),
            (.inbox(InboxTarget(directory: "")), .inboxDirectory),
            (.inbox(InboxTarget(directory: "a\u{0}b")), .inboxDirectory),
            (.preset(PresetTarget(preset: "slakc", parameters: [])), .preset("slakc")),
        ]
        for (target, reason) in cases {
            let endpoint = Endpoint(name: EndpointName(trusted: "e"), origin: .api, target: target)
            #expect(throws: reason) {
                try DestinationFactory.make(
                    endpoint,
                    in: DestinationFactory.Surroundings(
                        transport: ScriptedTransport(), callbackGuard: { CallbackGuard() }, time: ManualTime()))
            }
            #expect(!reason.description.contains("pa55"))
        }
    }

    @Test(
        "names headers that an endpoint cannot set",
        arguments: ["webhook-id", "Webhook-Anything", "content-type", "HOST", "Transfer-Encoding"])
    func reserved(name: String) {
        #expect(WebhookHeaders.isReserved(name))
        #expect(!WebhookHeaders.isReserved("x-" + name))
    }
}
