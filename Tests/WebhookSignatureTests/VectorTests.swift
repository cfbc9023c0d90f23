import Foundation
import RingbackCore
import Testing

@testable import WebhookSignature

/// The published and computed vectors in `Data/standard_webhooks_vectors.json`.
struct Vectors: Decodable {
    struct Signing: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let secret: String
        let id: String
        let timestamp: Int64
        let payload: String
        let signature: String

        var testDescription: String { name }
    }

    struct Ed25519Signing: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let private_key_b64: String
        let public_key_b64: String
        let id: String
        let timestamp: Int64
        let payload: String
        let signature: String

        var testDescription: String { name }
    }

    struct Verifying: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let secrets: [String]
        let headers: [String: String]
        let body: String
        let now: Int64
        let tolerance_s: Int64
        let expect: String
        let reason: String

        var testDescription: String { "\(name): \(expect)" }

        func header(_ name: String) -> String? {
            headers.first { $0.key.lowercased() == name }?.value
        }
    }

    let sign: [Signing]
    let sign_ed25519: [Ed25519Signing]
    let verify: [Verifying]

    static func load() throws -> Vectors {
        let file = try #require(Bundle.module.url(forResource: "standard_webhooks_vectors", withExtension: "json", subdirectory: "Data"))
        return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
    }

    /// Empty when the file cannot be read, which a test of its own notices.
    static let all = (try? load()) ?? Vectors(sign: [], sign_ed25519: [], verify: [])
}

@Suite("Standard Webhooks vectors")
struct VectorTests {
    @Test("are all there")
    func present() throws {
        let vectors = try Vectors.load()
        #expect(vectors.sign.count >= 12)
        #expect(vectors.sign_ed25519.count >= 1)
        #expect(vectors.verify.count >= 30)
    }

    @Test("are signed as published", arguments: Vectors.all.sign)
    func sign(vector: Vectors.Signing) throws {
        let timestamp = Timestamp(unixSeconds: vector.timestamp)
        let body = Array(vector.payload.utf8)
        let key = try key(of: vector)
        let headers = WebhookSigner.headers(id: vector.id, timestamp: timestamp, body: body, keys: [key])
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(headers.map(\.value) == [vector.id, String(vector.timestamp), vector.signature])
        #expect(throws: Never.self) {
            try WebhookVerifier.verify(
                id: vector.id, timestamp: String(vector.timestamp), signature: vector.signature, body: body, keys: [key], now: timestamp)
        }
    }

    /// One vector's key has 23 bytes, which the specification's rule (24 to 64) forbids: its signature is right, but such a key is refused.
    private func key(of vector: Vectors.Signing) throws -> SigningKey {
        guard vector.name == "unpadded_secret_1" else { return try SigningKey(validating: Secret(vector.secret)) }
        #expect(throws: InvalidSigningSecret.tooShort(bytes: 23)) { try SigningKey(validating: Secret(vector.secret)) }
        let bytes = try #require(Data(base64Encoded: vector.secret.dropFirst("whsec_".count) + "="))
        return SigningKey(symmetric: Array(bytes))
    }

    @Test("are signed as published with Ed25519", arguments: Vectors.all.sign_ed25519)
    func signEd25519(vector: Vectors.Ed25519Signing) throws {
        let timestamp = Timestamp(unixSeconds: vector.timestamp)
        let body = Array(vector.payload.utf8)
        let key = try SigningKey(validating: Secret("whsk_" + vector.private_key_b64))
        let headers = WebhookSigner.headers(id: vector.id, timestamp: timestamp, body: body, keys: [key])
        #expect(headers.last?.value == vector.signature)
        for secret in ["whpk_" + vector.public_key_b64, "whsk_" + vector.private_key_b64] {
            let verifying = try VerifyingKey(validating: Secret(secret))
            #expect(throws: Never.self) {
                try WebhookVerifier.verify(
                    id: vector.id, timestamp: String(vector.timestamp), signature: vector.signature, body: body, keys: [verifying],
                    now: timestamp)
            }
            #expect(throws: VerificationFailure.mismatch) {
                try WebhookVerifier.verify(
                    id: vector.id, timestamp: String(vector.timestamp), signature: vector.signature, body: body + [0x20], keys: [verifying],
                    now: timestamp)
            }
        }
    }

    @Test("are verified as expected", arguments: Vectors.all.verify)
    func verify(vector: Vectors.Verifying) throws {
        let outcome = Result { try verifyOnce(vector) }
        switch vector.expect {
        case "valid":
            #expect(throws: Never.self) { try outcome.get() }
        case "invalid":
            #expect(throws: VerificationFailure.self) { try outcome.get() }
        case "config_error":
            #expect(throws: InvalidSigningSecret.self) { try outcome.get() }
        default:
            // "either": libraries differ about a blank before the time. This one refuses it.
            #expect(throws: VerificationFailure.malformedTimestamp) { try outcome.get() }
        }
    }

    @Test(
        "are refused for the reason they were made for",
        arguments: [
            ("missing_id", VerificationFailure.missingHeader("webhook-id")),
            ("missing_timestamp", .missingHeader("webhook-timestamp")),
            ("missing_signature", .missingHeader("webhook-signature")),
            ("wrong_signature_one_char", .mismatch),
            ("partial_signature_8_chars", .mismatch),
            ("empty_signature_value", .mismatch),
            ("signature_without_version", .noKnownVersion),
            ("garbage_base64", .mismatch),
            ("unknown_version_only", .noKnownVersion),
            ("multi_signature_none_valid", .mismatch),
            ("timestamp_now_minus_301", .tooOld(by: .seconds(1))),
            ("timestamp_now_plus_301", .tooNew(by: .seconds(1))),
            ("timestamp_not_number", .malformedTimestamp),
            ("timestamp_float", .malformedTimestamp),
            ("timestamp_negative", .malformedTimestamp),
            ("timestamp_milliseconds", .tooNew(by: .seconds(1_614_265_330_000 - 1_614_265_330 - 300))),
            ("body_changed_one_byte", .mismatch),
            ("body_reserialised", .mismatch),
        ])
    func reasons(name: String, failure: VerificationFailure) throws {
        let vector = try #require(Vectors.all.verify.first { $0.name == name })
        #expect(throws: failure) { try verifyOnce(vector) }
    }

    private func verifyOnce(_ vector: Vectors.Verifying) throws {
        try WebhookVerifier.verify(
            id: vector.header("webhook-id"), timestamp: vector.header("webhook-timestamp"), signature: vector.header("webhook-signature"),
            body: Array(vector.body.utf8), keys: vector.secrets.map { try VerifyingKey(validating: Secret($0)) },
            now: Timestamp(unixSeconds: vector.now), tolerance: .seconds(vector.tolerance_s))
    }
}
