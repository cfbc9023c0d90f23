import COpenSSL

/// SHA-256 (FIPS 180-4), by OpenSSL.
package enum SHA256 {
    /// - Returns: 32 bytes.
    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let status = EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        // EVP_Digest fails only without memory or without a SHA-256 provider: no result could be trusted then.
        precondition(status == 1, "OpenSSL offers no SHA-256")
        return digest
    }
}
