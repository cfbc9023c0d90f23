import RingbackCore

/// Markup. What is put into it by interpolation is escaped, unless it is markup itself: nobody can forget it, and nobody has to think of it.
///
/// Texts stand between tags or in attributes that are quoted; never in scripts or styles, of which a page has none.
struct HTML: ExpressibleByStringInterpolation, Sendable {
    private(set) var text: String

    init(stringLiteral text: String) {
        self.text = text
    }

    init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
    }

    static let nothing: HTML = ""

    static func + (left: HTML, right: HTML) -> HTML { "\(left)\(right)" }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 32 * interpolationCount)
        }

        mutating func appendLiteral(_ literal: String) { text += literal }

        mutating func appendInterpolation(_ markup: HTML) { text += markup.text }

        /// Nothing for `nil`.
        mutating func appendInterpolation(_ markup: HTML?) { text += markup?.text ?? "" }

        mutating func appendInterpolation(_ list: [HTML]) {
            for markup in list { text += markup.text }
        }

        mutating func appendInterpolation(_ string: String) { text += HTML.escaped(string) }

        mutating func appendInterpolation(_ string: Substring) { text += HTML.escaped(String(string)) }

        mutating func appendInterpolation(_ identifier: some Identifier) { text += HTML.escaped(identifier.rawValue) }

        mutating func appendInterpolation(_ number: Int) { text += String(number) }
    }

    /// Besides what markup is made of, what a terminal or a browser might take for an order is made visible: control characters, and those that
    /// turn the direction of the text around them.
    static func escaped(_ string: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(string.utf8.count)
        for scalar in string.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\n", "\t": escaped.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
                escaped.unicodeScalars.append("\u{FFFD}")
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
