package import RingbackCore

/// The public halves of an endpoint's Ed25519 keys, for receivers that check `v1a` signatures. No secret: whoever has them can check
/// callbacks and not make any.
package struct PublicKeysObject: Codable, Sendable, Hashable {
    package struct Key: Codable, Sendable, Hashable {
        /// `whpk_…`
        package var publicKey: String
        /// When it stops signing, after a rotation.
        @Nullable package var expiresAt: APITime?

        private enum CodingKeys: String, CodingKey {
            case publicKey = "public_key"
            case expiresAt = "expires_at"
        }
    }

    package var object = "public_keys"
    package var endpoint: EndpointName
    /// Newest first.
    package var keys: [Key]
}
