/// The question a receiver answers before it gets its first callback: whether it wants any from here, and how many
/// (CloudEvents, HTTP 1.1 Web Hooks for Event Delivery, section 4, "Abuse Protection").
package struct WebhookHandshake: Sendable, Hashable {
    /// Callbacks a minute that may be asked for.
    package static let rates = 1...1_000_000
    /// The longest name a host can have (RFC 1035, section 2.3.4).
    package static let maximumOriginBytes = 253

    /// The name under which Ringback asks: that of the system it runs for, such as `bridge.example.com`. Not a URL.
    package let origin: String
    /// How many callbacks a minute are asked for; `nil` asks for no particular number.
    package let requestedRate: Int?

    /// - Throws: ``InvalidIdentifier`` when `origin` is not a DNS name or `requestedRate` is not in ``rates``.
    package init(origin: String, requestedRate: Int? = nil) throws(InvalidIdentifier) {
        guard Self.isName(origin) else {
            throw InvalidIdentifier(
                description: "an origin is the name of a host, such as bridge.example.com, without scheme, port or path")
        }
        if let requestedRate, !Self.rates.contains(requestedRate) {
            throw InvalidIdentifier(
                description: "a rate is a number of callbacks a minute, from \(Self.rates.lowerBound) to \(Self.rates.upperBound)")
        }
        self.origin = origin
        self.requestedRate = requestedRate
    }

    private static func isName(_ text: String) -> Bool {
        guard (1...maximumOriginBytes).contains(text.utf8.count) else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-" && label.utf8.allSatisfy(isLabelByte)
        }
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
