/// What makes an address unfit for a callback. A closed list: its raw values are labels for the API and for metrics.
package enum AddressClass: String, Sendable, Hashable, CaseIterable, Codable {
    case unspecified
    case loopback
    case privateNetwork = "private"
    case sharedAddressSpace = "shared"
    case linkLocal = "link_local"
    case siteLocal = "site_local"
    case uniqueLocal = "unique_local"
    /// Where clouds hand credentials to their machines.
    case metadata
    case multicast
    case broadcast
    case documentation
    case benchmarking
    case reserved
    case discard
    case segmentRouting = "segment_routing"
    /// An IPv6 address that stands for an IPv4 one: whoever translates or unwraps it decides where it leads.
    case tunnel
    case translation

    /// With its article, for sentences.
    package var words: String {
        switch self {
        case .unspecified: "an unspecified address"
        case .loopback: "a loopback address"
        case .privateNetwork: "a private address"
        case .sharedAddressSpace: "an address of carrier-grade NAT"
        case .linkLocal: "a link-local address"
        case .siteLocal: "a site-local address"
        case .uniqueLocal: "a unique local address"
        case .metadata: "a cloud metadata address"
        case .multicast: "a multicast address"
        case .broadcast: "the broadcast address"
        case .documentation: "an address for documentation"
        case .benchmarking: "an address for benchmarks"
        case .reserved: "a reserved address"
        case .discard: "a discard-only address"
        case .segmentRouting: "a segment identifier"
        case .tunnel: "an address of a tunnel to IPv4"
        case .translation: "a translated IPv4 address"
        }
    }
}
