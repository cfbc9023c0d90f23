import Foundation
import RingbackCore
import WebhookSignature

extension WebhookTarget {
    /// The keys that only an endpoint with a `url` has.
    static let keys = [
        "secret", "secret_file", "previous_secrets", "hub_secret", "hub_secret_file", "payload", "headers", "bearer_token",
        "bearer_token_file", "basic_auth", "ca_file",
        "client_certificate_file", "client_key_file", "oauth2", "handshake", "proxy",
    ]

    /// Lower-case names of headers that belong to the callback itself (contract, section 6).
    private static let reservedHeaders: [String: String] = HeaderText.framing.merging(
        [
            "webhook-id", "webhook-timestamp", "webhook-signature", "webhook-request-origin", "webhook-request-rate", "x-hub-signature-256",
            "traceparent", "tracestate",
            "content-type",
            "user-agent",
        ].map { ($0, "remove it") },
        uniquingKeysWith: { first, _ in first }
    )

    /// - Returns: `nil` after a report.
    init?(reading fields: Fields) {
        let url = fields.url("url")
        let secrets = Self.signingSecrets(in: fields)
        let hubSecret = Self.hubSecret(in: fields)
        let payload = fields.choice("payload", default: PayloadForm.thin)
        let authorization = Self.authorization(in: fields)
        var reserved = Self.reservedHeaders
        if fields.has("oauth2") { reserved["authorization"] = "it carries the access token: keep one of them" }
        if authorization != nil { reserved["authorization"] = "it carries the bearer_token or basic_auth: keep one of them" }
        var headers = fields.headers(reserved: reserved)
        if let authorization { headers.append(HeaderField("Authorization", authorization)) }
        let caFile = fields.readableFile("ca_file")
        let certificate = Self.certificate(in: fields)
        let credentials = ClientCredentials.reading("oauth2", of: fields, isBesides: authorization != nil)
        let handshake = Self.handshake(in: fields)
        let proxy = ProxyRule.reading("proxy", of: fields)
        guard let url else { return nil }
        self.init(
            url: url.text, secrets: secrets, hubSecret: hubSecret, payload: payload, headers: headers, caFile: caFile,
            certificate: certificate, credentials: credentials, handshake: handshake, proxy: proxy)
    }

    /// The secret and, during a rotation, its predecessors with the time until which they sign.
    private static func signingSecrets(in fields: Fields) -> [SigningSecret] {
        let secret = signingSecret(in: fields).map { SigningSecret($0) }
        let previous = fields.tables("previous_secrets").compactMap { previous -> SigningSecret? in
            let secret = signingSecret(in: previous)
            let until = previous.text("until")
            let time = until.flatMap { Timestamp(rfc3339: $0) }
            if let until, time == nil {
                previous.report("'\(until)' is not a time", at: "until", suggestion: "write for example 2026-12-01T00:00:00Z")
            }
            if !previous.has("until") { previous.reportMissing("until", example: "2026-12-01T00:00:00Z") }
            if !previous.has("secret"), !previous.has("secret_file") { previous.reportMissing("secret", example: "${OLD_WEBHOOK_SECRET}") }
            previous.finish()
            return secret.map { SigningSecret($0, expiresAt: time) }
        }
        if !previous.isEmpty, !fields.has("secret"), !fields.has("secret_file") {
            fields.report("there is no 'secret' they precede", at: "previous_secrets", suggestion: "write the new one as secret")
        }
        if previous.count >= maximumSecrets {
            fields.report("more than \(maximumSecrets - 1) secrets", at: "previous_secrets", suggestion: "remove those that have ended")
        }
        return [secret].compactMap { $0 } + previous
    }

    private static func hubSecret(in fields: Fields) -> Secret? {
        guard let secret = fields.secret("hub_secret") else { return nil }
        guard HubSignature.secretBytes.contains(secret.reveal().utf8.count) else {
            let bounds = HubSignature.secretBytes
            fields.report(
                "has too few or too many bytes", at: fields.has("hub_secret") ? "hub_secret" : "hub_secret_file",
                suggestion: "write \(bounds.lowerBound) to \(bounds.upperBound)")
            return nil
        }
        return secret
    }

    private static func signingSecret(in fields: Fields) -> Secret? {
        guard let secret = fields.secret("secret") else { return nil }
        do {
            _ = try SigningKey(validating: secret)
            return secret
        } catch {
            fields.report("\(error)", at: fields.has("secret") ? "secret" : "secret_file")
            return nil
        }
    }

    private static func certificate(in fields: Fields) -> ClientCertificate? {
        let certificate = fields.readableFile("client_certificate_file")
        let key = fields.readableFile("client_key_file")
        if fields.has("client_key_file"), !fields.has("client_certificate_file") {
            fields.report("there is no 'client_certificate_file' it belongs to", at: "client_key_file", suggestion: "name both files")
        }
        // One file may hold both, as many tools write them.
        return certificate.map { ClientCertificate(certificateFile: $0, keyFile: key ?? $0) }
    }

    private static func handshake(in fields: Fields) -> WebhookHandshake? {
        guard let handshake = fields.fields("handshake") else { return nil }
        let origin = handshake.text("origin")
        let rate = handshake.has("rate") ? handshake.integer("rate", default: 1, in: WebhookHandshake.rates) : nil
        handshake.finish()
        guard let origin else {
            handshake.reportMissing("origin", example: "bridge.example.com")
            return nil
        }
        do {
            return try WebhookHandshake(origin: origin, requestedRate: rate)
        } catch {
            handshake.report(error.description, at: "origin", suggestion: "write for example bridge.example.com")
            return nil
        }
    }

    // MARK: Authorization

    private static func authorization(in fields: Fields) -> Secret? {
        let bearer = fields.headerSecret("bearer_token").map { Secret("Bearer " + $0.reveal()) }
        let basic = basicAuthorization(in: fields)
        let bearerKey = fields.has("bearer_token") ? "bearer_token" : "bearer_token_file"
        if fields.has(bearerKey), fields.has("basic_auth") {
            fields.report("'basic_auth' beside '\(bearerKey)'", at: "basic_auth", suggestion: "keep one of them")
        }
        return bearer ?? basic
    }

    /// RFC 7617, section 2: base64 of name, colon and password, in UTF-8.
    private static func basicAuthorization(in fields: Fields) -> Secret? {
        guard let value = fields.value("basic_auth") else { return nil }
        if case .text = value.content {
            fields.report(
                "expected a mapping", at: "basic_auth", suggestion: "write basic_auth: { username: ringback, password: ${PASSWORD} }")
            return nil
        }
        guard let basic = fields.fields("basic_auth") else { return nil }
        let username = basic.text("username")
        let password = basic.secret("password")
        if !basic.has("username") { basic.reportMissing("username", example: "ringback") }
        if !basic.has("password"), !basic.has("password_file") { basic.reportMissing("password", example: "${PASSWORD}") }
        basic.finish()
        guard let username, let password else { return nil }
        guard !username.contains(":"), HeaderText.isValue(username) else {
            basic.report("a user name has no colon and no control characters", at: "username")
            return nil
        }
        return Secret("Basic " + Data("\(username):\(password.reveal())".utf8).base64EncodedString())
    }
}
