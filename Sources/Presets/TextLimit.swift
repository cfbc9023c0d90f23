/// How long a text may be, in the unit the system counts in.
package struct TextLimit: Sendable, Hashable {
    package enum Unit: String, Sendable, Hashable, CaseIterable {
        /// Unicode scalars.
        case codePoints = "code_points"
        /// UTF-16 units: an emoji is two.
        case utf16
        /// Bytes of UTF-8.
        case bytes
        /// Bytes as the text stands in the body, with the escapes of its encoding.
        case encoded
    }

    package let count: Int
    package let unit: Unit

    package init(_ count: Int, _ unit: Unit) {
        self.count = count
        self.unit = unit
    }

    /// Reads `150 code_points`.
    ///
    /// - Returns: `nil` when it is no positive number and one of the units.
    package init?(text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let count = Int(parts[0]), count > 0, let unit = Unit(rawValue: String(parts[1])) else { return nil }
        self.init(count, unit)
    }

    package static let advice =
        "write a number and one of \(Unit.allCases.map(\.rawValue).joined(separator: ", ")), such as 3000 code_points"

    func allows(_ text: String, in encoding: BodyEncoding) -> Bool {
        switch unit {
        case .codePoints: text.unicodeScalars.count <= count
        case .utf16: text.utf16.count <= count
        case .bytes: text.utf8.count <= count
        case .encoded: encoding.encodedLength(of: text) <= count
        }
    }
}

extension TextLimit: CustomStringConvertible {
    package var description: String { "\(count) \(unit.rawValue)" }
}

/// Cutting a text that nobody vouches for.
enum Cutting {
    static let ellipsis = "…"

    /// The first `cap` characters, as people count them, the last of them an ellipsis when something was cut off.
    ///
    /// A grapheme is kept or dropped whole: a flag, a family or a letter with its accents never comes apart.
    static func cut(_ text: String, to cap: Int) -> String {
        guard cap > 0 else { return "" }
        guard let end = text.index(text.startIndex, offsetBy: cap, limitedBy: text.endIndex), end < text.endIndex else { return text }
        var kept = text.prefix(cap - 1)
        while kept.last?.isWhitespace == true { kept.removeLast() }
        return kept + ellipsis
    }

    /// The largest cap from 0 to `longest` for which `fits` holds; 0 when none does.
    static func largestCap(upTo longest: Int, where fits: (Int) -> Bool) -> Int {
        if fits(longest) { return longest }
        var (low, high) = (0, longest)
        // What fits at some cap fits at every smaller one, as far as a template lets shorter values make shorter texts.
        while high - low > 1 {
            let middle = (low + high) / 2
            if fits(middle) { low = middle } else { high = middle }
        }
        return low
    }
}
