import Cryptography

/// Lines of a mail's header (RFC 5322, section 2.2): folded, encoded where they must be, and with no way to begin another one.
enum MailHeader {
    /// RFC 2047, section 2: of a line that holds an encoded word.
    private static let maximumLineBytes = 76
    /// `=?UTF-8?B?` and `?=`.
    private static let encodedWordFrame = 12
    /// How much of a name or a subject is sent; longer ones are cut.
    static let maximumTextBytes = 512

    /// A line whose value is known to be ASCII without line breaks, such as what this target made itself.
    static func line(_ name: String, _ value: String) -> [UInt8] {
        Array("\(name): \(value)\r\n".utf8)
    }

    /// Free text for people, such as a subject.
    static func text(_ name: String, _ value: String) -> [UInt8] {
        let value = MailText.line(value, limit: maximumTextBytes)
        let prefix = "\(name): "
        guard isPlain(value), prefix.utf8.count + value.utf8.count <= maximumLineBytes else {
            return line(name, encodedWords(value, after: prefix.utf8.count).joined(separator: "\r\n "))
        }
        return line(name, value)
    }

    /// One address, with its name where it has one.
    static func address(_ name: String, _ address: MailAddress) -> [UInt8] {
        let spec = "<\(address.spec)>"
        guard !address.name.isEmpty else { return line(name, address.spec) }
        let prefix = "\(name): "
        let phrase = phrase(MailText.line(address.name, limit: maximumTextBytes), after: prefix.utf8.count)
        let last = phrase.last?.utf8.count ?? 0
        let isOneLine = phrase.count == 1 && prefix.utf8.count + last + 1 + spec.utf8.count <= maximumLineBytes
        return line(name, phrase.joined(separator: "\r\n ") + (isOneLine ? " " : "\r\n ") + spec)
    }

    /// A display name: as it is when it consists of atoms, quoted when ASCII, else encoded (RFC 5322, section 3.2.5; RFC 2047, section 5).
    private static func phrase(_ name: String, after column: Int) -> [String] {
        guard isPlain(name), column + name.utf8.count * 2 + 2 <= maximumLineBytes else { return encodedWords(name, after: column) }
        if name.utf8.allSatisfy({ MailAddress.isAtomText($0) || $0 == UInt8(ascii: " ") }) { return [name] }
        let escaped = name.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        return ["\"\(escaped)\""]
    }

    /// Printable ASCII that nobody takes for an encoded word.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { 0x20...0x7E ~= $0 } && !text.contains("=?")
    }

    /// - Parameter column: What stands before the first word on its line.
    private static func encodedWords(_ text: String, after column: Int) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var room = capacity(after: column)
        for scalar in text.unicodeScalars {
            let bytes = UTF8.encode(scalar).map { Array($0) } ?? []
            if word.count + bytes.count > room {
                words.append(encodedWord(word))
                word = []
                // Words that follow stand on lines of their own, behind the blank that continues the header.
                room = capacity(after: 1)
            }
            word += bytes
        }
        if !word.isEmpty || words.isEmpty { words.append(encodedWord(word)) }
        return words
    }

    private static func capacity(after column: Int) -> Int {
        (maximumLineBytes - 1 - column - encodedWordFrame) / 4 * 3
    }

    private static func encodedWord(_ bytes: [UInt8]) -> String {
        bytes.isEmpty ? "" : "=?UTF-8?B?\(Base64.encode(bytes))?="
    }
}
