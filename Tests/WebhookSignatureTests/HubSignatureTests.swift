import RingbackCore
import Testing
import WebhookSignature

@Suite("GitHub's signature")
struct HubSignatureTests {
    @Test("is the one of the example in GitHub's documentation")
    func vector() {
        let header = HubSignature(secret: Secret("It's a Secret to Everybody")).header(for: Array("Hello, World!".utf8))
        #expect(header.name == "X-Hub-Signature-256")
        #expect(header.value == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
    }

    @Test("can be made of an empty body")
    func empty() {
        #expect(HubSignature(secret: Secret("It's a Secret to Everybody")).header(for: []).value.count == 7 + 64)
    }
}

@Suite("A generated Ed25519 key")
struct GeneratedKeyTests {
    @Test("signs what its public half verifies, and nobody else's does")
    func roundTrip() throws {
        let secret = SigningKey.generateEd25519()
        let key = try SigningKey(validating: secret)
        let publicKey = try VerifyingKey(validating: Secret(try #require(key.publicKey)))
        let now = Timestamp(unixSeconds: 1_790_000_000)
        let headers = WebhookSigner.headers(id: "evt_1", timestamp: now, body: [1, 2, 3], keys: [key])
        let signature = try #require(headers.first { $0.name == "webhook-signature" }?.value)
        #expect(signature.hasPrefix("v1a,"))
        try WebhookVerifier.verify(
            id: "evt_1", timestamp: "1790000000", signature: signature, body: [1, 2, 3], keys: [publicKey], now: now)
        let stranger = try SigningKey(validating: SigningKey.generateEd25519()).verifyingKey
        #expect(throws: VerificationFailure.mismatch) {
            try WebhookVerifier.verify(
                id: "evt_1", timestamp: "1790000000", signature: signature, body: [1, 2, 3], keys: [stranger], now: now)
        }
        #expect(try SigningKey(validating: SigningKey.generate()).publicKey == nil)
    }
}
