package import RingbackCore

/// A block of addresses that are not, or not only, the public Internet's.
package struct SpecialRange: Sendable, Hashable {
    package let network: IPNetwork
    package let addressClass: AddressClass
    /// Who says so: an RFC, or the cloud whose address it is.
    package let source: String

    /// The narrowest range that holds `address`, which must not be IPv4-mapped; `nil` for an address of the public Internet.
    package static func holding(_ address: IPAddress) -> SpecialRange? {
        let entries = table.filter { $0.network.contains(address) }
        guard let narrowest = entries.max(by: { $0.network.prefix < $1.network.prefix }) else { return isatap(address) }
        switch narrowest.meaning {
        case .special(let addressClass):
            return SpecialRange(network: narrowest.network, addressClass: addressClass, source: narrowest.source)
        case .open:
            return isatap(address)
        case .carrier:
            return carried(by: address)
        }
    }

    private static func carried(by address: IPAddress) -> SpecialRange? {
        guard let inner = holding(address.embedded(at: 12)) else { return nil }
        return SpecialRange(network: IPNetwork(holding: address, prefix: 128), addressClass: inner.addressClass, source: inner.source)
    }

    /// An ISATAP interface identifier (RFC 5214, section 6.1) may stand below any prefix, and ends in the IPv4 address it tunnels to.
    private static func isatap(_ address: IPAddress) -> SpecialRange? {
        guard !address.isIPv4 else { return nil }
        let mark = address.bytes[8..<12]
        guard mark.elementsEqual([0, 0, 0x5E, 0xFE]) || mark.elementsEqual([2, 0, 0x5E, 0xFE]) else { return nil }
        return SpecialRange(network: IPNetwork(holding: address, prefix: 128), addressClass: .tunnel, source: "RFC 5214")
    }
}

// MARK: - The table

extension SpecialRange {
    private struct Entry: Sendable {
        enum Meaning: Sendable {
            case special(AddressClass)
            /// Lets addresses through that lie within a wider range.
            case open
            /// Leads to the IPv4 address in its last 32 bits (RFC 6052, section 2.1): that one is judged. To refuse all of them would cut
            /// machines that have only IPv6 off from every receiver that has only IPv4.
            case carrier
        }

        let network: IPNetwork
        let meaning: Meaning
        let source: String

        init(_ network: String, _ addressClass: AddressClass, _ source: String) {
            self.init(network, .special(addressClass), source)
        }

        init(_ network: String, _ meaning: Meaning, _ source: String) {
            guard let network = IPNetwork(network) else { preconditionFailure("'\(network)' is no network") }
            self.network = network
            self.meaning = meaning
            self.source = source
        }
    }

