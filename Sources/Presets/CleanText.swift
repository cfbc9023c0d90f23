/// What may leave the house: text without the characters that no chat or ticket system takes well.
///
/// Dropped are the control characters of C0 (but line feed and tab), DEL and C1, what stood for half a surrogate pair, and the marks that turn the
/// direction of writing around: with them a text could show itself as another one. Line ends of all kinds become a line feed.
enum CleanText {
    static func clean(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { needsCleaning($0) }) else { return text }
        var result = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\r", "\u{85}", "\u{2028}", "\u{2029}": result.append("\n")
            case "\n" where previous == "\r": break
            case _ where isDropped(scalar): break
            default: result.append(scalar)
            }
            previous = scalar
        }
        return String(result)
    }

    /// A text for a single line: line feeds and tabs become spaces.
    static func onOneLine(_ text: String) -> String {
        var words: [Substring] = []
        for word in text.split(whereSeparator: { $0.isNewline || $0 == "\t" }) where !word.isEmpty { words.append(word) }
        return words.joined(separator: " ")
    }

    private static func needsCleaning(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\r" || scalar == "\u{85}" || scalar == "\u{2028}" || scalar == "\u{2029}" || isDropped(scalar)
    }

    private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x85: false
        case 0x00..<0x20, 0x7F..<0xA0: true
        // Where JSON held half a surrogate pair, its reader put U+FFFD.
        case 0xFFFD, 0xFEFF: true
        case 0x202A...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C: true
        default: false
        }
    }
}
