/// The certificate shown to servers that ask for one (libcurl: CURLOPT_SSLCERT, CURLOPT_SSLKEY; PEM files).
package struct TransferIdentity: Sendable, Hashable {
    /// The certificate and, after it, those that lead to its authority.
    package var certificateFile: String
    /// The private key, without a passphrase.
    package var keyFile: String

    package init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
