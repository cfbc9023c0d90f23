import Cryptography

/// What all identifiers share: a checked text that is not mixed up with another kind of identifier.
package protocol Identifier: Sendable, Hashable, Comparable, CustomStringConvertible, Codable {
    var rawValue: String { get }

    /// Takes a text that is already known to be one: a row of our own store, a derived value.
    init(trusted rawValue: String)
}

extension Identifier {
    package var description: String { rawValue }

    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }

    package init(from decoder: any Decoder) throws {
        self.init(trusted: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// Why a text cannot be an identifier, in words for the person who wrote it.
package struct InvalidIdentifier: Error, Equatable, CustomStringConvertible {
    package let description: String
}

/// The id of a watch: `watch_` and 32 hex digits, derived from (upstream, response id).
package struct WatchID: Identifier {
    package let rawValue: String

    package init(trusted rawValue: String) {
        self.rawValue = rawValue
    }

    package init(upstream: UpstreamName, response: ResponseID) {
        rawValue = "watch_" + derived("watch", upstream.rawValue, response.rawValue)
    }
}

/// The id of an event: `evt_` and 32 hex digits, derived from (upstream, response id, type), so that no path can make a second one.
package struct EventID: Identifier {
    package let rawValue: String

    package init(trusted rawValue: String) {
        self.rawValue = rawValue
    }

    package init(upstream: UpstreamName, response: ResponseID, type: EventType) {
        rawValue = "evt_" + derived("event", upstream.rawValue, response.rawValue, type.rawValue)
    }

    /// The id of a bridge event that is not about a response, such as `ringback.test`.
    ///
    /// - Parameter occasion: What tells this occasion from all others: the same occasion gives the same id.
    package init(type: EventType, occasion: String) {
        rawValue = "evt_" + derived("bridge-event", type.rawValue, occasion)
    }
}

/// The id of a delivery: `dlv_` and 32 hex digits, derived from (event, endpoint), so that an endpoint gets one delivery per event.
package struct DeliveryID: Identifier {
    package let rawValue: String

    package init(trusted rawValue: String) {
        self.rawValue = rawValue
    }

    package init(event: EventID, endpoint: EndpointName) {
        rawValue = "dlv_" + derived("delivery", event.rawValue, endpoint.rawValue)
    }
}

/// The id of an intent: `intent_` and 32 random hex digits. The same create made twice is two intents.
package struct IntentID: Identifier {
    package let rawValue: String

    package init(trusted rawValue: String) {
        self.rawValue = rawValue
    }

    package static func random() -> IntentID {
        IntentID(trusted: "intent_" + Hex.encode(SecureRandom.bytes(16)))
    }
}

/// The id a vendor gave a response: 1 to 512 bytes, printable, without spaces and without what has a meaning in a URL path or query.
///
/// Vendors use `resp_…`, `resp-…`, `caresp_…`, UUIDs with dashes and texts of 453 characters: everything that can stand in a path is welcome.
package struct ResponseID: Identifier {
    package static let maximumBytes = 512

    package let rawValue: String

    package init(trusted rawValue: String) {
        self.rawValue = rawValue
    }

    /// - Throws: ``InvalidIdentifier`` with the first thing that is wrong.
    package init(validating text: String) throws(InvalidIdentifier) {
        guard !text.isEmpty else { throw InvalidIdentifier(description: "a response id cannot be empty") }
        guard text.utf8.count <= Self.maximumBytes else {
            throw InvalidIdentifier(description: "a response id has at most \(Self.maximumBytes) bytes, this one has \(text.utf8.count)")
        }
        if let bad = text.unicodeScalars.first(where: { !Self.isAllowed($0) }) {
            throw InvalidIdentifier(
                description:
                    "a response id cannot contain \(Self.name(of: bad)): give the id alone, as the create call answered it, not a URL or path"
            )
        }
        guard text != ".", text != ".." else { throw InvalidIdentifier(description: "'\(text)' is not a response id") }
        rawValue = text
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value > 0x20 && scalar.value < 0x7F && !"/\\?#%\"<>`{}|^".unicodeScalars.contains(scalar)
    }

    private static func name(of scalar: Unicode.Scalar) -> String {
        switch scalar {
        case " ": "a space"
        case _ where scalar.value > 0x20 && scalar.value < 0x7F: "'\(scalar)'"
        default: "the character U+" + String(scalar.value, radix: 16, uppercase: true)
        }
    }
}

/// The name of an upstream: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters.
package struct UpstreamName: Identifier {
    package let rawValue: String

    package init(trusted rawValue: String) {
        self.rawValue = rawValue
    }

    package init(validating text: String) throws(InvalidIdentifier) {
        try checkName(text, kind: "an upstream")
        rawValue = text
    }
}

/// The name of an endpoint: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters; or, for the callback of one watch,
/// `callback:` and that watch's id, which no configured endpoint can be called.
package struct EndpointName: Identifier {
    private static let callbackPrefix = "callback:"

    package let rawValue: String

    package init(trusted rawValue: String) {
        self.rawValue = rawValue
    }

    package init(validating text: String) throws(InvalidIdentifier) {
        try checkName(text, kind: "an endpoint")
        rawValue = text
    }

    package init(callbackOf watch: WatchID) {
        rawValue = Self.callbackPrefix + watch.rawValue
    }

    /// Whether this names the callback of one watch rather than an endpoint of the configuration or the store.
    package var isCallback: Bool { rawValue.hasPrefix(Self.callbackPrefix) }
}

private func checkName(_ text: String, kind: String) throws(InvalidIdentifier) {
    guard !text.isEmpty, text.utf8.count <= 63 else {
        throw InvalidIdentifier(description: "\(kind)'s name has 1 to 63 characters")
    }
    guard text.utf8.allSatisfy({ isNameByte($0) }), text.utf8.first.map({ $0 != 0x2E && $0 != 0x2D }) == true else {
        throw InvalidIdentifier(
            description:
                "\(kind)'s name has only lower-case letters, digits, '.', '_' and '-', and begins with a letter, a digit or '_': '\(text)' does not"
        )
    }
}

private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "-"):
        true
    default: false
    }
}

/// The first 128 bits of SHA-256 over the parts, each preceded by its length so that no two lists of parts read the same.
private func derived(_ parts: String...) -> String {
    let text = parts.map { "\($0.utf8.count):\($0)" }.joined()
    return Hex.encode(SHA256.digest(of: Array(text.utf8)).prefix(16))
}
