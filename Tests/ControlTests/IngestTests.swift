import Control
import Cryptography
import RawJSON
import RingbackCore
import RingbackTesting
import Store
import StoreSQLite
import Testing
import WebhookSignature

@Suite("A vendor's own webhook")
struct IngestTests {
    private static let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private static let hmacKey = "the secret that was given at creation"
    private static let path = "/v1/ingest/main"

    private func options(_ scheme: WebhookScheme? = .standardWebhooks(secret: Secret(secret))) -> ControlUnderTest.Options {
        ControlUnderTest.Options(upstream: { $0.ingest = scheme })
    }

    /// Standard Webhooks, as OpenAI signs.
    private func signed(_ body: String, _ control: ControlUnderTest, secret: String = secret, age: Duration = .zero) throws -> [(
        String, String
    )] {
        let key = try SigningKey(validating: Secret(secret))
        return WebhookSigner.headers(id: "wh_1", timestamp: control.time.wallNow - age, body: Array(body.utf8), keys: [key])
            .map { ($0.name, $0.value) }
    }

    private func envelope(_ response: String, type: String = "response.completed") -> String {
        #"{"id":"evt_1","object":"event","created_at":1750287018,"type":"\#(type)","data":{"id":"\#(response)"}}"#
    }

    private func watch(_ response: String, _ control: ControlUnderTest) async throws -> WatchID {
        let watch = NewWatch(upstream: .main, response: ResponseID(trusted: response))
        _ = try await control.store.register(watch, now: control.time.wallNow)
        return watch.id
    }

    /// The watches of the first hint to look that comes.
    private func suggested(_ hints: AsyncStream<StoreHint>) async -> [WatchID] {
        for await hint in hints {
            if case .watchesWorthALook(let ids) = hint { return ids }
        }
        return []
    }

    private func counts(_ control: ControlUnderTest) -> [IngestCounts.Result: Int] {
        Dictionary(control.ingestCounts.all.map { ($0.key.result, $0.value) }, uniquingKeysWith: +)
    }

    @Test("makes the next look at its response come at once, and is answered without waiting for it", .timeLimit(.minutes(5)))
    func accepted() async throws {
        try await ControlUnderTest.with(options()) { control async throws in
            let id = try await watch("resp_1", control)
            let hints = control.store.hints()
            let body = envelope("resp_1")
            let answer = try await control.probe.send("POST", Self.path, headers: signed(body, control), body: body)
            #expect(answer.status == 204)
            #expect(await suggested(hints) == [id])
            #expect(counts(control) == [.accepted: 1])
            // It was a hint: what it said is not taken over.
            #expect(try await control.store.watch(id)?.status == .queued)
            #expect(try await control.store.events(EventFilter(), page: PageRequest()).elements.isEmpty)
        }
    }

    @Test("needs no token, and none helps", .timeLimit(.minutes(5)))
    func withoutToken() async throws {
        var options = options()
        options.tokens = [AccessToken(name: "ops", token: Secret("0123456789abcdef"), scopes: [.admin])]
        try await ControlUnderTest.with(options) { control async throws in
            _ = try await watch("resp_1", control)
            let body = envelope("resp_1")
            #expect(try await control.probe.send("POST", Self.path, headers: signed(body, control), body: body).status == 204)
            let bearer = [("Authorization", "Bearer 0123456789abcdef")]
            #expect(try await control.probe.send("POST", Self.path, headers: bearer, body: body).status == 401)
        }
    }

