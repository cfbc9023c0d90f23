import RingbackCore

/// An exception to the guard: `CIDR`, `CIDR:port` (with brackets for IPv6) or `host:port` (contract, section 4, `allow_networks`).
package struct AllowedNetwork: Sendable, Hashable, CustomStringConvertible {
    private enum Scope: Sendable, Hashable {
        case network(IPNetwork)
        /// A name, in lower case: whatever it resolves to.
        case host(String)
    }

    /// Why a text is none, in words for the person who wrote it.
    package struct Invalid: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// As it was written.
    package let description: String
    private let scope: Scope
    /// `nil` means every port.
    private let port: Int?

    package init(validating text: String) throws(Invalid) {
        let (network, portText) = Self.splitPort(text)
        description = text
        port = try portText.map { portText throws(Invalid) in try Self.port(portText, in: text) }
        scope = try Self.scope(network, port: portText, in: text)
    }

    /// Whether the exception is for this address.
    ///
    /// - Parameters:
    ///   - address: Not IPv4-mapped.
    ///   - host: In lower case, as the URL has it.
    func covers(_ address: IPAddress, host: String, port: Int) -> Bool {
        guard self.port.map({ $0 == port }) ?? true else { return false }
        switch scope {
        case .network(let network): return network.contains(address)
        case .host(let name): return name == host
        }
    }

    /// Whether the exception is for this name, whatever it resolves to.
    func names(_ host: String, port: Int) -> Bool {
        scope == .host(host) && self.port == port
    }

    /// Whether the exception is for one address and no other.
    var isSingleAddress: Bool {
        switch scope {
        case .network(let network): network.isSingle
        case .host: false
        }
    }

    // MARK: Reading

    /// Colons in a bare IPv6 network belong to its address.
    private static func splitPort(_ text: String) -> (network: Substring, port: Substring?) {
        if text.hasPrefix("["), let close = text.lastIndex(of: "]") {
            let network = text[..<close].dropFirst()
            let rest = text[close...].dropFirst()
            return rest.isEmpty ? (network, nil) : (network, rest.hasPrefix(":") ? rest.dropFirst() : "")
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? (parts[0], parts[1]) : (text[...], nil)
    }

    private static func port(_ text: Substring, in whole: String) throws(Invalid) -> Int {
        guard let number = UInt16(text), number > 0 else { throw Invalid(description: "'\(whole)' has no port from 1 to 65535") }
        return Int(number)
    }

    private static func scope(_ network: Substring, port: Substring?, in text: String) throws(Invalid) -> Scope {
        if let slash = network.lastIndex(of: "/") {
            return .network(try self.network(network[..<slash], prefix: network[network.index(after: slash)...], in: text))
        }
        if let address = IPAddress(network) {
            let single = "\(network)/\(address.bytes.count * 8)"
            let advice = port.map { address.isIPv4 ? "\(single):\($0)" : "[\(single)]:\($0)" } ?? single
            throw Invalid(description: "'\(text)' is one address: write \(advice)")
        }
        guard port != nil, isHostName(network) else {
            throw Invalid(
                description: "'\(text)' is not a network: write a CIDR such as 10.0.0.0/8, or host:port such as hooks.internal:8080")
        }
        return .host(network.lowercased())
    }

    private static func network(_ address: Substring, prefix: Substring, in text: String) throws(Invalid) -> IPNetwork {
        guard let address = IPAddress(address) else { throw Invalid(description: "'\(address)' in '\(text)' is not an IP address") }
        let maximum = address.bytes.count * 8
        guard let bits = IPNetwork.prefix(prefix), bits <= maximum else {
            throw Invalid(description: "'\(text)' has no prefix length from 0 to \(maximum)")
        }
        let network = IPNetwork(holding: address, prefix: bits)
        guard network.base == address else {
            throw Invalid(description: "'\(text)' has an address in the middle of its network: write \(network)")
        }
        guard address.unmapped == address else {
            // Such addresses are judged as the IPv4 addresses they are, so the exception would never be asked.
            let meant = bits >= 96 ? "\(address.unmapped)/\(bits - 96)" : "the IPv4 network"
            throw Invalid(description: "'\(text)' is in the IPv4-mapped form: write \(meant)")
        }
        return network
    }

    private static func isHostName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty
                    && label.utf8.allSatisfy {
                        Character(UnicodeScalar($0)).isLetter || Character(UnicodeScalar($0)).isNumber || "-_".utf8.contains($0)
                    }
            }
    }
}
