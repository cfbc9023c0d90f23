import Cryptography

/// The name of one mail for all mail programs (RFC 5322, section 3.6.4), without its angle brackets.
///
/// A mail that is sent again has the same one, so that whoever keeps it can tell (mail servers deliver both copies; Sieve's `duplicate` and
/// many mail programs show one). The domain is the sender's, not the machine's: a container's host name changes with every restart.
package struct MailMessageID: Sendable, Hashable {
    private static let maximumWordBytes = 100

    package let rawValue: String

    /// - Parameters:
    ///   - words: Joined by dots. A word that could not stand there, whoever chose it, is replaced by its hash.
    ///   - domain: Of a ``MailAddress``.
    package init(_ words: [String], domain: String) {
        rawValue = words.map(Self.word).joined(separator: ".") + "@" + domain
    }

    /// A short hash of what must not be told, such as a recipient.
    package static func hash(of parts: [String]) -> String {
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined()
        return String(Hex.encode(SHA256.digest(of: Array(text.utf8))).prefix(16))
    }

    private static func word(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
        }
        return isPlain && 1...maximumWordBytes ~= text.utf8.count ? text : "x" + hash(of: [text])
    }
}
