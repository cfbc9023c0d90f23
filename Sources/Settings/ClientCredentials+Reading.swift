import RingbackCore

extension ClientCredentials {
    /// Reads `oauth2: { token_url, client_id, client_secret, scope, audience, client_auth, ca_file }`.
    ///
    /// - Parameter isBesides: Whether something else fills the `Authorization` header already.
    /// - Returns: `nil` when there is none, or after a report.
    static func reading(_ key: String, of fields: Fields, isBesides: Bool) -> ClientCredentials? {
        guard let oauth2 = fields.fields(key) else { return nil }
        if isBesides { fields.report("'\(key)' beside 'bearer_token' or 'basic_auth'", at: key, suggestion: "keep one of them") }
        let url = oauth2.url("token_url")
        let id = oauth2.text("client_id")
        let secret = oauth2.secret("client_secret")
        let scope = oauth2.text("scope")
        let audience = oauth2.text("audience")
        let authentication = oauth2.choice("client_auth", default: Authentication.basic)
        let caFile = oauth2.readableFile("ca_file")
        if !oauth2.has("token_url"), !oauth2.has("token_url_file") {
            oauth2.reportMissing("token_url", example: "https://login.example.com/oauth2/token")
        }
        if !oauth2.has("client_id") { oauth2.reportMissing("client_id", example: "ringback") }
        if !oauth2.has("client_secret"), !oauth2.has("client_secret_file") {
            oauth2.reportMissing("client_secret", example: "${CLIENT_SECRET}")
        }
        oauth2.finish()
        guard let url, let id, let secret else { return nil }
        return ClientCredentials(
            tokenURL: url.text, clientID: id, clientSecret: secret, scope: scope, audience: audience, authentication: authentication,
            caFile: caFile)
    }
}
