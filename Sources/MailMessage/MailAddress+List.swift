extension MailAddress {
    /// More people than this want a list of their own at their mail server.
    package static let maximumInList = 20

    /// The addresses of a text with commas between them, each once; none for an empty text.
    ///
    /// - Throws: ``InvalidMailAddress`` for the first that is none.
    package static func list(validating text: String) throws(InvalidMailAddress) -> [MailAddress] {
        var addresses: [MailAddress] = []
        for part in parts(of: text) {
            let address = try MailAddress(validating: part)
            if !addresses.contains(where: { $0.spec == address.spec }) { addresses.append(address) }
        }
        return addresses
    }

    /// At commas, save those in quotes.
    private static func parts(of text: String) -> [String] {
        var parts = [""]
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts.filter { !$0.allSatisfy(\.isWhitespace) }
    }
}
