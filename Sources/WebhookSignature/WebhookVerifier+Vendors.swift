import Cryptography
package import RingbackCore

/// Checking what vendors sign in their own ways.
extension WebhookVerifier {
    /// Returns when the signature fits, and throws otherwise; compared in constant time.
    ///
    /// - Parameters:
    ///   - header: The value of a header of the request, by its name in any case.
    ///   - body: The body as it was received.
    /// - Throws: ``VerificationFailure``.
    package static func verify(
        _ scheme: WebhookScheme, header: (String) -> String?, body: [UInt8], now: Timestamp
    ) throws(VerificationFailure) {
        switch scheme {
        case .standardWebhooks(let secret):
            try verify(
                id: header(WebhookSigner.idHeader), timestamp: header(WebhookSigner.timestampHeader),
                signature: header(WebhookSigner.signatureHeader), body: body, keys: keys(secret), now: now)
        case .hmacSHA256(let scheme):
            try verify(scheme, header: header, body: body, now: now)
        }
    }

    /// A secret that makes no key fits no signature; the settings refuse it before.
    private static func keys(_ secret: Secret) -> [VerifyingKey] {
        do {
            return [try VerifyingKey(validating: secret)]
        } catch {
            return []
        }
    }

    private static func verify(
        _ scheme: HMACWebhookScheme, header: (String) -> String?, body: [UInt8], now: Timestamp
    ) throws(VerificationFailure) {
        let signature = try present(header(scheme.header), scheme.header)
        var signedPrefix: [UInt8] = []
        if let name = scheme.timestampHeader {
            let timestamp = try present(header(name), name)
            try checkTime(timestamp, now: now, tolerance: defaultTolerance)
            signedPrefix = Array("\(timestamp).".utf8)
        }
        guard !scheme.secret.isEmpty, signature.hasPrefix(scheme.prefix) else { throw .mismatch }
        let code = HMACSHA256(key: Array(scheme.secret.reveal().utf8)).authenticationCode(for: signedPrefix, body)
        let given = signature.dropFirst(scheme.prefix.count)
        let fits =
            switch scheme.encoding {
            case .hex: ConstantTime.equals(Array(given.lowercased().utf8), Array(Hex.encode(code).utf8))
            case .base64: Base64.decode(String(given)).map { ConstantTime.equals($0, code) } ?? false
            }
        guard fits else { throw .mismatch }
    }
}