    /// IANA's special-purpose address registries for IPv4 and IPv6 (RFC 6890) without what they call globally reachable, the address space
    /// registries for multicast and reserved blocks, and the metadata addresses of the clouds.
    ///
    /// Where they leave a choice, this is ours:
    /// - `0000::/8` is refused whole, as reserved; so the IPv4-compatible (`::/96`), SIIT (`::ffff:0:0:0/96`) and ISATAP forms are. Not in
    ///   it are the NAT64 prefix and what follows it in `0064::/16`, which has no special meaning.
    /// - IPv4-mapped addresses never get here: they are judged as the IPv4 address they are.
    /// - 6to4 and Teredo are refused whole, whatever address they carry: nobody serves callbacks by them.
    /// - Unassigned space elsewhere is let through, as no special meaning is known. So is `100:0:0:1::/64` (a dummy prefix by RFC 9780):
    ///   nothing is reached there.
    private static let table: [Entry] = [
        Entry("0.0.0.0/8", .unspecified, "RFC 791, \"this network\""),
        Entry("10.0.0.0/8", .privateNetwork, "RFC 1918"),
        Entry("100.64.0.0/10", .sharedAddressSpace, "RFC 6598"),
        Entry("100.100.100.200/32", .metadata, "Alibaba Cloud"),
        Entry("127.0.0.0/8", .loopback, "RFC 1122"),
        // Azure's platform address: public by its number, and reached from inside a virtual machine only.
        Entry("168.63.129.16/32", .metadata, "Azure"),
        Entry("169.254.0.0/16", .linkLocal, "RFC 3927"),
        Entry("169.254.169.254/32", .metadata, "AWS, Azure, Google Cloud and others"),
        Entry("169.254.170.2/32", .metadata, "AWS ECS"),
        Entry("169.254.170.23/32", .metadata, "AWS EKS"),
        Entry("172.16.0.0/12", .privateNetwork, "RFC 1918"),
        Entry("192.0.0.0/24", .reserved, "RFC 6890, protocol assignments"),
        Entry("192.0.0.192/32", .metadata, "Oracle Cloud"),
        Entry("192.0.2.0/24", .documentation, "RFC 5737"),
        Entry("192.88.99.0/24", .tunnel, "RFC 7526, 6to4 relays"),
        Entry("192.168.0.0/16", .privateNetwork, "RFC 1918"),
        Entry("198.18.0.0/15", .benchmarking, "RFC 2544"),
        Entry("198.51.100.0/24", .documentation, "RFC 5737"),
        Entry("203.0.113.0/24", .documentation, "RFC 5737"),
        Entry("224.0.0.0/4", .multicast, "RFC 5771"),
        Entry("240.0.0.0/4", .reserved, "RFC 1112"),
        Entry("255.255.255.255/32", .broadcast, "RFC 919"),

        Entry("::/8", .reserved, "RFC 4291"),
        Entry("::/128", .unspecified, "RFC 4291"),
        Entry("::1/128", .loopback, "RFC 4291"),
        Entry("64::/16", .open, "RFC 4291"),
        Entry("64:ff9b::/32", .translation, "RFC 6052"),
        Entry("64:ff9b::/96", .carrier, "RFC 6052"),
        Entry("64:ff9b:1::/48", .translation, "RFC 8215"),
        Entry("100::/64", .discard, "RFC 6666"),
        Entry("200::/7", .reserved, "RFC 4048"),
        Entry("2001::/23", .reserved, "RFC 2928, protocol assignments"),
        Entry("2001::/32", .tunnel, "RFC 4380, Teredo"),
        Entry("2001:1::1/128", .open, "RFC 7723"),
        Entry("2001:1::2/128", .open, "RFC 8155"),
        Entry("2001:1::3/128", .open, "RFC 9665"),
        Entry("2001:2::/48", .benchmarking, "RFC 5180"),
        Entry("2001:3::/32", .open, "RFC 7450"),
        Entry("2001:4:112::/48", .open, "RFC 7535"),
        Entry("2001:20::/28", .open, "RFC 7343"),
        Entry("2001:30::/28", .open, "RFC 9374"),
        Entry("2001:db8::/32", .documentation, "RFC 3849"),
        Entry("2002::/16", .tunnel, "RFC 3056, 6to4"),
        Entry("3ffe::/16", .reserved, "RFC 3701"),
        Entry("3fff::/20", .documentation, "RFC 9637"),
        Entry("5f00::/16", .segmentRouting, "RFC 9602"),
        Entry("fc00::/7", .uniqueLocal, "RFC 4193"),
        Entry("fd00:ec2::254/128", .metadata, "AWS"),
        Entry("fd00:ec2::23/128", .metadata, "AWS EKS"),
        Entry("fd20:ce::254/128", .metadata, "Google Cloud"),
        Entry("fe00::/9", .reserved, "RFC 4291"),
        Entry("fe80::/10", .linkLocal, "RFC 4291"),
        Entry("fec0::/10", .siteLocal, "RFC 3879"),
        Entry("ff00::/8", .multicast, "RFC 4291"),
    ]
}
