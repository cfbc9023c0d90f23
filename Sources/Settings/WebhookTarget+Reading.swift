import Foundation
import RingbackCore
import WebhookSignature

extension WebhookTarget {
    /// The keys that only an endpoint with a `url` has.
    static let keys = [
        "secret", "secret_file", "payload", "headers", "bearer_token", "bearer_token_file", "basic_auth", "ca_file",
        "client_certificate_file", "client_key_file", "oauth2", "handshake",
    ]

    /// Lower-case names of headers that belong to the callback itself (contract, section 6).
    private static let reservedHeaders: [String: String] = HeaderText.framing.merging(
        [
            "webhook-id", "webhook-timestamp", "webhook-signature", "webhook-request-origin", "webhook-request-rate", "content-type",
            "user-agent",
        ].map { ($0, "remove it") },
        uniquingKeysWith: { first, _ in first }
    )

    /// - Returns: `nil` after a report.
    init?(reading fields: Fields) {
        let url = fields.url("url")
        let secret = Self.signingSecret(in: fields)
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
        guard let url else { return nil }
        self.init(
            url: url.text, secrets: secret.map { [SigningSecret($0)] } ?? [], payload: payload, headers: headers, caFile: caFile,
            certificate: certificate, credentials: credentials, handshake: handshake)
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
