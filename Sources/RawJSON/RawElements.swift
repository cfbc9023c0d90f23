/// Walks through the elements of one array, in order, checking everything in it on the way.
package struct RawElements: Sendable {
    private var tokenizer: JSONTokenizer

    /// The elements of an array that was found in `bytes` before.
    ///
    /// - Throws: ``JSONError`` when it is not an array.
    package init(of value: RawValue, in bytes: Span<UInt8>) throws(JSONError) {
        tokenizer = JSONTokenizer(value.range)
        guard try tokenizer.next(in: bytes) == .arrayStart else {
            throw JSONError(reason: .wrongKind(expected: .array), offset: tokenizer.range.lowerBound)
        }
    }

    /// - Parameter bytes: The bytes that were given to `init`.
    /// - Returns: `nil` after the last element.
    package mutating func next(in bytes: Span<UInt8>) throws(JSONError) -> RawValue? {
        try tokenizer.element(in: bytes)
    }
}
