/// One member of an object, found in place.
package struct RawMember: Sendable, Hashable {
    /// A string.
    package let key: RawValue
    package let value: RawValue

    package func isNamed(_ name: String, in bytes: Span<UInt8>) -> Bool {
        key.isString(name, in: bytes)
    }
}

/// Walks through the members of one object, in the order they stand there.
///
/// Everything in the object is checked on the way. An object is known to be valid as a whole once ``next(in:)`` has answered `nil`.
/// ```swift
/// var members = try RawMembers(in: bytes)
/// while let member = try members.next(in: bytes) {
///     if member.isNamed("status", in: bytes) { status = status ?? member.value.string(in: bytes) }
/// }
/// ```
package struct RawMembers: Sendable {
    private var tokenizer: JSONTokenizer

    /// The members of the object that `bytes` is, white space around it allowed.
    ///
    /// - Throws: ``JSONError`` when it is not an object.
    package init(in bytes: Span<UInt8>) throws(JSONError) {
        try self.init(0..<bytes.count, in: bytes)
    }

    /// The members of an object that was found in `bytes` before.
    ///
    /// - Throws: ``JSONError`` when it is not an object.
    package init(of value: RawValue, in bytes: Span<UInt8>) throws(JSONError) {
        try self.init(value.range, in: bytes)
    }

    private init(_ range: Range<Int>, in bytes: Span<UInt8>) throws(JSONError) {
        tokenizer = JSONTokenizer(range)
        guard try tokenizer.next(in: bytes) == .objectStart else {
            throw JSONError(reason: .wrongKind(expected: .object), offset: tokenizer.range.lowerBound)
        }
    }

    /// - Parameter bytes: The bytes that were given to `init`.
    /// - Returns: `nil` after the last member.
    package mutating func next(in bytes: Span<UInt8>) throws(JSONError) -> RawMember? {
        guard try tokenizer.next(in: bytes) == .key else {
            try tokenizer.finish(in: bytes)
            return nil
        }
        let key = RawValue(kind: .string, range: tokenizer.range, hasEscapes: tokenizer.hasEscapes)
        return RawMember(key: key, value: try tokenizer.value(in: bytes))
    }
}
