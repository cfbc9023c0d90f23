/// A small JSON document as a value: for what is built here or read whole. Large documents are read in place, see ``JSONText``.
package enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Any other number, as its text, so that no digit is lost: `0.1`, `1e400`, `12345678901234567890`.
    case number(String)
    case string(String)
    case array([JSON])
    /// In order. Of members with the same key the first counts.
    case object([Member])
    /// JSON text that the writer takes over byte for byte. The parser never makes one; whoever does vouches that it is valid.
    case raw([UInt8])

    package struct Member: Sendable, Hashable {
        package var key: String
        package var value: JSON

        package init(_ key: String, _ value: JSON) {
            self.key = key
            self.value = value
        }
    }

    /// The shortest number that reads back as `value`; `null` when it is not finite, since JSON has no word for that.
    package static func decimal(_ value: Double) -> JSON {
        value.isFinite ? .number("\(value)") : .null
    }

    /// The value of the first member called `key`; `nil` when there is none or this is no object.
    package subscript(key: String) -> JSON? {
        members?.first { $0.key == key }?.value
    }

    /// The element at `index`; `nil` when there is none or this is no array.
    package subscript(index: Int) -> JSON? {
        guard let elements, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    package var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    package var elements: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// Any number, as near as a `Double` comes.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let text): Double(text)
        case .null, .bool, .string, .array, .object, .raw: nil
        }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var isNull: Bool { self == .null }
}

extension JSON: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral members: (String, JSON)...) { self = .object(members.map { Member($0, $1) }) }
}
