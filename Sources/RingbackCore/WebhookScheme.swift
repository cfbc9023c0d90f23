/// How a vendor's own webhooks are told from forged ones: `ingest` of an upstream.
package enum WebhookScheme: Sendable, Hashable {
    /// Standard Webhooks, as OpenAI signs: the secret is a `whsec_` text.
    case standardWebhooks(secret: Secret)
    /// HMAC-SHA256 in one header, as MKA1 and many others sign.
    case hmacSHA256(HMACWebhookScheme)

    /// The schemes by name, as the configuration writes them.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case standardWebhooks = "standard_webhooks"
        case hmacSHA256 = "hmac_sha256"
    }

    package var kind: Kind {
        switch self {
        case .standardWebhooks: .standardWebhooks
        case .hmacSHA256: .hmacSHA256
        }
    }
}

/// A signature of one header: ``prefix``, then the code in ``encoding``.
///
/// Signed is the body, or `timestamp.body` where the vendor sends a timestamp. The key is the secret's text in UTF-8.
package struct HMACWebhookScheme: Sendable, Hashable {
    package enum Encoding: String, Sendable, Hashable, CaseIterable {
        /// Of either case.
        case hex
        case base64
    }

    package static let defaultHeader = "X-Webhook-Signature"

    package var secret: Secret
    package var header: String
    package var encoding: Encoding
    /// What stands before the code, such as `sha256=`; usually empty.
    package var prefix: String
    /// The header with the time of signing, in whole seconds since 1970; `nil`: the vendor sends none, and old webhooks cannot be told.
    package var timestampHeader: String?

    package init(
        secret: Secret, header: String = defaultHeader, encoding: Encoding = .hex, prefix: String = "", timestampHeader: String? = nil
    ) {
        self.secret = secret
        self.header = header
        self.encoding = encoding
        self.prefix = prefix
        self.timestampHeader = timestampHeader
    }
}
