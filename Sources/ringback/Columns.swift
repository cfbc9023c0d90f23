/// Text measured in a terminal's columns.
enum Columns {
    static func count(_ text: String) -> Int {
        text.reduce(0) { $0 + width($1) }
    }

    /// Cuts at the end what does not fit, with a sign that there is more.
    static func fit(_ text: String, to columns: Int) -> String {
        guard count(text) > columns else { return text }
        guard columns > 0 else { return "" }
        var cut = ""
        var used = 1
        for character in text {
            used += width(character)
            guard used <= columns else { break }
            cut.append(character)
        }
        return cut + "…"
    }

    /// Exactly so many columns: cut, or filled with blanks on the right.
    static func pad(_ text: String, to columns: Int) -> String {
        let fitted = fit(text, to: columns)
        return fitted + String(repeating: " ", count: max(0, columns - count(fitted)))
    }

    /// Exactly so many columns, filled on the left: for numbers.
    static func padLeft(_ text: String, to columns: Int) -> String {
        let fitted = fit(text, to: columns)
        return String(repeating: " ", count: max(0, columns - count(fitted))) + fitted
    }

    /// Two for what East Asian scripts and pictographs take, by Unicode Standard Annex 11; combining marks are part of their character.
    private static func width(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        if scalar.isASCII { return 1 }
        if character.unicodeScalars.contains(where: \.properties.isEmojiPresentation) { return 2 }
        return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF, 0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]
}
