import RingbackCore
import Testing
import WebhookSignature

@Suite("A vendor's signature by Standard Webhooks")
struct VendorSchemeTests {
    /// The vectors with the usual tolerance and one secret, as `ingest` has, save those that leave the choice.
    private static let vectors = Vectors.all.verify.filter {
        $0.secrets.count == 1 && $0.tolerance_s == 300 && $0.expect != "either"
    }

    @Test("is judged as the vectors say", arguments: vectors)
    func judged(_ vector: Vectors.Verifying) throws {
        let scheme = WebhookScheme.standardWebhooks(secret: Secret(vector.secrets[0]))
        let now = Timestamp(unixSeconds: vector.now)
        let isGood: Bool
        do {
            try WebhookVerifier.verify(scheme, header: { vector.header($0) }, body: Array(vector.body.utf8), now: now)
            isGood = true
        } catch {
            isGood = false
        }
        #expect(isGood == (vector.expect == "valid"), "\(vector.reason)")
    }

    @Test("has vectors enough, good and bad ones")
    func enough() {
        #expect(Self.vectors.count { $0.expect == "valid" } >= 7)
        #expect(Self.vectors.count { $0.expect != "valid" } >= 20)
    }
}
