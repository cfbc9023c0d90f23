/// Walks through JSON text token by token and checks all of its grammar on the way.
///
/// It holds positions only; the bytes are given with every call, always the same ones. Open brackets are kept as one bit each, so its
/// size does not depend on the text and nothing here recurses.
struct JSONTokenizer: Sendable {
    enum Token {
        case objectStart
        case objectEnd
        case arrayStart
        case arrayEnd
        /// A member's name; the colon after it is taken with it.
        case key
        case string
        case number
        case `true`
        case `false`
        case null
        /// The document's one value is complete and only white space followed it. Comes again if asked again.
        case end
    }

    private enum Expectation {
        case value
        case firstElementOrEnd
        case firstKeyOrEnd
        case commaOrEnd
        case end
    }

    /// Where the last token stands; of strings and keys with their quotes.
    private(set) var range: Range<Int>
    /// Whether the last string or key holds a backslash.
    private(set) var hasEscapes = false
    /// Open objects and arrays.
    private(set) var depth = 0
    private var position: Int
    private let limit: Int
    /// The kinds of the open brackets, the innermost in the lowest bit: 1 for an object.
    private var brackets: UInt128 = 0
    private var expectation = Expectation.value

    /// - Parameter range: The part of the bytes that is the document.
    init(_ range: Range<Int>) {
        self.range = range.lowerBound..<range.lowerBound
        position = range.lowerBound
        limit = range.upperBound
    }

    mutating func next(in bytes: Span<UInt8>) throws(JSONError) -> Token {
        skipWhiteSpace(in: bytes)
        switch expectation {
        case .value:
            return try scanValue(in: bytes)
        case .firstElementOrEnd:
            return try byte(in: bytes) == UInt8(ascii: "]") ? close(.arrayEnd) : try scanValue(in: bytes)
        case .firstKeyOrEnd:
            return try byte(in: bytes) == UInt8(ascii: "}") ? close(.objectEnd) : try scanKey(in: bytes)
        case .commaOrEnd:
            return try scanSeparator(in: bytes)
        case .end:
            guard position == limit else { throw error(.trailingBytes) }
            range = limit..<limit
            return .end
        }
    }

    /// Takes a whole value, however much is in it.
    mutating func value(in bytes: Span<UInt8>) throws(JSONError) -> RawValue {
        guard let value = try element(in: bytes) else { throw error(.expectedValue) }
        return value
    }

    /// Takes a whole value, or the bracket that stands where a value might.
    ///
    /// - Returns: `nil` for the closing bracket.
    mutating func element(in bytes: Span<UInt8>) throws(JSONError) -> RawValue? {
        let outerDepth = depth
        guard let kind = RawValue.Kind(try next(in: bytes)) else { return nil }
        guard depth > outerDepth else { return RawValue(kind: kind, range: range, hasEscapes: kind == .string && hasEscapes) }
        let start = range.lowerBound
        while depth > outerDepth { _ = try next(in: bytes) }
        return RawValue(kind: kind, range: start..<range.upperBound, hasEscapes: false)
    }

    /// Checks that nothing follows the document's value.
    mutating func finish(in bytes: Span<UInt8>) throws(JSONError) {
        _ = try next(in: bytes)
    }

