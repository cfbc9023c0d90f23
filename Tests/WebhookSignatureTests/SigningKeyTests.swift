import RingbackCore
import Testing
import WebhookSignature

@Suite("A signing key")
struct SigningKeyTests {
    private static let ed25519 = "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="

    static let refused: [(String, InvalidSigningSecret)] = [
        ("", .empty),
        ("whsec_", .empty),
        ("whsk_", .empty),
        ("v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .pastedWithVersion),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_", .notBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", .notBase64),
        (" whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .notBase64),
        ("whsec_whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .notBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS=", .tooShort(bytes: 23)),
        ("whsec_c2VjcmV0", .tooShort(bytes: 6)),
        ("secret00", .tooShort(bytes: 6)),
        ("whsec_" + String(repeating: "AAAA", count: 21) + "AAA=", .tooLong(bytes: 65)),
        ("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", .publicKey),
        ("whsk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", .notEd25519),
        ("whsk_" + ed25519.replacing("Kvg==", with: "Kvw=="), .notEd25519),
    ]

    @Test("is refused with the reason", arguments: refused)
    func refusal(text: String, reason: InvalidSigningSecret) {
        #expect(throws: reason) { try SigningKey(validating: Secret(text)) }
    }

    @Test("a refusal tells how to make a good one and never contains any part of the secret", arguments: refused)
    func description(text: String, reason: InvalidSigningSecret) {
        #expect(reason.description.contains("`ringback secret`"))
        for piece in ["MfKQ", "1SiA", "6Xb", "c2Vj", "secret00", "AAAA"] { #expect(!reason.description.contains(piece)) }
    }

    @Test("is made fresh, valid, of 32 bytes, and different each time")
    func generate() throws {
        let secrets = (0..<50).map { _ in SigningKey.generate().reveal() }
        #expect(Set(secrets).count == secrets.count)
        for secret in secrets {
            #expect(secret.hasPrefix("whsec_"))
            #expect(secret.count == "whsec_".count + 44)
            #expect(throws: Never.self) { try SigningKey(validating: Secret(secret)) }
        }
    }

    @Test("of 24 and of 64 bytes is accepted", arguments: [24, 64])
    func bounds(count: Int) {
        let text = count == 24 ? String(repeating: "A", count: 32) : String(repeating: "A", count: 86) + "=="
        #expect(throws: Never.self) { try SigningKey(validating: Secret("whsec_" + text)) }
    }
}

@Suite("Rotating signing keys")
struct RotationTests {
    private let id = "evt_1"
    private let now = Timestamp(unixSeconds: 1_790_000_000)
    private let body = Array(#"{"id":"evt_1"}"#.utf8)

    @Test("the signatures of all keys stand in one header, newest first, separated by one space")
    func header() throws {
        let (new, old) = (SigningKey.generate(), SigningKey.generate())
        let value = try signature([new, old])
        #expect(value.split(separator: " ", omittingEmptySubsequences: false).count == 2)
        #expect(value == "\(try signature([new])) \(try signature([old]))")
    }

    @Test("a receiver with either key, or with both, accepts; one with a third key does not")
    func receivers() throws {
        let (new, old, other) = (SigningKey.generate(), SigningKey.generate(), SigningKey.generate())
        let value = try signature([new, old])
        for secrets in [[new], [old], [old, new], [other, old]] {
            #expect(throws: Never.self) { try verify(value, secrets) }
        }
        #expect(throws: VerificationFailure.mismatch) { try verify(value, [other]) }
        #expect(throws: VerificationFailure.noKnownVersion) { try verify(value, []) }
    }

    @Test("without keys there is no signature, but still an id and a time")
    func unsigned() {
        let headers = WebhookSigner.headers(id: id, timestamp: now, body: body, keys: [])
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp"])
    }

    @Test("a header with more signatures than anybody sends is looked at only so far")
    func flood() throws {
        let secret = SigningKey.generate()
        let rubbish = Array(repeating: "v1,AAAA", count: WebhookVerifier.maximumSignatures).joined(separator: " ")
        #expect(throws: VerificationFailure.mismatch) { try verify(rubbish + " " + (try signature([secret])), [secret]) }
        #expect(throws: Never.self) { try verify("v1,AAAA  " + (try signature([secret])) + " ", [secret]) }
    }

    @Test("a change of any one byte of the body, of the id or of the time is noticed")
    func changes() throws {
        let key = try SigningKey(validating: SigningKey.generate())
        let signature = WebhookSigner.headers(id: id, timestamp: now, body: body, keys: [key])[2].value
        for index in body.indices {
            var changed = body
            changed[index] ^= 1
            #expect(throws: VerificationFailure.mismatch) {
                try WebhookVerifier.verify(id: id, timestamp: "1790000000", signature: signature, body: changed, keys: [key], now: now)
            }
        }
        #expect(throws: VerificationFailure.mismatch) {
            try WebhookVerifier.verify(id: "evt_2", timestamp: "1790000000", signature: signature, body: body, keys: [key], now: now)
        }
        #expect(throws: VerificationFailure.mismatch) {
            try WebhookVerifier.verify(id: id, timestamp: "1790000001", signature: signature, body: body, keys: [key], now: now)
        }
        // The dot between id and time must not be movable.
        #expect(throws: VerificationFailure.mismatch) {
            try WebhookVerifier.verify(id: "evt", timestamp: "1790000000", signature: signature, body: body, keys: [key], now: now)
        }
    }

    @Test("a time exactly at the tolerance is good, one second more is not, in both directions", arguments: [Int64(-301), -300, 300, 301])
    func tolerance(offset: Int64) throws {
        let key = try SigningKey(validating: SigningKey.generate())
        let signature = WebhookSigner.headers(id: id, timestamp: now, body: body, keys: [key])[2].value
        let outcome = Result {
            try WebhookVerifier.verify(
                id: id, timestamp: "1790000000", signature: signature, body: body, keys: [key], now: now + .seconds(offset))
        }
        switch offset {
        case 301: #expect(throws: VerificationFailure.tooOld(by: .seconds(1))) { try outcome.get() }
        case -301: #expect(throws: VerificationFailure.tooNew(by: .seconds(1))) { try outcome.get() }
        default: #expect(throws: Never.self) { try outcome.get() }
        }
    }

    private func signature(_ secrets: [Secret]) throws -> String {
        WebhookSigner.headers(id: id, timestamp: now, body: body, keys: try secrets.map { try SigningKey(validating: $0) })[2].value
    }

    private func verify(_ signature: String, _ secrets: [Secret]) throws {
        try WebhookVerifier.verify(
            id: id, timestamp: "1790000000", signature: signature, body: body, keys: secrets.map { try SigningKey(validating: $0) },
            now: now)
    }
}
