/// Where a value stands in JSON text, and what kind it is.
///
/// It holds no bytes: whoever reads it gives the same bytes it was found in.
package struct RawValue: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        case object
        case array
        case string
        case number
        case bool
        case null
    }

    package let kind: Kind
    /// From the value's first to its last byte, brackets and quotes included, white space around it not.
    package let range: Range<Int>
    /// Whether this is a string that holds a backslash.
    let hasEscapes: Bool

    /// The value byte for byte.
    package func bytes(in bytes: Span<UInt8>) -> [UInt8] {
        let slice = bytes.extracting(range)
        return [UInt8](capacity: slice.count) { copy in
            for index in slice.indices { copy.append(slice[index]) }
        }
    }

    /// Where a string's content stands, without its quotes and with its escapes unresolved; `nil` for other kinds.
    package var content: Range<Int>? {
        kind == .string ? range.lowerBound + 1..<range.upperBound - 1 : nil
    }

    /// The text of a string, its escapes resolved; `nil` for other kinds.
    ///
    /// Halves of surrogate pairs without their other half, and bytes that are not UTF-8, become U+FFFD.
    package func string(in bytes: Span<UInt8>) -> String? {
        guard let content else { return nil }
        return hasEscapes ? JSONString.unescaped(bytes.extracting(content)) : JSONString.plain(bytes.extracting(content))
    }

    /// Whether this is a string that reads as `text`. Allocates nothing in the usual case of no escapes.
    package func isString(_ text: String, in bytes: Span<UInt8>) -> Bool {
        guard let content else { return false }
        guard !hasEscapes else { return string(in: bytes) == text }
        guard content.count == text.utf8.count else { return false }
        var index = content.lowerBound
        for byte in text.utf8 {
            guard bytes[index] == byte else { return false }
            index += 1
        }
        return true
    }

    /// A number without fraction and exponent that fits; `nil` for everything else.
    package func integer(in bytes: Span<UInt8>) -> Int64? {
        guard kind == .number else { return nil }
        var magnitude: Int64 = 0
        let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
        for index in range.dropFirst(isNegative ? 1 : 0) {
            guard case UInt8(ascii: "0")...UInt8(ascii: "9") = bytes[index] else { return nil }
            let digit = Int64(bytes[index] - UInt8(ascii: "0"))
            let (tens, isTooLarge) = magnitude.multipliedReportingOverflow(by: 10)
            // Counting downwards for negative numbers lets the smallest one in, whose magnitude has no positive form.
            let (sum, overflow) = isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
            guard !isTooLarge, !overflow else { return nil }
            magnitude = sum
        }
        return magnitude
    }

    package func bool(in bytes: Span<UInt8>) -> Bool? {
        kind == .bool ? bytes[range.lowerBound] == UInt8(ascii: "t") : nil
    }
}

extension RawValue.Kind {
    /// The kind of value that begins with `token`, or is it.
    init?(_ token: JSONTokenizer.Token) {
        switch token {
        case .objectStart: self = .object
        case .arrayStart: self = .array
        case .string: self = .string
        case .number: self = .number
        case .true, .false: self = .bool
        case .null: self = .null
        case .objectEnd, .arrayEnd, .key, .end: return nil
        }
    }
}
