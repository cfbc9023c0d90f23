import RingbackCore

/// A mail address as it goes into an envelope and a header (RFC 5321, section 4.1.2; RFC 5322, section 3.4.1): `name@example.org`, or with a
/// name for people, `Ringback <ringback@example.org>`.
///
/// ASCII only: a domain beyond it is written in the form that DNS knows, and a local part beyond it is refused, since SMTPUTF8 (RFC 6531)
/// would have to be spoken by every server on the way. Quoted local parts and address literals are refused too: nobody's notifications go
/// there, and they are where parsers disagree.
package struct MailAddress: Sendable, Hashable {
    /// RFC 5321, section 4.5.3.1.
    static let maximumLocalBytes = 64
    /// RFC 5321, section 4.5.3.1.3: a path has 256 bytes, with its angle brackets.
    static let maximumBytes = 254

    /// For people; empty when there is none. Free of line breaks and other control characters.
    package let name: String
    package let local: String
    /// In lower case.
    package let domain: String

    /// - Throws: ``InvalidMailAddress``, in words for whoever wrote it.
    package init(validating text: String) throws(InvalidMailAddress) {
        let text = text.trimmingBlanks
        guard !text.unicodeScalars.contains(where: MailText.isControl) else { throw .controlCharacter }
        let (name, address) = try Self.split(text)
        guard let at = address.lastIndex(of: "@") else { throw .noDomain(String(address.prefix(80))) }
        local = try Self.checkedLocal(address[..<at])
        domain = try Self.checkedDomain(address[address.index(after: at)...])
        self.name = Self.unquoted(name)
        guard spec.utf8.count <= Self.maximumBytes else { throw .tooLong }
    }

    /// The address alone, as SMTP wants it between its angle brackets.
    package var spec: String { "\(local)@\(domain)" }

    private static func split(_ text: String) throws(InvalidMailAddress) -> (name: Substring, address: Substring) {
        guard let open = text.lastIndex(of: "<") else { return ("", text[...]) }
        guard text.hasSuffix(">") else { throw .brackets }
        return (text[..<open], text[text.index(after: open)...].dropLast())
    }

    private static func checkedLocal(_ text: Substring) throws(InvalidMailAddress) -> String {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { throw .nonASCIILocalPart }
        guard !text.hasPrefix("\"") else { throw .quotedLocalPart }
        let atoms = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= maximumLocalBytes, atoms.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isAtomText) }) else {
            throw .localPart(String(text.prefix(80)))
        }
        return String(text)
    }

    private static func checkedDomain(_ text: Substring) throws(InvalidMailAddress) -> String {
        guard !text.hasPrefix("[") else { throw .addressLiteral }
        guard let ascii = InternationalName.ascii(String(text)) else { throw .internationalDomain(String(text.prefix(80))) }
        let labels = ascii.split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            1...63 ~= label.utf8.count && label.utf8.allSatisfy(isLabelText) && label.first != "-" && label.last != "-"
        }
        guard isName else { throw .domain(String(text.prefix(80))) }
        return ascii
    }

    /// RFC 5322, section 3.2.3.
    static func isAtomText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: atomMarks.contains(byte)
        }
    }

    private static let atomMarks = Array("!#$%&'*+-/=?^_`{|}~".utf8)

    private static func isLabelText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: byte == UInt8(ascii: "-")
        }
    }

    /// A name that its writer put into quotes already.
    private static func unquoted(_ name: Substring) -> String {
        let name = String(name).trimmingBlanks
        guard name.utf8.count >= 2, name.hasPrefix("\""), name.hasSuffix("\"") else { return name }
        var text = ""
        var isEscaped = false
        for character in name.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                text.append(character)
                isEscaped = false
            }
        }
        return text
    }
}

extension MailAddress: CustomStringConvertible {
    package var description: String { spec }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var text = self[...]
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