    func error(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason: reason, offset: position)
    }

    // MARK: Structure

    private mutating func scanValue(in bytes: Span<UInt8>) throws(JSONError) -> Token {
        switch try byte(in: bytes) {
        case UInt8(ascii: "{"): return try open(.objectStart)
        case UInt8(ascii: "["): return try open(.arrayStart)
        case UInt8(ascii: "\""):
            try scanString(in: bytes)
            return completed(.string)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try scanNumber(in: bytes)
            return completed(.number)
        case UInt8(ascii: "t"): return try scanLiteral("true", .true, in: bytes)
        case UInt8(ascii: "f"): return try scanLiteral("false", .false, in: bytes)
        case UInt8(ascii: "n"): return try scanLiteral("null", .null, in: bytes)
        default: throw error(.expectedValue)
        }
    }

    private mutating func scanKey(in bytes: Span<UInt8>) throws(JSONError) -> Token {
        guard try byte(in: bytes) == UInt8(ascii: "\"") else { throw error(.expectedKey) }
        try scanString(in: bytes)
        skipWhiteSpace(in: bytes)
        guard try byte(in: bytes) == UInt8(ascii: ":") else { throw error(.expectedColon) }
        position += 1
        expectation = .value
        return .key
    }

    private mutating func scanSeparator(in bytes: Span<UInt8>) throws(JSONError) -> Token {
        let isInObject = brackets & 1 == 1
        switch try byte(in: bytes) {
        case UInt8(ascii: ","):
            position += 1
            skipWhiteSpace(in: bytes)
            return isInObject ? try scanKey(in: bytes) : try scanValue(in: bytes)
        case UInt8(ascii: "}") where isInObject: return close(.objectEnd)
        case UInt8(ascii: "]") where !isInObject: return close(.arrayEnd)
        default: throw error(.expectedCommaOrEnd)
        }
    }

    private mutating func open(_ token: Token) throws(JSONError) -> Token {
        guard depth < JSONText.maximumDepth else { throw error(.tooDeep) }
        let isObject = token == .objectStart
        brackets = brackets &<< 1 | (isObject ? 1 : 0)
        depth += 1
        range = position..<position + 1
        position += 1
        expectation = isObject ? .firstKeyOrEnd : .firstElementOrEnd
        return token
    }

    private mutating func close(_ token: Token) -> Token {
        brackets = brackets &>> 1
        depth -= 1
        range = position..<position + 1
        position += 1
        return completed(token)
    }

    private mutating func completed(_ token: Token) -> Token {
        expectation = depth == 0 ? .end : .commaOrEnd
        return token
    }

    // MARK: Scalars

    private mutating func scanString(in bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        hasEscapes = false
        // Strings are nearly all of the bytes: their loop counts in a variable of its own, and looks at most bytes twice only.
        let text = bytes.extracting(..<limit)
        var index = start + 1
        while index < text.count {
            let byte = text[index]
            if byte > UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                index += 1
            } else if byte == UInt8(ascii: "\"") {
                position = index + 1
                range = start..<position
                return
            } else if byte == UInt8(ascii: "\\") {
                position = index
                try skipEscape(in: bytes)
                index = position
            } else if byte < 0x20 {
                position = index
                throw error(.controlCharacter)
            } else {
                index += 1
            }
        }
        position = limit
        throw error(.unexpectedEnd)
    }

    private mutating func skipEscape(in bytes: Span<UInt8>) throws(JSONError) {
        hasEscapes = true
        position += 1
        switch try byte(in: bytes) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            position += 1
            for _ in 0..<4 {
                guard try HexDigit.value(of: byte(in: bytes)) != nil else { throw error(.invalidEscape) }
                position += 1
            }
        default:
            throw error(.invalidEscape)
        }
    }

    private mutating func scanNumber(in bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        // A leading zero stands alone: 01 is two numbers without a comma between them, which the next token refuses.
        if try byte(in: bytes) == UInt8(ascii: "0") { position += 1 } else { try scanDigits(in: bytes) }
        if position < limit, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try scanDigits(in: bytes)
        }
        if position < limit, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            let sign = try byte(in: bytes)
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            try scanDigits(in: bytes)
        }
        range = start..<position
    }

    /// One digit or more.
    private mutating func scanDigits(in bytes: Span<UInt8>) throws(JSONError) {
        guard case UInt8(ascii: "0")...UInt8(ascii: "9") = try byte(in: bytes) else { throw error(.invalidNumber) }
        while position < limit, case UInt8(ascii: "0")...UInt8(ascii: "9") = bytes[position] { position += 1 }
    }

    private mutating func scanLiteral(_ literal: String, _ token: Token, in bytes: Span<UInt8>) throws(JSONError) -> Token {
        let start = position
        for expected in literal.utf8 {
            guard try byte(in: bytes) == expected else { throw error(.invalidLiteral) }
            position += 1
        }
        range = start..<position
        return completed(token)
    }

    private mutating func skipWhiteSpace(in bytes: Span<UInt8>) {
        while position < limit {
            let byte = bytes[position]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    private func byte(in bytes: Span<UInt8>) throws(JSONError) -> UInt8 {
        guard position < limit else { throw error(.unexpectedEnd) }
        return bytes[position]
    }
}

enum HexDigit {
    static func value(of digit: UInt8) -> UInt16? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(digit - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(digit - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
