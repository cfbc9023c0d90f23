package import RingbackCore

/// Why a callback may not go out, in the same words everywhere: at registration, at a test, at a delivery and by `ringback explain`.
package struct GuardRefusal: Error, Sendable, Hashable {
    /// The rule that decided.
    package enum Rule: Sendable, Hashable {
        /// The URL is not one that every reader understands in the same way.
        case form(InvalidURL)
        case finalDot
        /// `security.https_only` is on.
        case plainHTTP
        /// A name that means this very machine.
        case loopbackName(String)
        /// A name by which clouds hand credentials to their machines.
        case metadataName(String)
        /// The URL has this address as its host.
        case literal(IPAddress, SpecialRange)
        /// The name resolves to this address, and perhaps to others.
        case resolved(IPAddress, SpecialRange, host: String)
    }

    package let rule: Rule

    init(_ rule: Rule) {
        self.rule = rule
    }

    /// For whoever gave the URL. Says what they wrote themselves, and nothing of what names inside the operator's network resolve to.
    package var reason: String {
        switch rule {
        case .form(let reason):
            "\(reason)"
        case .finalDot:
            "a dot at the end of the host is refused: write the name without it"
        case .plainHTTP:
            "this server sends callbacks to https URLs only: write https://…"
        case .loopbackName(let name):
            "'\(name)' stands for 127.0.0.1 and ::1, this machine, and \(Self.advice)"
        case .metadataName(let name):
            "'\(name)' is a name of cloud metadata, and \(Self.advice)"
        case .literal(let address, let range):
            "\(address) is \(range.addressClass.words), and \(Self.advice)"
        case .resolved:
            "the host's name leads to an address that is not public, and \(Self.advice)"
        }
    }

    /// For the operator: the log, and `ringback explain`.
    package var detail: String {
        switch rule {
        case .form, .finalDot, .plainHTTP, .loopbackName, .metadataName: reason
        case .literal(let address, let range): "\(address) is \(Self.words(of: range))"
        case .resolved(let address, let range, let host): "\(host) resolves to \(address), which is \(Self.words(of: range))"
        }
    }

    /// The rule's label, from a closed list.
    package var label: String {
        switch rule {
        case .form: "url"
        case .finalDot: "final_dot"
        case .plainHTTP: "https_only"
        case .loopbackName: "loopback_name"
        case .metadataName: "metadata_name"
        case .literal(_, let range), .resolved(_, let range, _): range.addressClass.rawValue
        }
    }

    static func words(of range: SpecialRange) -> String {
        "\(range.addressClass.words) (\(range.network), \(range.source))"
    }

    private static let advice = "callbacks go to public addresses only; the operator can make an exception with security.allow_networks"
}

extension GuardRefusal: CustomStringConvertible {
    package var description: String { reason }
}
