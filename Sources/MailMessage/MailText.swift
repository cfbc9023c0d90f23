/// What untrusted text has to lose before it goes into a mail.
enum MailText {
    /// C0 and C1 controls, DEL, and the line and paragraph separators that some readers take for line breaks.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
        default: false
        }
    }

    /// Text for a header: one line. A run of line breaks, tabs and other controls becomes one space; blanks at the ends are dropped.
    ///
    /// - Parameter limit: At most so many bytes of UTF-8, cut between two characters and marked as cut.
    static func line(_ text: String, limit: Int) -> String {
        var line = ""
        var isAfterBreak = false
        // By code points: CR and LF together are one character, of which no single rule would know.
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                isAfterBreak = !line.isEmpty
            } else {
                if isAfterBreak { line.unicodeScalars.append(" ") }
                isAfterBreak = false
                line.unicodeScalars.append(scalar)
            }
        }
        while line.last == " " { line.removeLast() }
        return cut(String(line.drop { $0 == " " }), limit: limit)
    }

    /// Text for a body, as lines without their ends: CR LF, CR and LF end one alike; tabs stay, other controls are dropped.
    static func lines(_ text: String) -> [[UInt8]] {
        var lines: [[UInt8]] = [[]]
        var isAfterCR = false
        for scalar in text.unicodeScalars {
            let endsLine = scalar == "\r" || scalar == "\n"
            if endsLine, !(scalar == "\n" && isAfterCR) { lines.append([]) }
            isAfterCR = scalar == "\r"
            guard !endsLine, scalar == "\t" || !isControl(scalar) else { continue }
            lines[lines.count - 1] += UTF8.encode(scalar).map { Array($0) } ?? []
        }
        // The end of the last line is written with it.
        if lines.count > 1, lines[lines.count - 1].isEmpty { lines.removeLast() }
        return lines
    }

    /// Cuts between two characters, and says so by an ellipsis within the limit.
    static func cut(_ text: String, limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        let ellipsis = "…"
        var room = limit - ellipsis.utf8.count
        var kept = ""
        for character in text {
            room -= character.utf8.count
            guard room >= 0 else { break }
            kept.append(character)
        }
        return kept + ellipsis
    }
}
