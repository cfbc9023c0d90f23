/// The part between `//` and the path: a DNS name, an IPv4 address or a bracketed IPv6 address, and perhaps a port.
extension HTTPURL {
    /// Whether the host names this very machine: `localhost` and names below it (RFC 6761, section 6.3), `127.0.0.0/8` or `::1`.
    ///
    /// This looks at the spelling alone. What a name resolves to is judged when it is connected to.
    package var isLoopbackName: Bool {
        if ["localhost", "ip6-localhost", "ip6-loopback"].contains(host) || host.hasSuffix(".localhost") { return true }
        if let address = Self.ipv4(Array(host.utf8)[...]) { return address[0] == 127 }
        return Self.ipv6(Array(host.utf8)[...]) == [0, 0, 0, 0, 0, 0, 0, 1]
    }

    static func authority(_ bytes: ArraySlice<UInt8>) throws(InvalidURL) -> (host: String, port: Int?) {
        guard !bytes.contains(UInt8(ascii: "@")) else { throw .userInfo }
        guard bytes.allSatisfy({ $0 < 0x80 }) else { throw .nonASCIIHost }
        if bytes.first == UInt8(ascii: "[") { return try bracketed(bytes) }
        let hostEnd = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        let host = bytes[..<hostEnd]
        let portText = bytes[hostEnd...].dropFirst()
        // More than one colon without brackets: an IPv6 address whose writer forgot them.
        guard !portText.contains(UInt8(ascii: ":")) else { throw .invalidIPv6Address }
        guard !host.isEmpty else { throw .emptyHost }
        let name = try checkedName(host)
        return (name, hostEnd == bytes.endIndex ? nil : try port(portText))
    }

    private static func bracketed(_ bytes: ArraySlice<UInt8>) throws(InvalidURL) -> (host: String, port: Int?) {
        guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { throw .invalidIPv6Address }
        let address = bytes[..<close].dropFirst()
        guard ipv6(address) != nil else { throw .invalidIPv6Address }
        let rest = bytes[close...].dropFirst()
        guard rest.isEmpty || rest.first == UInt8(ascii: ":") else { throw .invalidIPv6Address }
        return (String(decoding: address, as: UTF8.self).lowercased(), rest.isEmpty ? nil : try port(rest.dropFirst()))
    }

    private static func port(_ digits: ArraySlice<UInt8>) throws(InvalidURL) -> Int {
        guard 1...5 ~= digits.count, digits.allSatisfy(isDigit), let port = Int(String(decoding: digits, as: UTF8.self)), 1...65535 ~= port
        else { throw .invalidPort }
        return port
    }

    /// Checks a DNS name (RFC 1123, section 2.1, and the underscore that container networks use) or an IPv4 address.
    private static func checkedName(_ bytes: ArraySlice<UInt8>) throws(InvalidURL) -> String {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        guard !endsInNumber(text) else {
            guard ipv4(bytes) != nil else { throw .oddIPv4Address }
            return text
        }
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        guard !name.isEmpty else { throw .emptyHost }
        guard name.utf8.count <= 253 else { throw .invalidHost(reason: "it has more than 253 characters") }
        for label in name.split(separator: ".", omittingEmptySubsequences: false) {
            guard !label.isEmpty else { throw .invalidHost(reason: "two dots follow each other, or it begins with one") }
            guard label.utf8.count <= 63 else { throw .invalidHost(reason: "a part between two dots has more than 63 characters") }
            guard !label.hasPrefix("-"), !label.hasSuffix("-") else { throw .invalidHost(reason: "a part of it begins or ends with '-'") }
            if let bad = label.utf8.first(where: { !isLetter($0) && !isDigit($0) && $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }) {
                throw .invalidHost(reason: "'\(Unicode.Scalar(bad))' cannot stand in it; letters, digits, '-', '_' and '.' can")
            }
        }
        return name
    }

    /// Whether resolvers take a name for a number (WHATWG URL, "ends in a number"): its last part is decimal, octal or hexadecimal.
    private static func endsInNumber(_ name: String) -> Bool {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        guard let last = parts.last, !last.isEmpty else { return false }
        if last.utf8.allSatisfy(isDigit) { return true }
        return last.hasPrefix("0x") && last.utf8.dropFirst(2).allSatisfy(isHexDigit)
    }

    /// Four decimal numbers without leading zeros, the only form in which all readers see the same address.
    private static func ipv4(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
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

    /// The eight groups of an IPv6 address (RFC 4291, section 2.2): hexadecimal, at most one `::`, perhaps with an IPv4 address at the end.
    private static func ipv6(_ bytes: ArraySlice<UInt8>) -> [UInt16]? {
        let colon = UInt8(ascii: ":")
        let gap = bytes.indices.dropLast().first { bytes[$0] == colon && bytes[$0 + 1] == colon }
        guard let gap else {
            let groups = ipv6Groups(bytes)
            return groups?.count == 8 ? groups : nil
        }
        let left = bytes[..<gap]
        let right = bytes[(gap + 2)...]
        // An IPv4 address may only end the whole, so the left side must not have one.
        guard !left.contains(UInt8(ascii: ".")), let head = left.isEmpty ? [] : ipv6Groups(left),
            let tail = right.isEmpty ? [] : ipv6Groups(right), head.count + tail.count <= 7
        else { return nil }
        return head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func ipv6Groups(_ bytes: ArraySlice<UInt8>) -> [UInt16]? {
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let address = ipv4(part) else { return nil }
                groups.append(UInt16(address[0]) << 8 | UInt16(address[1]))
                groups.append(UInt16(address[2]) << 8 | UInt16(address[3]))
            } else {
                guard 1...4 ~= part.count, part.allSatisfy(isHexDigit), let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups.count <= 8 ? groups : nil
    }
}
