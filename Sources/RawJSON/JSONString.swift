/// The content of JSON strings (RFC 8259, section 7): what stands between the quotes, already checked by the tokenizer.
enum JSONString {
    /// Content without escapes as text.
    static func plain(_ content: Span<UInt8>) -> String {
        do {
            return String(copying: try UTF8Span(validating: content))
        } catch {
            // Not UTF-8: the standard decoder replaces what cannot be read.
            let copy = [UInt8](capacity: content.count) { copy in
                for index in content.indices { copy.append(content[index]) }
            }
            return String(decoding: copy, as: UTF8.self)
        }
    }

    /// Content as text, its escapes resolved.
    static func unescaped(_ content: Span<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(content.count)
        var index = 0
        while index < content.count {
            if content[index] == UInt8(ascii: "\\") {
                index = unescape(content, at: index, into: &text)
            } else {
                text.append(content[index])
                index += 1
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends `text` as a JSON string with its quotes. Only what must be escaped is.
    static func write(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += #"\""#.utf8
            case UInt8(ascii: "\\"): bytes += #"\\"#.utf8
            case 0x0A: bytes += #"\n"#.utf8
            case 0x0D: bytes += #"\r"#.utf8
            case 0x09: bytes += #"\t"#.utf8
            case 0x00..<0x20:
                let digits = String(byte, radix: 16)
                bytes += #"\u"#.utf8
                bytes += repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count)
                bytes += digits.utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Resolves the escape that begins at `index`.
    ///
    /// - Returns: The index after it.
    private static func unescape(_ content: Span<UInt8>, at index: Int, into text: inout [UInt8]) -> Int {
        switch content[index + 1] {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): return unescapeUnicode(content, at: index, into: &text)
        case let character: text.append(character)
        }
        return index + 2
    }

    private static func unescapeUnicode(_ content: Span<UInt8>, at index: Int, into text: inout [UInt8]) -> Int {
        guard let unit = codeUnit(content, at: index) else { return index + 2 }
        var scalar = Unicode.Scalar(unit)
        var next = index + 6
        if UTF16.isLeadSurrogate(unit), let trail = codeUnit(content, at: next), UTF16.isTrailSurrogate(trail) {
            scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(trail) - 0xDC00))
            next += 6
        }
        text += UTF8.encode(scalar ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter
        return next
    }

    /// The number in a `\uXXXX` at `index`; `nil` when something else stands there.
    private static func codeUnit(_ content: Span<UInt8>, at index: Int) -> UInt16? {
        guard index + 6 <= content.count, content[index] == UInt8(ascii: "\\"), content[index + 1] == UInt8(ascii: "u") else { return nil }
        var unit: UInt16 = 0
        for offset in 2..<6 {
            guard let digit = HexDigit.value(of: content[index + offset]) else { return nil }
            unit = unit << 4 | digit
        }
        return unit
    }
}
