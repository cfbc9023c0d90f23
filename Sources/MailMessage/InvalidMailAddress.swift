/// Why a text is no mail address that Ringback sends to, in words for the person who wrote it.
package enum InvalidMailAddress: Error, Sendable, Hashable {
    case controlCharacter
    case brackets
    case noDomain(String)
    case localPart(String)
    case nonASCIILocalPart
    case quotedLocalPart
    case addressLiteral
    case domain(String)
    case internationalDomain(String)
    case tooLong
}

extension InvalidMailAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .controlCharacter: "it holds a line break or another control character"
        case .brackets: "an address after a name stands in angle brackets: Name <name@example.org>"
        case .noDomain(let text): "'\(text)' has no '@': write name@example.org"
        case .localPart(let text):
            "'\(text)' cannot stand before the '@': write 1 to \(MailAddress.maximumLocalBytes) letters, digits or marks, with single dots"
        case .nonASCIILocalPart:
            "the part before the '@' has letters beyond ASCII, which not every mail server takes (SMTPUTF8): use an alias"
        case .quotedLocalPart: "quoted parts before the '@' are not supported: use an alias"
        case .addressLiteral: "an IP address after the '@' is not supported: write a name"
        case .domain(let text): "'\(text)' is no domain name"
        case .internationalDomain(let text): "'\(text)' is read in different ways: write the domain in its ASCII form (xn--...)"
        case .tooLong: "it is longer than \(MailAddress.maximumBytes) characters"
        }
    }
}
