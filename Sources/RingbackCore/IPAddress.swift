/// An IPv4 or IPv6 address, without a zone: what a socket connects to.
///
/// The one reader of such texts: URLs, `listen`, `allow_networks` and the guard all go by it.
package struct IPAddress: Sendable, Hashable {
    /// 4 or 16, in network order.
    package let bytes: [UInt8]

    /// - Returns: `nil` unless there are 4 or 16 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads the one form of an address that all programs read in the same way.
    ///
    /// IPv4 is four decimal numbers from 0 to 255 without leading zeros. IPv6 (RFC 4291, section 2.2) is eight hexadecimal groups, with at
    /// most one `::` for one or more groups of zeros, perhaps with an IPv4 address in place of the last two; without brackets and zone.
    package init?(_ text: some StringProtocol) {
        let text = Array(text.utf8)[...]
        guard let bytes = text.contains(UInt8(ascii: ":")) ? Self.ipv6(text) : Self.ipv4(text) else { return nil }
        self.bytes = bytes
    }

    package var isIPv4: Bool { bytes.count == 4 }

    /// The IPv4 address in an IPv4-mapped one (`::ffff:192.0.2.1`, RFC 4291, section 2.5.5.2): a socket reaches the same host by both.
    package var unmapped: IPAddress {
        guard bytes.count == 16, bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else { return self }
        return embedded(at: 12)
    }

    /// The IPv4 address that an IPv6 one carries from byte `offset` on.
    package func embedded(at offset: Int) -> IPAddress {
        precondition(bytes.count == 16 && 0...12 ~= offset, "an IPv4 address lies within an IPv6 address")
        return IPAddress(bytes: Array(bytes[offset..<(offset + 4)])) ?? self
    }

    // MARK: Reading

    private static func ipv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: [UInt8] = []
        for part in parts {
            guard 1...3 ~= part.count, part.allSatisfy(isDigit), part.count == 1 || part.first != UInt8(ascii: "0"),
                let number = UInt8(String(decoding: part, as: UTF8.self))
            else { return nil }
            address.append(number)
        }
        return address
    }

    private static func ipv6(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let colon = UInt8(ascii: ":")
        let gap = text.indices.dropLast().first { text[$0] == colon && text[$0 + 1] == colon }
        guard let gap else {
            let bytes = groups(text)
            return bytes?.count == 16 ? bytes : nil
        }
        let left = text[..<gap]
        let right = text[(gap + 2)...]
        // An IPv4 address may only end the whole, so the left side must not have one.
        guard !left.contains(UInt8(ascii: ".")), let head = left.isEmpty ? [] : groups(left), let tail = right.isEmpty ? [] : groups(right),
            head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let address = ipv4(part) else { return nil }
                bytes += address
            } else {
                guard 1...4 ~= part.count, part.allSatisfy(isHexDigit), let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
            }
        }
        return bytes.count <= 16 ? bytes : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text: RFC 5952, sections 4 and 5. Without brackets.
    package var description: String {
        if isIPv4 { return bytes.map { String($0) }.joined(separator: ".") }
        let plain = unmapped
        if plain.isIPv4 { return "::ffff:\(plain)" }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        let zeros = Self.longestZeros(groups)
        let texts = groups.map { String($0, radix: 16) }
        guard zeros.count > 1 else { return texts.joined(separator: ":") }
        return texts[..<zeros.lowerBound].joined(separator: ":") + "::" + texts[zeros.upperBound...].joined(separator: ":")
    }

    /// The first of the longest runs of zeros.
    private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 { start = index + 1 }
            if index + 1 - start > longest.count { longest = start..<(index + 1) }
        }
        return longest
    }
}
