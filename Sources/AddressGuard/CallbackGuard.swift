package import RingbackCore

/// The judge of where callbacks may go (contract, section 9). Pure: it resolves nothing and connects to nothing.
///
/// Callback URLs come from strangers: from whoever may register a watch or make an endpoint by the API. Upstreams and endpoints of the
/// configuration file are the operator's own, and are not judged. There are two questions:
/// - ``judge(_:)``: may this URL be called, as far as its text tells? Asked at registration, and again before each attempt.
/// - ``judge(_:of:)``: may a connection be made to what its name resolves to? Asked before each connection, since the answer may change.
///
/// A name is refused when any of its addresses is: one that leads to a public and to a private address is an attack or a mistake. An exception
/// for a metadata address must name that very address: `100.64.0.0/10` does not open `100.100.100.200`, since hardly anybody who writes the
/// one thinks of the other.
package struct CallbackGuard: Sendable, Hashable {
    private let exceptions: [AllowedNetwork]
    private let httpsOnly: Bool

    package init(exceptions: [AllowedNetwork] = [], httpsOnly: Bool = false) {
        self.exceptions = exceptions
        self.httpsOnly = httpsOnly
    }

    /// What tells this guard's connections from those that another one, or none, let through.
    package var trafficClass: String {
        "callbacks \(httpsOnly ? "https " : "")[\(exceptions.map(\.description).joined(separator: " "))]"
    }

    // MARK: Before name resolution

    /// Judges the text of a URL.
    ///
    /// - Returns: The URL.
    package func judge(_ text: String) throws(GuardRefusal) -> HTTPURL {
        let url: HTTPURL
        do {
            url = try HTTPURL(validating: text)
        } catch {
            throw GuardRefusal(.form(error))
        }
        if let refusal = judge(url) { throw refusal }
        return url
    }

    /// Judges what a URL says by itself: its form, its scheme, and its host when that is an address or a name of fixed meaning.
    package func judge(_ url: HTTPURL) -> GuardRefusal? {
        // The name could be written with and without it, and not every receiver, certificate and resolver takes both for the same.
        if url.hasFinalDot { return GuardRefusal(.finalDot) }
        if httpsOnly, url.scheme != .https { return GuardRefusal(.plainHTTP) }
        if let address = url.address { return judge([address], of: url) }
        guard !exceptions.contains(where: { $0.names(url.host, port: url.effectivePort) }) else { return nil }
        if Self.metadataNames.contains(url.host) { return GuardRefusal(.metadataName(url.host)) }
        // Such a name stands for these two addresses (RFC 6761, section 6.3), whatever a hosts file says.
        let isRefused = url.isLoopbackName && !Self.loopbackAddresses.allSatisfy { verdict(on: $0, of: url).isAllowed }
        return isRefused ? GuardRefusal(.loopbackName(url.host)) : nil
    }

    private static let loopbackAddresses = [IPAddress("127.0.0.1"), IPAddress("::1")].compactMap { $0 }

    private static let metadataNames: Set<String> = [
        "metadata", "metadata.google.internal", "metadata.goog", "metadata.azure.internal", "instance-data", "instance-data.ec2.internal",
    ]

    // MARK: After name resolution

    /// Judges the addresses that a URL's host resolves to.
    ///
    /// - Returns: The first refusal; `nil` when each of them may be connected to.
    package func judge(_ addresses: [IPAddress], of url: HTTPURL) -> GuardRefusal? {
        for address in addresses {
            switch verdict(on: address, of: url) {
            case .publicAddress, .exception: continue
            case .refused(let range):
                return GuardRefusal(
                    url.address == nil ? .resolved(address, range, host: url.host) : .literal(address, range))
            }
        }
        return nil
    }

    /// Judges one address of a URL's host.
    package func verdict(on address: IPAddress, of url: HTTPURL) -> AddressVerdict {
        let address = address.unmapped
        guard let range = SpecialRange.holding(address) else { return .publicAddress }
        let exception = exceptions.first { exception in
            exception.covers(address, host: url.host, port: url.effectivePort)
                && (range.addressClass != .metadata || exception.isSingleAddress)
        }
        return exception.map { .exception($0) } ?? .refused(range)
    }
}

/// What the guard thinks of one address, and why.
package enum AddressVerdict: Sendable, Hashable {
    case publicAddress
    case exception(AllowedNetwork)
    case refused(SpecialRange)

    package var isAllowed: Bool {
        switch self {
        case .publicAddress, .exception: true
        case .refused: false
        }
    }
}

extension AddressVerdict: CustomStringConvertible {
    /// The rule that decided, for the operator.
    package var description: String {
        switch self {
        case .publicAddress: "a public address"
        case .exception(let exception): "allowed by security.allow_networks: \(exception)"
        case .refused(let range): GuardRefusal.words(of: range)
        }
    }
}
