import COpenSSL

/// HMAC with SHA-256 (RFC 2104, FIPS 198-1) under one key, by OpenSSL's `EVP_MAC`.
///
/// The key is prepared once; each code is made on a copy of that state, which costs less than preparing the key anew.
///
/// `@unchecked Sendable`: `keyed` is written in `init` only. Afterwards it is merely read, by `EVP_MAC_CTX_dup`, whose source is `const`,
/// and freed when nobody refers to it any more.
package final class HMACSHA256: @unchecked Sendable {
    /// The length of a code.
    package static let byteCount = 32

    private let keyed: OpaquePointer

    /// - Parameter key: At least one byte. The signature scheme above decides which lengths are wise.
    package init(key: [UInt8]) {
        precondition(!key.isEmpty, "an HMAC needs a key")
        let algorithm = EVP_MAC_fetch(nil, OSSL_MAC_NAME_HMAC, nil)
        // The context keeps its own reference to the algorithm.
        defer { EVP_MAC_free(algorithm) }
        guard let algorithm, let context = EVP_MAC_CTX_new(algorithm) else { preconditionFailure("OpenSSL offers no HMAC") }
        var digestName = Array("SHA256".utf8CString)
        let status = digestName.withUnsafeMutableBufferPointer { name in
            var parameters = [OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.baseAddress, 0), OSSL_PARAM_construct_end()]
            return EVP_MAC_init(context, key, key.count, &parameters)
        }
        // Only a missing provider or missing memory can make this fail: no signature could be trusted then.
        precondition(status == 1, "OpenSSL offers no HMAC with SHA-256")
        keyed = context
    }

    deinit {
        EVP_MAC_CTX_free(keyed)
    }

    /// The code over `parts`, as if they were one text.
    ///
    /// - Returns: ``byteCount`` bytes.
    package func authenticationCode(for parts: [UInt8]...) -> [UInt8] {
        guard let context = EVP_MAC_CTX_dup(keyed) else { preconditionFailure("OpenSSL has no memory for an HMAC") }
        defer { EVP_MAC_CTX_free(context) }
        for part in parts where !part.isEmpty {
            precondition(EVP_MAC_update(context, part, part.count) == 1, "OpenSSL could not go on with an HMAC")
        }
        var code = [UInt8](repeating: 0, count: Self.byteCount)
        var length = 0
        let status = EVP_MAC_final(context, &code, &length, code.count)
        precondition(status == 1 && length == Self.byteCount, "OpenSSL could not finish an HMAC")
        return code
    }
}