    @Test("is refused when it is forged, old, unknown or malformed, leads to no look, and is counted", .timeLimit(.minutes(5)))
    func refused() async throws {
        try await ControlUnderTest.with(options()) { control async throws in
            _ = try await watch("resp_1", control)
            let other = try await watch("resp_2", control)
            let hints = control.store.hints()
            let body = envelope("resp_1")
            let good = try signed(body, control)
            let otherSecret = SigningKey.generate().reveal()
            let forged: [[(String, String)]] = [
                [], try signed(body, control, secret: otherSecret), try signed(body + " ", control), good.filter { $0.0 != "webhook-id" },
                good.map { ($0.0, $0.0 == "webhook-id" ? "wh_2" : $0.1) },
                good.map { ($0.0, $0.0 == "webhook-timestamp" ? "yesterday" : $0.1) },
            ]
            for headers in forged {
                let answer = try await control.probe.send("POST", Self.path, headers: headers, body: body)
                #expect(answer.status == 401)
                #expect(answer.headers["content-type"] == Problem.mediaType)
                #expect(try answer.json()["type"] == "urn:ringback:problem:invalid-signature")
                #expect(answer.headers["www-authenticate"] == nil, "no token would help")
            }
            for age in [Duration.seconds(301), .seconds(-301)] {
                let answer = try await control.probe.send("POST", Self.path, headers: signed(body, control, age: age), body: body)
                #expect(answer.status == 401)
            }
            let unknown = envelope("resp_9")
            #expect(try await control.probe.send("POST", Self.path, headers: signed(unknown, control), body: unknown).status == 404)
            for malformed in ["", "[]", "no json", "{}", #"{"data":{"id":7}}"#, #"{"id":""}"#] {
                let answer = try await control.probe.send("POST", Self.path, headers: signed(malformed, control), body: malformed)
                #expect(answer.status == 400, "\(malformed)")
            }
            #expect(counts(control) == [.forged: forged.count, .stale: 2, .unknownResponse: 1, .malformed: 6])
            // The first hint is that of the one that was good.
            let last = envelope("resp_2")
            #expect(try await control.probe.send("POST", Self.path, headers: signed(last, control), body: last).status == 204)
            #expect(await suggested(hints) == [other])
        }
    }

    @Test("is answered alike by an upstream that takes none and by one that does not exist")
    func unconfigured() async throws {
        try await ControlUnderTest.with(options()) { control async throws in
            let body = envelope("resp_1")
            let headers = try signed(body, control)
            let without = try await control.probe.send("POST", "/v1/ingest/other", headers: headers, body: body)
            let missing = try await control.probe.send("POST", "/v1/ingest/nobody", headers: headers, body: body)
            #expect(without.status == 404)
            #expect(missing.status == 404)
            #expect(without.body == missing.body)
            #expect(counts(control) == [.unconfigured: 2])
            #expect(control.ingestCounts.all.keys.allSatisfy { $0.upstream == nil }, "a stranger's word is no label")
        }
    }

    @Test("is read to 256 KiB")
    func large() async throws {
        try await ControlUnderTest.with(options()) { control async throws in
            _ = try await watch("resp_1", control)
            let filler = String(repeating: "x", count: 256 * 1024 - 40)
            let fitting = #"{"filler":"\#(filler)","id":"resp_1"}"#
            #expect(try await control.probe.send("POST", Self.path, headers: signed(fitting, control), body: fitting).status == 204)
            let large = #"{"filler":"\#(filler + filler)","id":"resp_1"}"#
            #expect(try await control.probe.send("POST", Self.path, headers: signed(large, control), body: large).status == 413)
        }
    }

    @Test("may name its response in any of the usual places, and call its body what it likes")
    func places() async throws {
        try await ControlUnderTest.with(options()) { control async throws in
            _ = try await watch("resp_1", control)
            let bodies = [
                #"{"id":"evt_1","data":{"id":"resp_1"}}"#, #"{"type":"response.completed","response":{"id":"resp_1"}}"#,
                #"{"event":"completed","response_id":"resp_1"}"#, #"{"id":"resp_1","object":"response","status":"completed"}"#,
                #"{"id":"evt_1","data":{"response_id":"resp_1"}}"#, #"{"data":{"id":"msg_1","response":{"id":"resp_1"}}}"#,
            ]
            for body in bodies {
                let headers = try signed(body, control) + [("Content-Type", "text/plain")]
                #expect(try await control.probe.send("POST", Self.path, headers: headers, body: body).status == 204, "\(body)")
            }
        }
    }

