import COpenSSL

/// Random bytes fit for keys and for names nobody can guess, by OpenSSL's seeded generator.
package enum SecureRandom {
    /// - Parameter count: How many bytes; 0 or more.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let status = RAND_bytes(&bytes, Int32(count))
        // RAND_bytes fails only without a source of entropy: a key made without one would be worse than none.
        precondition(status == 1, "OpenSSL has no source of randomness")
        return bytes
    }
}
