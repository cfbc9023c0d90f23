/// An exception to the guard: `CIDR`, `CIDR:port` (with brackets for IPv6) or `host:port` (contract, section 4, `allow_networks`).
package enum AllowedNetwork {
    /// Why a text is none, in words for the person who wrote it.
    package struct Invalid: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package static func validate(_ text: String) throws(Invalid) {
        let (network, port) = splitPort(text)
        if let port { try checkPort(port, in: text) }
        if let slash = network.lastIndex(of: "/") {
            return try checkPrefix(network[network.index(after: slash)...], of: network[..<slash], in: text)
        }
        if IPAddress.isIPv4(network) {
            throw Invalid(description: "'\(text)' is one address: write \(network)/32\(port.map { ":\($0)" } ?? "")")
        }
        if IPAddress.isIPv6(network) {
            throw Invalid(description: "'\(text)' is one address: write \(port.map { "[\(network)/128]:\($0)" } ?? "\(network)/128")")
        }
        guard port != nil, isHostName(network) else {
            throw Invalid(
                description: "'\(text)' is not a network: write a CIDR such as 10.0.0.0/8, or host:port such as hooks.internal:8080")
        }
    }

    /// Colons in a bare IPv6 network belong to its address.
    private static func splitPort(_ text: String) -> (network: Substring, port: Substring?) {
        if text.hasPrefix("["), let close = text.lastIndex(of: "]") {
            let network = text[..<close].dropFirst()
            let rest = text[close...].dropFirst()
            return rest.isEmpty ? (network, nil) : (network, rest.dropFirst())
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? (parts[0], parts[1]) : (text[...], nil)
    }

    private static func checkPort(_ port: Substring, in text: String) throws(Invalid) {
        guard let number = UInt16(port), number > 0 else { throw Invalid(description: "'\(text)' has no port from 1 to 65535") }
    }

    private static func checkPrefix(_ prefix: Substring, of address: Substring, in text: String) throws(Invalid) {
        let maximum: Int
        if IPAddress.isIPv4(address) {
            maximum = 32
        } else if IPAddress.isIPv6(address) {
            maximum = 128
        } else {
            throw Invalid(description: "'\(address)' in '\(text)' is not an IP address")
        }
        guard let bits = UInt8(prefix), Int(bits) <= maximum else {
            throw Invalid(description: "'\(text)' has no prefix length from 0 to \(maximum)")
        }
    }

    private static func isHostName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty
                    && label.utf8.allSatisfy {
                        Character(UnicodeScalar($0)).isLetter || Character(UnicodeScalar($0)).isNumber || $0 == UInt8(ascii: "-")
                    }
            }
    }
}
