/// A piece of an upstream's words that may be shown to people: bounded, on one line, without control characters.
package struct ReadableText: Sendable, Hashable {
    package static let maximumCharacters = 500
    /// What a person reads as one character can be made of any number of scalars, so these are bounded too.
    private static let maximumScalars = 8 * maximumCharacters

    package let text: String

    /// - Returns: `nil` when there is nothing to read.
    package init?(_ text: String) {
        let whole = String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.maximumScalars).map(Self.visible)))
        var line = whole[...].drop { $0 == " " }
        while line.last == " " { line.removeLast() }
        guard !line.isEmpty else { return nil }
        let isCut = line.count > Self.maximumCharacters || whole.unicodeScalars.count < text.unicodeScalars.count
        self.text = isCut ? line.prefix(Self.maximumCharacters - 1) + "…" : String(line)
    }

    /// A control character in a log line or on a terminal could pretend to be something else than an upstream's words.
    private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: " "
        default: scalar
        }
    }
}
