/// The certificate with which Ringback shows a receiver who it is (mutual TLS).
package struct ClientCertificate: Sendable, Hashable {
    /// PEM file with the certificate and, after it, those that lead to its authority.
    package var certificateFile: String
    /// PEM file with the private key, without a passphrase. May be the same file.
    package var keyFile: String

    package init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
