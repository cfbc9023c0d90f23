extension JSON {
    /// Reads one JSON value with nothing but white space around it. What is accepted is what ``JSONText`` accepts.
    ///
    /// - Throws: ``JSONError`` with the first thing that is wrong.
    package init(parsing bytes: Span<UInt8>) throws(JSONError) {
        var tokenizer = JSONTokenizer(0..<bytes.count)
        var builder = JSONBuilder()
        while true {
            switch try tokenizer.next(in: bytes) {
            case .objectStart, .arrayStart: builder.open()
            case .objectEnd: builder.closeObject()
            case .arrayEnd: builder.closeArray()
            case .key: builder.name(Self.text(tokenizer, in: bytes))
            case .string: builder.add(.string(Self.text(tokenizer, in: bytes)))
            case .number: builder.add(Self.number(tokenizer, in: bytes))
            case .true: builder.add(.bool(true))
            case .false: builder.add(.bool(false))
            case .null: builder.add(.null)
            case .end:
                self = builder.root
                return
            }
        }
    }

    package init(parsing bytes: [UInt8]) throws(JSONError) {
        try self.init(parsing: bytes.span)
    }

    package init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// The string or key that was read last.
    private static func text(_ tokenizer: JSONTokenizer, in bytes: Span<UInt8>) -> String {
        let content = bytes.extracting(tokenizer.range.lowerBound + 1..<tokenizer.range.upperBound - 1)
        return tokenizer.hasEscapes ? JSONString.unescaped(content) : JSONString.plain(content)
    }

    /// The number that was read last.
    private static func number(_ tokenizer: JSONTokenizer, in bytes: Span<UInt8>) -> JSON {
        let value = RawValue(kind: .number, range: tokenizer.range, hasEscapes: false)
        let text = JSONString.plain(bytes.extracting(tokenizer.range))
        // Minus zero is not the integer zero: it keeps its sign as text.
        guard text != "-0", let integer = value.integer(in: bytes) else { return .number(text) }
        return .integer(integer)
    }
}

/// Puts values together from the inside out. The open brackets are a list and not calls within calls, so that depth costs no stack.
private struct JSONBuilder {
    /// An object or array whose end has not come yet; only one of its two lists is filled.
    private struct Frame {
        var members: [JSON.Member] = []
        var elements: [JSON] = []
        /// In an object, the name of the member whose value comes next.
        var name: String?
    }

    private(set) var root = JSON.null
    private var frames: [Frame] = []

    mutating func open() {
        frames.append(Frame())
    }

    mutating func name(_ name: String) {
        frames[frames.count - 1].name = name
    }

    mutating func add(_ value: JSON) {
        guard let last = frames.indices.last else {
            root = value
            return
        }
        if let name = frames[last].name {
            frames[last].members.append(JSON.Member(name, value))
        } else {
            frames[last].elements.append(value)
        }
    }

    mutating func closeObject() {
        add(.object(frames.removeLast().members))
    }

    mutating func closeArray() {
        add(.array(frames.removeLast().elements))
    }
}
