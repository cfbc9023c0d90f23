/// The part between `//` and the path: a DNS name, an IPv4 address or a bracketed IPv6 address, and perhaps a port.
extension HTTPURL {
    /// Whether the host names this very machine: `localhost` and names below it (RFC 6761, section 6.3), `127.0.0.0/8` or `::1`.
    ///
    /// This looks at the spelling alone. What a name resolves to is judged when it is connected to.
    package var isLoopbackName: Bool {
        if ["localhost", "ip6-localhost", "ip6-loopback"].contains(host) || host.hasSuffix(".localhost") { return true }
        return address.map { $0.bytes.first == 127 || $0 == IPAddress("::1") } ?? false
    }

    /// The address that the host is, when it is not a name.
    package var address: IPAddress? { IPAddress(host) }

    /// Whether the host's name was written with a dot at its end, as an absolute DNS name; ``host`` is without it.
    package var hasFinalDot: Bool {
        let authority = text.utf8.drop { $0 != UInt8(ascii: ":") }.dropFirst(3).prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?")
        }
        return authority.prefix { $0 != UInt8(ascii: ":") }.last == UInt8(ascii: ".")
    }

    /// The same with a host of letters beyond ASCII in the form that DNS knows.
    static func asciiAuthority(_ bytes: ArraySlice<UInt8>) throws(InvalidURL) -> ArraySlice<UInt8> {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return bytes }
        guard !bytes.contains(UInt8(ascii: "@")) else { throw .userInfo }
        let hostEnd = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        guard let host = InternationalName.ascii(String(decoding: bytes[..<hostEnd], as: UTF8.self)) else { throw .nonASCIIHost }
        return host.utf8 + bytes[hostEnd...]
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
        guard IPAddress(String(decoding: address, as: UTF8.self))?.isIPv4 == false else { throw .invalidIPv6Address }
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
            guard IPAddress(text) != nil else { throw .oddIPv4Address }
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
}
