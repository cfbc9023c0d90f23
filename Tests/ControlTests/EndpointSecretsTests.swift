import Control
import RawJSON
import RingbackCore
import RingbackTesting
import StoreSQLite
import Testing
import WebhookSignature

@Suite("The secrets of endpoints")
struct EndpointSecretsTests {
    private static let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    private static let asymmetric = SigningKey.generateEd25519().reveal()

    private func make(_ control: ControlUnderTest, _ secret: String = Endpoint.secret) async throws {
        let made = try await control.probe.send(
            "POST", "/v1/endpoints", body: #"{"name":"mine","url":"https://a.example/","secret":"\#(secret)"}"#)
        #expect(made.status == 201, "\(made.text)")
    }

    private func secrets(_ control: ControlUnderTest) async throws -> [SigningSecret] {
        let stored = try #require(try await control.store.storedEndpoints().first { $0.name.rawValue == "mine" })
        #expect(control.directory[stored.name]?.target == stored.target)
        guard case .webhook(let target) = stored.target else { throw ProbeFailure(what: "not a webhook") }
        return target.secrets
    }

    @Test("a rotation makes a new one, shows it once, and lets the old one sign for a day")
    func rotation() async throws {
        try await ControlUnderTest.with { control async throws in
            try await make(control)
            let rotated = try await control.probe.send("POST", "/v1/endpoints/mine/rotate-secret")
            #expect(rotated.status == 200, "\(rotated.text)")
            let secret = try #require(try rotated.json()["secret"]?.string)
            let now = control.time.wallNow
            let expected = [
                SigningSecret(Secret(secret)), SigningSecret(Secret(Endpoint.secret), expiresAt: now + .seconds(86_400)),
            ]
            #expect(try await secrets(control) == expected)
            #expect(!rotated.text.contains(Endpoint.secret))
            let shown = try await control.probe.send("GET", "/v1/endpoints/mine")
            #expect(!shown.text.contains("whsec_"))
            #expect(try shown.json()["signers"]?.elements?.compactMap { $0["scheme"]?.string } == ["v1", "v1"])
            #expect(try shown.json()["signers"]?.elements?.last?["expires_at"]?.string == (now + .seconds(86_400)).rfc3339)
            control.time.advance(by: .seconds(86_400))
            #expect(try await control.probe.send("GET", "/v1/endpoints/mine").json()["signers"]?.elements?.count == 1)
        }
    }

    @Test("a rotation takes a given one and does not show it, and its overlap may be nothing")
    func givenSecret() async throws {
        try await ControlUnderTest.with { control async throws in
            try await make(control)
            let body = #"{"secret":"\#(Self.other)","overlap":"0s"}"#
            let rotated = try await control.probe.send("POST", "/v1/endpoints/mine/rotate-secret", body: body)
            #expect(rotated.status == 200)
            #expect(try rotated.json()["secret"] == nil)
            #expect(!rotated.text.contains("whsec_"))
            #expect(try await secrets(control) == [SigningSecret(Secret(Self.other))])
            // Once more the same: nothing to do, and the caller should know.
            let again = try await control.probe.send("POST", "/v1/endpoints/mine/rotate-secret", body: body)
            #expect(again.status == 409)
            #expect(!again.text.contains("whsec_"))
        }
    }

    @Test("rotations at the same time lose no secret that was shown")
    func atTheSameTime() async throws {
        try await ControlUnderTest.with { control async throws in
            try await make(control)
            let probe = control.probe
            let shown = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        try await probe.send("POST", "/v1/endpoints/mine/rotate-secret", body: "{}").json()["secret"]?.string
                    }
                }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(shown.count == 6)
            let kept = Set(try await secrets(control).map { $0.secret.reveal() as String? })
            #expect(kept == shown.union([Endpoint.secret]))
        }
    }

    @Test("so many at once do not sign, and the oldest do not end in silence")
    func tooMany() async throws {
        try await ControlUnderTest.with { control async throws in
            try await make(control)
            for _ in 1..<WebhookTarget.maximumSecrets {
                #expect(try await control.probe.send("POST", "/v1/endpoints/mine/rotate-secret").status == 200)
            }
            let refused = try await control.probe.send("POST", "/v1/endpoints/mine/rotate-secret")
            #expect(refused.status == 409 && refused.text.contains("overlap 0s"))
            #expect(try await secrets(control).count == WebhookTarget.maximumSecrets)
            #expect(try await control.probe.send("POST", "/v1/endpoints/mine/rotate-secret", body: #"{"overlap":"0s"}"#).status == 200)
            #expect(try await secrets(control).count == 1)
        }
    }

    @Test("are not the API's to change where they come from the configuration, and an inbox has none")
    func refusals() async throws {
        try await ControlUnderTest.with { control async throws in
            let file = try await control.probe.send("POST", "/v1/endpoints/my-app/rotate-secret")
            #expect(file.status == 409 && file.text.contains("previous_secrets"), "\(file.text)")
            #expect(try await control.probe.send("POST", "/v1/endpoints/none/rotate-secret").status == 404)
            let inbox = #"{"name":"box","inbox":"/var/lib/box"}"#
            #expect(try await control.probe.send("POST", "/v1/endpoints", body: inbox).status == 201)
            #expect(try await control.probe.send("POST", "/v1/endpoints/box/rotate-secret").status == 409)
            try await make(control)
            for body in [#"{"overlap":"31d"}"#, #"{"overlap":"soon"}"#, #"{"secret":"short"}"#, #"{"key":"x"}"#] {
                let refused = try await control.probe.send("POST", "/v1/endpoints/mine/rotate-secret", body: body)
                #expect((400...422).contains(refused.status), "\(body)")
            }
            #expect(try await secrets(control) == [SigningSecret(Secret(Endpoint.secret))])
        }
    }

    @Test("have public halves to be shown when they are Ed25519 keys, and a rotation makes another such key")
    func publicKeys() async throws {
        try await ControlUnderTest.with { control async throws in
            try await make(control, Self.asymmetric)
            let rotated = try await control.probe.send("POST", "/v1/endpoints/mine/rotate-secret")
            let fresh = try #require(try rotated.json()["secret"]?.string)
            let keys = try await control.probe.send("GET", "/v1/endpoints/mine/public-key").json()["keys"]?.elements ?? []
            let expected = try [fresh, Self.asymmetric].map { try SigningKey(validating: Secret($0)).publicKey }
            #expect(keys.map { $0["public_key"]?.string } == expected)
            #expect(fresh.hasPrefix("whsk_") && expected.allSatisfy { $0?.hasPrefix("whpk_") == true })
            for key in expected { _ = try VerifyingKey(validating: Secret(try #require(key))) }
            let none = try await control.probe.send("GET", "/v1/endpoints/my-app/public-key")
            #expect(none.status == 404 && none.text.contains("ringback secret --ed25519"))
        }
    }

    @Test("for receivers that check GitHub's signature are kept, changed and taken away, and never shown")
    func hubSecret() async throws {
        try await ControlUnderTest.with { control async throws in
            let body = #"{"name":"mine","url":"https://a.example/","hub_secret":"It's a Secret to Everybody"}"#
            let made = try await control.probe.send("POST", "/v1/endpoints", body: body)
            #expect(made.status == 201 && !made.text.contains("Everybody"))
            #expect(try made.json()["signers"]?.elements?.compactMap { $0["scheme"]?.string } == ["v1", "hub"])
            #expect(try await control.probe.send("PATCH", "/v1/endpoints/mine", body: #"{"hub_secret":"short"}"#).status >= 400)
            let changed = try await control.probe.send("PATCH", "/v1/endpoints/mine", body: #"{"hub_secret":null}"#)
            #expect(try changed.json()["signers"]?.elements?.compactMap { $0["scheme"]?.string } == ["v1"])
        }
    }
}
