extension JSON {
    /// The value as JSON text without white space.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        write(into: &bytes)
        return bytes
    }

    /// The value as JSON text without white space.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The value as JSON text for people: one member or element per line, indented by two spaces. Raw parts stay as they are.
    package var prettyText: String {
        var bytes: [UInt8] = []
        write(into: &bytes, indentation: 0)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the value as JSON text.
    ///
    /// - Parameter indentation: How many levels deep the value stands in text for people; `nil` writes without white space.
    package func write(into bytes: inout [UInt8], indentation: Int? = nil) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .integer(let value): bytes += "\(value)".utf8
        case .number(let text): bytes += text.utf8
        case .string(let text): JSONString.write(text, into: &bytes)
        case .raw(let json): bytes += json
        case .array(let elements):
            Self.write(elements, between: "[", "]", into: &bytes, indentation) { element, bytes, indentation in
                element.write(into: &bytes, indentation: indentation)
            }
        case .object(let members):
            Self.write(members, between: "{", "}", into: &bytes, indentation) { member, bytes, indentation in
                JSONString.write(member.key, into: &bytes)
                bytes += (indentation == nil ? ":" : ": ").utf8
                member.value.write(into: &bytes, indentation: indentation)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], between opening: String, _ closing: String, into bytes: inout [UInt8], _ indentation: Int?,
        item: (Item, inout [UInt8], Int?) -> Void
    ) {
        bytes += opening.utf8
        for (index, content) in items.enumerated() {
            if index > 0 { bytes += ",".utf8 }
            startLine(&bytes, indentation.map { $0 + 1 })
            item(content, &bytes, indentation.map { $0 + 1 })
        }
        if !items.isEmpty { startLine(&bytes, indentation) }
        bytes += closing.utf8
    }

    private static func startLine(_ bytes: inout [UInt8], _ indentation: Int?) {
        guard let indentation else { return }
        bytes += "\n".utf8
        bytes += repeatElement(UInt8(ascii: " "), count: 2 * indentation)
    }
}
