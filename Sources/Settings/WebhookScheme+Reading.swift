import RingbackCore
import WebhookSignature

extension WebhookScheme {
    private static let hmacKeys = ["header", "encoding", "prefix", "timestamp_header"]

    /// Reads `ingest` of an upstream.
    ///
    /// - Returns: `nil` after a report.
    init?(reading fields: Fields) {
        let secret = fields.secret("secret")
        if !fields.has("secret"), !fields.has("secret_file") {
            fields.reportMissing("secret", example: "${VENDOR_WEBHOOK_SECRET}")
        }
        let scheme: WebhookScheme?
        switch Self.kind(in: fields) {
        case .standardWebhooks:
            fields.refuse(Self.hmacKeys, "belongs to scheme: hmac_sha256", suggestion: "remove it: Standard Webhooks has its own headers")
            scheme = secret.flatMap { Self.standardWebhooks(secret: $0, in: fields) }
        case .hmacSHA256:
            let hmac = HMACWebhookScheme(
                secret: secret ?? Secret(""),
                header: Self.header("header", in: fields) ?? HMACWebhookScheme.defaultHeader,
                encoding: fields.choice("encoding", default: .hex),
                prefix: fields.text("prefix") ?? "",
                timestampHeader: Self.header("timestamp_header", in: fields))
            scheme = secret == nil ? nil : .hmacSHA256(hmac)
        case nil:
            fields.allow(keys: Self.hmacKeys)
            scheme = nil
        }
        fields.finish()
        guard let scheme else { return nil }
        self = scheme
    }

    private static func kind(in fields: Fields) -> Kind? {
        guard let value = fields.value("scheme") else {
            fields.reportMissing("scheme", example: "standard_webhooks (as OpenAI signs) or hmac_sha256")
            return nil
        }
        return fields.choice(of: value, path: fields.subpath("scheme"))
    }

    private static func standardWebhooks(secret: Secret, in fields: Fields) -> WebhookScheme? {
        do {
            _ = try VerifyingKey(validating: secret)
            return .standardWebhooks(secret: secret)
        } catch {
            fields.report("\(error)", at: fields.has("secret") ? "secret" : "secret_file")
            return nil
        }
    }

    private static func header(_ key: String, in fields: Fields) -> String? {
        guard let header = fields.text(key) else { return nil }
        guard HeaderText.isName(header) else {
            fields.report("'\(header)' is not the name of a header", at: key, suggestion: "write for example X-Webhook-Signature")
            return nil
        }
        return header
    }
}
