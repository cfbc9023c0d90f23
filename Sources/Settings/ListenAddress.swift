import RingbackCore

/// Where the API listens: an address or name of this machine, and a port.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// An IPv4 address, an IPv6 address without brackets, or a host name.
    package let host: String
    /// 0 to 65535; 0 lets the system choose.
    package let port: Int

    /// `127.0.0.1:8787`
    package static let standard = ListenAddress(host: "127.0.0.1", port: 8787)

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Why a text is no address to listen on, in words for the person who wrote it.
    package struct Invalid: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// Reads `HOST:PORT`, with brackets around an IPv6 address.
    package init(validating text: String) throws(Invalid) {
        let example = "write HOST:PORT, for example 127.0.0.1:8787"
        guard let colon = text.lastIndex(of: ":") else {
            throw Invalid(description: "'\(text)' is not an address and a port: \(example)")
        }
        var host = String(text[..<colon])
        guard let port = UInt16(text[text.index(after: colon)...]).map(Int.init), !text[colon...].hasPrefix(":+") else {
            throw Invalid(description: "'\(text)' has no port from 0 to 65535: \(example)")
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard IPAddress(host)?.isIPv4 == false else {
                throw Invalid(description: "'\(host)' is not an IPv6 address: write for example [::1]:\(port)")
            }
        } else if host.contains(":") {
            throw Invalid(description: "an IPv6 address needs brackets before its port: write [\(host)]:\(port)")
        }
        guard !host.isEmpty, host != "*" else {
            throw Invalid(description: "'\(text)' has no host: write 127.0.0.1:\(port) for this machine only, or 0.0.0.0:\(port) for all")
        }
        guard host.utf8.allSatisfy({ Self.isHostByte($0) }) else {
            throw Invalid(description: "'\(host)' is not an address or a host name: \(example)")
        }
        self.init(host: host, port: port)
    }

    /// Whether only this machine can connect.
    package var isLoopback: Bool {
        guard let address = IPAddress(host) else { return host == "localhost" }
        return address == IPAddress("::1") || address.isIPv4 && address.bytes.first == 127
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: ".-:_".utf8.contains(byte)
        }
    }
}
