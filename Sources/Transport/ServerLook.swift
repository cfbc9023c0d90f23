package import RingbackCore

/// What a server showed when a connection was made to it, and nothing was sent.
package struct ServerLook: Sendable, Hashable {
    /// Why there is no connection that could be used; `nil` when there is.
    package var error: TransportError?
    /// The address that was reached.
    package var address: String?
    /// The certificates it showed, its own first; none without TLS. They are here also when they are not believed.
    package var certificates: [Certificate]

    package struct Certificate: Sendable, Hashable {
        /// Whose it is, in OpenSSL's notation.
        package let subject: String
        package let expires: Timestamp

        package init(subject: String, expires: Timestamp) {
            self.subject = subject
            self.expires = expires
        }
    }

    package init(error: TransportError? = nil, address: String? = nil, certificates: [Certificate] = []) {
        self.error = error
        self.address = address
        self.certificates = certificates
    }
}
