package import RingbackCore

/// A block of addresses in CIDR notation (RFC 4632, section 3.1; RFC 4291, section 2.3).
package struct IPNetwork: Sendable, Hashable, CustomStringConvertible {
    /// The first address: no bit is set beyond the prefix.
    package let base: IPAddress
    /// 0 to 32 for IPv4, 0 to 128 for IPv6.
    package let prefix: Int

    /// - Parameter address: Any address of the block.
    package init(holding address: IPAddress, prefix: Int) {
        let width = address.bytes.count * 8
        precondition(0...width ~= prefix, "a prefix is as long as its address at most")
        var bytes = address.bytes
        for index in bytes.indices {
            let kept = min(max(prefix - index * 8, 0), 8)
            bytes[index] &= UInt8(truncatingIfNeeded: 0xFF00 >> kept)
        }
        base = IPAddress(bytes: bytes) ?? address
        self.prefix = prefix
    }

    /// Reads `10.0.0.0/8`.
    ///
    /// - Returns: `nil` when it is no network, or when bits are set beyond the prefix: such a text means less or more than it seems to.
    package init?(_ text: some StringProtocol) {
        guard let slash = text.lastIndex(of: "/"), let address = IPAddress(text[..<slash]) else { return nil }
        guard let prefix = Self.prefix(text[text.index(after: slash)...]), prefix <= address.bytes.count * 8 else { return nil }
        self.init(holding: address, prefix: prefix)
        guard base == address else { return nil }
    }

    /// Decimal, without sign and leading zeros.
    static func prefix(_ text: some StringProtocol) -> Int? {
        guard let number = Int(text), "\(number)" == text, number >= 0 else { return nil }
        return number
    }

    /// Whether it is one address.
    package var isSingle: Bool { prefix == base.bytes.count * 8 }

    package func contains(_ address: IPAddress) -> Bool {
        address.bytes.count == base.bytes.count && IPNetwork(holding: address, prefix: prefix).base == base
    }

    package var description: String { "\(base)/\(prefix)" }
}
