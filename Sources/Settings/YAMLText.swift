/// Writes configurations: lines of keys and values, indented as people do.
struct YAMLText {
    private(set) var text = ""
    private var indentation = 0
    /// The next line begins an element of a list.
    private var isFirstOfElement = false

    /// A key and a value that is written as it is.
    mutating func line(_ key: String, raw value: String? = nil) {
        let dash = isFirstOfElement ? "- " : ""
        let width = indentation * 2 - dash.count
        text += String(repeating: " ", count: width) + dash + key + ":" + (value.map { " \($0)" } ?? "") + "\n"
        isFirstOfElement = false
    }

    mutating func line(_ key: String, _ value: String) {
        line(key, raw: Self.scalar(value))
    }

    mutating func line(_ key: String, _ values: [String]) {
        line(key, raw: "[" + values.map(Self.scalar).joined(separator: ", ") + "]")
    }

    /// Lines below a key.
    mutating func block(_ key: String, _ body: (inout YAMLText) -> Void) {
        line(key)
        indentation += 1
        body(&self)
        indentation -= 1
    }

    /// A list of mappings; an empty list is written as `[]`.
    mutating func list<Element>(_ key: String, of elements: [Element], _ body: (inout YAMLText, Element) -> Void) {
        guard !elements.isEmpty else { return line(key, raw: "[]") }
        line(key)
        indentation += 2
        for element in elements {
            isFirstOfElement = true
            body(&self, element)
        }
        indentation -= 2
    }

    /// A scalar that reads back as `text`: plain where that is safe, else in double quotes.
    static func scalar(_ text: String) -> String {
        let isPlain =
            text.utf8.allSatisfy { isPlainByte($0) } && text.first.map { $0.isLetter || $0.isNumber || $0 == "/" } == true
            && !["null", "true", "false", "yes", "no", "on", "off"].contains(text.lowercased()) && !text.hasSuffix(":")
        return isPlain ? text : quoted(Interpolation.escape(text))
    }

    private static func isPlainByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-_./:+*=".utf8.contains(byte)
        }
    }

    /// YAML 1.1, section 5.7.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || [0x2028, 0x2029, 0xFEFF].contains(scalar.value):
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
