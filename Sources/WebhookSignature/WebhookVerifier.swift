import Cryptography
package import RingbackCore

/// Checks callbacks the way a receiver should (Standard Webhooks, "Verifying signatures").
package enum WebhookVerifier {
    /// How far the sender's clock and ours may differ, unless somebody says otherwise.
    package static let defaultTolerance: Duration = .seconds(300)
    /// How many signatures of one header are looked at: senders rotate keys, they do not send lists.
    package static let maximumSignatures = 32

    /// Returns when one signature fits under one of the keys, and throws otherwise. A time exactly `tolerance` away is still good.
    ///
    /// Signatures of unknown versions are skipped. Signatures are compared in constant time, as the exact texts a signer would write.
    ///
    /// - Parameters:
    ///   - id: The value of `webhook-id`; `nil` when there is no such header. So for the other two.
    ///   - body: The body as it was received.
    /// - Throws: ``VerificationFailure``.
    package static func verify(
        id: String?, timestamp: String?, signature: String?, body: [UInt8], keys: [VerifyingKey], now: Timestamp,
        tolerance: Duration = defaultTolerance
    ) throws(VerificationFailure) {
        let id = try present(id, WebhookSigner.idHeader)
        let timestamp = try present(timestamp, WebhookSigner.timestampHeader)
        let signature = try present(signature, WebhookSigner.signatureHeader)
        try checkTime(timestamp, now: now, tolerance: tolerance)
        let signatures = signature.split(separator: " ", maxSplits: maximumSignatures).prefix(maximumSignatures).map(String.init)
        let prefix = SignatureVersion.signedPrefix(id: id, timestamp: timestamp)
        var sawKnownVersion = false
        for key in keys {
            switch key.check(signatures, prefix: prefix, body: body) {
            case .fits: return
            case .differs: sawKnownVersion = true
            case .otherVersions: continue
            }
        }
        throw sawKnownVersion ? .mismatch : .noKnownVersion
    }

    /// The same with the keys of a signer.
    package static func verify(
        id: String?, timestamp: String?, signature: String?, body: [UInt8], keys: [SigningKey], now: Timestamp,
        tolerance: Duration = defaultTolerance
    ) throws(VerificationFailure) {
        try verify(
            id: id, timestamp: timestamp, signature: signature, body: body, keys: keys.map(\.verifyingKey), now: now, tolerance: tolerance)
    }

    static func present(_ value: String?, _ name: String) throws(VerificationFailure) -> String {
        guard let value, !value.isEmpty else { throw .missingHeader(name) }
        return value
    }

    static func checkTime(_ text: String, now: Timestamp, tolerance: Duration) throws(VerificationFailure) {
        // Digits alone, so that no two spellings of one time are both good: the text itself is what was signed.
        guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let seconds = Int64(text) else {
            throw .malformedTimestamp
        }
        let age = Duration.seconds(now.unixSeconds) - .seconds(seconds)
        if age > tolerance { throw .tooOld(by: age - tolerance) }
        if age < .zero - tolerance { throw .tooNew(by: .zero - age - tolerance) }
    }
}

extension VerifyingKey {
    fileprivate enum Finding {
        case fits
        case differs
        /// None of the signatures is of this key's version.
        case otherVersions
    }

    fileprivate func check(_ signatures: [String], prefix: [UInt8], body: [UInt8]) -> Finding {
        switch kind {
        case .hmac(let hmac):
            let candidates = signatures.filter { $0.hasPrefix("\(SignatureVersion.v1.rawValue),") }
            guard !candidates.isEmpty else { return .otherVersions }
            let expected = Array(SignatureVersion.v1.text(of: hmac.authenticationCode(for: prefix, body)).utf8)
            return candidates.contains { ConstantTime.equals(Array($0.utf8), expected) } ? .fits : .differs
        case .ed25519(let key):
            let start = "\(SignatureVersion.v1a.rawValue),"
            let candidates = signatures.filter { $0.hasPrefix(start) }
            guard !candidates.isEmpty else { return .otherVersions }
            let fits = candidates.contains { candidate in
                // Anybody may know the public key and the signature, so nothing here needs constant time.
                Base64.decode(String(candidate.dropFirst(start.count))).map { key.verifies($0, for: prefix + body) } ?? false
            }
            return fits ? .fits : .differs
        }
    }
}