    @Test("about a response that has ended is welcome too, since vendors send again what is not taken")
    func ended() async throws {
        try await ControlUnderTest.with(options()) { control async throws in
            try await control.finished("resp_1", for: [])
            let body = envelope("resp_1")
            #expect(try await control.probe.send("POST", Self.path, headers: signed(body, control), body: body).status == 204)
        }
    }

    @Test("may be signed with HMAC-SHA256 in a header of the vendor's own form")
    func hmacForms() async throws {
        let body = envelope("resp_1")
        let code = HMACSHA256(key: Array(Self.hmacKey.utf8)).authenticationCode(for: Array(body.utf8))
        let secret = Secret(Self.hmacKey)
        let forms: [(HMACWebhookScheme, good: [String], bad: [String])] = [
            (
                HMACWebhookScheme(secret: secret), [Hex.encode(code), Hex.encode(code).uppercased()],
                [Base64.encode(code), "sha256=" + Hex.encode(code), String(Hex.encode(code).dropLast(2)), ""]
            ),
            (HMACWebhookScheme(secret: secret, prefix: "sha256="), ["sha256=" + Hex.encode(code)], [Hex.encode(code), "sha256="]),
            (HMACWebhookScheme(secret: secret, encoding: .base64), [Base64.encode(code)], [Hex.encode(code), "v1," + Base64.encode(code)]),
            (HMACWebhookScheme(secret: Secret("another"), encoding: .hex), [], [Hex.encode(code)]),
        ]
        for (scheme, good, bad) in forms {
            try await ControlUnderTest.with(options(.hmacSHA256(scheme))) { control async throws in
                _ = try await watch("resp_1", control)
                for (signatures, status) in [(good, 204), (bad, 401)] {
                    for signature in signatures {
                        let headers = [("x-webhook-signature", signature)]
                        #expect(
                            try await control.probe.send("POST", Self.path, headers: headers, body: body).status == status, "\(signature)")
                    }
                }
                #expect(try await control.probe.send("POST", Self.path, body: body).status == 401)
            }
        }
    }

    @Test("is refused as old where the vendor sends a timestamp, which is then part of what is signed")
    func hmacTimestamp() async throws {
        let scheme = HMACWebhookScheme(secret: Secret(Self.hmacKey), header: "X-Sig", timestampHeader: "X-Sent-At")
        try await ControlUnderTest.with(options(.hmacSHA256(scheme))) { control async throws in
            _ = try await watch("resp_1", control)
            let body = envelope("resp_1")
            func send(signedAt signed: Int64, sent: Int64?) async throws -> Int {
                let code = HMACSHA256(key: Array(Self.hmacKey.utf8)).authenticationCode(for: Array("\(signed).\(body)".utf8))
                let headers = [("X-Sig", Hex.encode(code))] + (sent.map { [("X-Sent-At", "\($0)")] } ?? [])
                return try await control.probe.send("POST", Self.path, headers: headers, body: body).status
            }
            let now = control.time.wallNow.unixSeconds
            #expect(try await send(signedAt: now - 300, sent: now - 300) == 204)
            #expect(try await send(signedAt: now - 301, sent: now - 301) == 401)
            #expect(try await send(signedAt: now - 301, sent: now) == 401)
            #expect(try await send(signedAt: now, sent: nil) == 401)
            #expect(counts(control) == [.accepted: 1, .stale: 1, .forged: 2])
        }
    }

    @Test("signed like the published vector passes, which then names no response")
    func publishedVector() async throws {
        try await ControlUnderTest.with(options()) { control async throws in
            control.time.jumpWall(by: Timestamp(unixSeconds: 1_614_265_330) - control.time.wallNow)
            let headers = [
                ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"), ("webhook-timestamp", "1614265330"),
                ("webhook-signature", "v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI="),
            ]
            let answer = try await control.probe.send("POST", Self.path, headers: headers, body: #"{"test": 2432232314}"#)
            #expect(answer.status == 400)
            #expect(try answer.json()["type"] == "urn:ringback:problem:invalid-request")
        }
    }
}
