import COpenSSL

/// Authenticated encryption with AES-256 in Galois/Counter Mode (NIST SP 800-38D), by OpenSSL's EVP.
///
/// What was sealed opens only under the same key, with the same associated data, and unchanged to the last bit. The associated data is
/// not part of the result: it says what the result is about, and whoever opens it has to know that.
///
/// **Limits.** A nonce must never repeat under one key: it would give away the difference of two texts and the key of the tags. Nonces are
/// 96 random bits, for which SP 800-38D (section 8.3) allows 2^32 seals under one key; at a thousand a second that is 49 days of sealing
/// without a break, and a store that comes near it should get a new key. One text has at most 2 GiB, because OpenSSL counts it in an
/// `int`; the mode itself would end at 64 GiB.
///
/// `@unchecked Sendable`: `cipher` and `key` are written in `init` only. Afterwards they are merely read, and the cipher, whose references
/// OpenSSL counts atomically, is freed when nobody refers to it any more.
package final class AESGCM: @unchecked Sendable {
    /// The length of a key.
    package static let keyBytes = 32
    package static let nonceBytes = 12
    package static let tagBytes = 16

    /// A text that was sealed.
    package struct Box: Sendable, Hashable {
        /// ``AESGCM/nonceBytes`` bytes; no secret.
        package let nonce: [UInt8]
        /// As long as the text.
        package let ciphertext: [UInt8]
        /// ``AESGCM/tagBytes`` bytes.
        package let tag: [UInt8]

        package init(nonce: [UInt8], ciphertext: [UInt8], tag: [UInt8]) {
            self.nonce = nonce
            self.ciphertext = ciphertext
            self.tag = tag
        }
    }

    private let cipher: OpaquePointer
    private let key: [UInt8]

    /// - Parameter key: ``keyBytes`` random bytes.
    package init(key: [UInt8]) {
        precondition(key.count == Self.keyBytes, "AES-256 has keys of 32 bytes")
        // Fetched once: with the cipher that EVP_aes_256_gcm returns OpenSSL would search its providers at every use.
        guard let cipher = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil) else { preconditionFailure("OpenSSL offers no AES-256-GCM") }
        self.cipher = cipher
        self.key = key
    }

    deinit {
        EVP_CIPHER_free(cipher)
    }

    /// Seals `text` under a fresh random nonce.
    package func seal(_ text: [UInt8], associatedData: [UInt8]) -> Box {
        seal(text, associatedData: associatedData, nonce: SecureRandom.bytes(Self.nonceBytes))
    }

    /// For published vectors, whose nonce is given.
    func seal(_ text: [UInt8], associatedData: [UInt8], nonce: [UInt8]) -> Box {
        let context = newContext()
        defer { EVP_CIPHER_CTX_free(context) }
        var ciphertext = [UInt8](repeating: 0, count: text.count)
        var rest = [UInt8](repeating: 0, count: Self.tagBytes)
        var tag = [UInt8](repeating: 0, count: Self.tagBytes)
        var length: Int32 = 0
        let status =
            EVP_EncryptInit_ex2(context, cipher, key, nonce, nil) == 1
            && (associatedData.isEmpty || EVP_EncryptUpdate(context, nil, &length, associatedData, count(associatedData)) == 1)
            && (text.isEmpty || EVP_EncryptUpdate(context, &ciphertext, &length, text, count(text)) == 1)
            // The mode works byte by byte, so nothing is left for the end; OpenSSL wants a place for it all the same.
            && EVP_EncryptFinal_ex(context, &rest, &length) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), &tag) == 1
        precondition(status, "OpenSSL could not seal a text")
        return Box(nonce: nonce, ciphertext: ciphertext, tag: tag)
    }

    /// - Returns: The text; `nil` when the box was not made with this key and this associated data, or was changed since. Nothing of a text
    ///   that is not genuine gets out.
    package func open(_ box: Box, associatedData: [UInt8]) -> [UInt8]? {
        guard box.nonce.count == Self.nonceBytes, box.tag.count == Self.tagBytes else { return nil }
        let context = newContext()
        defer { EVP_CIPHER_CTX_free(context) }
        // What a failed check leaves in the thread's error queue is of no use to anybody.
        defer { ERR_clear_error() }
        var text = [UInt8](repeating: 0, count: box.ciphertext.count)
        var rest = [UInt8](repeating: 0, count: Self.tagBytes)
        var tag = box.tag
        var length: Int32 = 0
        let isGenuine =
            EVP_DecryptInit_ex2(context, cipher, key, box.nonce, nil) == 1
            && (associatedData.isEmpty || EVP_DecryptUpdate(context, nil, &length, associatedData, count(associatedData)) == 1)
            && (text.isEmpty || EVP_DecryptUpdate(context, &text, &length, box.ciphertext, count(box.ciphertext)) == 1)
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagBytes), &tag) == 1
            // OpenSSL compares the tags here, in constant time.
            && EVP_DecryptFinal_ex(context, &rest, &length) == 1
        return isGenuine ? text : nil
    }

    private func newContext() -> OpaquePointer {
        guard let context = EVP_CIPHER_CTX_new() else { preconditionFailure("OpenSSL has no memory for a cipher") }
        return context
    }

    private func count(_ bytes: [UInt8]) -> Int32 {
        guard let count = Int32(exactly: bytes.count) else { preconditionFailure("a text to seal has at most 2 GiB") }
        return count
    }
}
