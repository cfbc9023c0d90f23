/// How untrusted text is made harmless for the place where a preset puts it.
///
/// Each works on a whole value that was cut before, so that no entity and no escape is ever cut in two.
package enum Escape: String, Sendable, Hashable, CaseIterable {
    /// For places without any markup: JSON strings are encoded by the body's own encoding.
    case none
    /// The content of a JSON string inside another text.
    case json
    /// `application/x-www-form-urlencoded`, inside another text.
    case form
    /// Percent-encoding of everything that is not unreserved (RFC 3986, section 2.3).
    case url
    /// Slack's mrkdwn: `&`, `<` and `>` as entities, which also takes `<!channel>` and links their meaning.
    case slack
    /// Discord's markdown.
    case discord
    /// Telegram's HTML, text and attributes alike.
    case telegramHTML = "telegram-html"
    case html
    case htmlAttribute = "html-attr"
    /// CommonMark and its relatives on GitHub, GitLab, Gitea, Redmine.
    case commonmark
    /// Jira's and Confluence's wiki text.
    case wiki
    /// A fenced code block around the value, its fence longer than any within.
    case fence
    /// Code on a line, between as many backticks as it needs.
    case codeSpan = "code-span"
    /// Text nodes of the Atlassian Document Format, which have no markup.
    case adf
    /// The value of a header: one line of visible text.
    case header
    /// Text without markup, in which names, numbers and links are not to be found.
    case unlinked
    /// A fence in which names and commands are not to be found either.
    case quietFence = "quiet-fence"
    /// A block of Jira's wiki text that shows the value as it is.
    case noformat
    /// Redmine's Textile.
    case textile
    /// A block of Textile that shows the value as it is.
    case textilePre = "textile-pre"

    package func apply(_ text: String) -> String {
        switch self {
        case .none, .adf: text
        case .json: Self.jsonContent(text)
        case .form: FormText.encode(text)
        case .url: PercentText.encode(text)
        case .slack: Self.entities(text, quotes: false)
        case .html: Self.entities(text, quotes: false)
        case .htmlAttribute, .telegramHTML: Self.entities(text, quotes: true)
        case .discord: Self.backslashes(text, before: #"\*_~|`>#-[]():@<"#)
        case .commonmark: Self.commonmark(text)
        case .wiki: Self.backslashes(text, before: #"\{}[]!*_-+^~?#|@"#)
        case .fence: Self.fenced(text)
        case .codeSpan: Self.codeSpan(text)
        case .header: CleanText.onOneLine(text)
        case .unlinked: Self.unlinked(text)
        case .quietFence: Self.quietFence(text)
        case .noformat: Self.noformat(text)
        case .textile: Self.textile(text)
        case .textilePre: Self.textilePre(text)
        }
    }

    private static func entities(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"" where quotes: result += "&quot;"
            case "'" where quotes: result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func backslashes(_ text: String, before special: String) -> String {
        let special = Set(special.unicodeScalars)
        var result = ""
        for scalar in text.unicodeScalars {
            if special.contains(scalar) { result += "\\" }
            result.unicodeScalars.append(scalar)
            if scalar == "@" { result += wordJoiner }
        }
        return result
    }

    /// Keeps `@name`, `#1` and `https://…` from being found: those are looked for in the text that is left when markup is resolved, where a
    /// backslash is gone already.
    static let wordJoiner = "\u{2060}"

    private static func commonmark(_ text: String) -> String {
        var result = ""
        var isLineStart = true
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.popFirst() {
            // Four spaces begin a code block, and a quick action is a line that begins with a slash.
            if isLineStart, scalar == " " || scalar == "\t" { continue }
            if isLineStart, scalar == "/" { result += wordJoiner }
            isLineStart = scalar == "\n"
            if scalar.isASCIIPunctuation { result += "\\" }
            result.unicodeScalars.append(scalar)
            if let next = rest.first, parts(scalar, from: next, after: result) { result += wordJoiner }
        }
        return result
    }

    /// Whether a name, a number or a link would begin here.
    ///
    /// - Parameter written: All up to the scalar, the scalar itself among it.
    static func parts(_ scalar: Unicode.Scalar, from next: Unicode.Scalar, after written: String) -> Bool {
        switch scalar {
        // Before white space they are what people write.
        case "@", "#", "!", "~", "$", "%", "&": !next.properties.isWhitespace
        case ":": next == "/"
        // `www.` is enough for a link.
        case ".": written.unicodeScalars.suffix(5).filter { $0 != "\\" }.suffix(4).elementsEqual("www.".unicodeScalars) { isSame($0, $1) }
        default: false
        }
    }

    private static func isSame(_ scalar: Unicode.Scalar, _ lowerCase: Unicode.Scalar) -> Bool {
        scalar == lowerCase || (scalar.isASCII && scalar.value | 0x20 == lowerCase.value)
    }

    private static func longestRun(of character: Unicode.Scalar, in text: String) -> Int {
        var (longest, run) = (0, 0)
        for scalar in text.unicodeScalars {
            run = scalar == character ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }

    /// CommonMark 0.31, section 4.5: a fence is closed only by one that is at least as long.
    static func fenced(_ text: String) -> String {
        guard !text.isEmpty else { return "" }
        let fence = String(repeating: "`", count: max(3, longestRun(of: "`", in: text) + 1))
        return "\(fence)\n\(text)\n\(fence)"
    }

    /// CommonMark 0.31, section 6.1.
    private static func codeSpan(_ text: String) -> String {
        guard !text.isEmpty else { return "" }
        let line = CleanText.onOneLine(text)
        let run = longestRun(of: "`", in: line)
        let ticks = String(repeating: "`", count: run + 1)
        return run == 0 ? "\(ticks)\(line)\(ticks)" : "\(ticks) \(line) \(ticks)"
    }

    private static func jsonContent(_ text: String) -> String {
        String(decoding: BodyEncoding.jsonString(text).dropFirst().dropLast(), as: UTF8.self)
    }
}

extension Unicode.Scalar {
    var isASCIIPunctuation: Bool {
        switch value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }
}

/// Percent-encoding (RFC 3986, section 2.1).
enum PercentText {
    static func encode(_ text: String) -> String {
        encode(text) { _ in false }
    }

    static func encode(_ text: String, keeping isKept: (UInt8) -> Bool) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) || isKept(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._~".utf8.contains(byte)
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}

/// `application/x-www-form-urlencoded` (WHATWG URL, section 5.2), but for a space, which becomes `%20`: every reader takes that.
enum FormText {
    static func encode(_ text: String) -> String {
        PercentText.encode(text)
    }

    static func body(_ members: [(name: String, value: String)]) -> [UInt8] {
        Array(members.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&").utf8)
    }
}
