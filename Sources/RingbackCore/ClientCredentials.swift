/// How an access token for a receiver is got: the client credentials grant of OAuth 2.0 (RFC 6749, section 4.4).
package struct ClientCredentials: Sendable, Hashable {
    /// How the client shows who it is (RFC 6749, section 2.3.1).
    package enum Authentication: String, Sendable, Hashable, CaseIterable {
        /// In an `Authorization: Basic` header; every server has to take it.
        case basic
        /// In the body, for servers that want it there.
        case body
    }

    package var tokenURL: String
    package var clientID: String
    package var clientSecret: Secret
    /// Space-separated; `nil` leaves the choice to the server.
    package var scope: String?
    /// The `audience` some servers want.
    package var audience: String?
    package var authentication: Authentication
    /// PEM file with the certificate authorities to trust for the token's URL instead of the system's.
    package var caFile: String?

    package init(
        tokenURL: String, clientID: String, clientSecret: Secret, scope: String? = nil, audience: String? = nil,
        authentication: Authentication = .basic, caFile: String? = nil
    ) {
        self.tokenURL = tokenURL
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.scope = scope
        self.audience = audience
        self.authentication = authentication
        self.caFile = caFile
    }
}
