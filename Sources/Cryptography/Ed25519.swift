import COpenSSL

/// Ed25519 signatures (RFC 8032, section 5.1), by OpenSSL.
package enum Ed25519 {
    /// The length of a seed and of a public key.
    package static let keyBytes = 32
    package static let signatureBytes = 64

    /// A key that signs.
    ///
    /// `@unchecked Sendable`: `key` is written in `init` only, OpenSSL counts references to it atomically, and signing reads it.
    package final class PrivateKey: @unchecked Sendable {
        private let key: OpaquePointer
        package let publicKey: PublicKey

        /// - Parameter seed: ``Ed25519/keyBytes`` random bytes, from which everything else is derived.
        package init(seed: [UInt8]) {
            precondition(seed.count == keyBytes, "an Ed25519 seed has 32 bytes")
            var publicBytes = [UInt8](repeating: 0, count: keyBytes)
            var length = publicBytes.count
            guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count),
                EVP_PKEY_get_raw_public_key(key, &publicBytes, &length) == 1
            else { preconditionFailure("OpenSSL offers no Ed25519") }
            self.key = key
            publicKey = PublicKey(bytes: publicBytes)
        }

        deinit {
            EVP_PKEY_free(key)
        }

        /// - Returns: ``Ed25519/signatureBytes`` bytes; the same for the same message.
        package func signature(for message: [UInt8]) -> [UInt8] {
            guard let context = EVP_MD_CTX_new() else { preconditionFailure("OpenSSL has no memory for a signature") }
            defer { EVP_MD_CTX_free(context) }
            var signature = [UInt8](repeating: 0, count: signatureBytes)
            var length = signature.count
            // Ed25519 is one-shot: no digest is named and there is no update step (OpenSSL: EVP_PKEY-ED25519).
            let status =
                EVP_DigestSignInit(context, nil, nil, nil, key) == 1
                && EVP_DigestSign(context, &signature, &length, message, message.count) == 1
            precondition(status && length == signatureBytes, "OpenSSL could not make an Ed25519 signature")
            return signature
        }
    }

    /// A key that verifies.
    package struct PublicKey: Sendable, Hashable {
        /// ``Ed25519/keyBytes`` bytes.
        package let bytes: [UInt8]

        package init(bytes: [UInt8]) {
            precondition(bytes.count == keyBytes, "an Ed25519 public key has 32 bytes")
            self.bytes = bytes
        }

        /// - Returns: Whether `signature` was made over `message` by the private half; `false` too for what is no proper signature or key.
        package func verifies(_ signature: [UInt8], for message: [UInt8]) -> Bool {
            guard signature.count == signatureBytes,
                let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
            else { return false }
            defer { EVP_PKEY_free(key) }
            guard let context = EVP_MD_CTX_new() else { preconditionFailure("OpenSSL has no memory for a signature") }
            defer { EVP_MD_CTX_free(context) }
            // What a failed verification leaves in the thread's error queue is of no use to anybody.
            defer { ERR_clear_error() }
            return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
                && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
        }
    }
}
