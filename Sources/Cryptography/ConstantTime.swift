import COpenSSL

/// Comparisons that take the same time whatever the contents are.
package enum ConstantTime {
    /// Whether both are the same bytes. The time depends on the lengths, which are no secret, and not on where the bytes differ.
    package static func equals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
