/// Reading JSON in place: values are found as ranges of the bytes they came in, without a tree and without copies.
///
/// What is accepted is RFC 8259, exactly, in UTF-8 without a byte order mark. Two things it leaves open are decided so:
/// of members with the same name the first counts, and bytes that are not UTF-8 may stand inside strings (they stay as they are in a
/// range, and read as U+FFFD in text).
package enum JSONText {
    /// How deep objects and arrays may stand in one another.
    package static let maximumDepth = 128

    /// Reads `bytes` as one JSON value with nothing but white space around it.
    ///
    /// - Throws: ``JSONError`` with the first thing that is wrong; nothing of the text is unchecked otherwise.
    package static func value(in bytes: Span<UInt8>) throws(JSONError) -> RawValue {
        var tokenizer = JSONTokenizer(0..<bytes.count)
        let value = try tokenizer.value(in: bytes)
        try tokenizer.finish(in: bytes)
        return value
    }

    /// The first members with the given names of the object that `bytes` is, found in one pass.
    ///
    /// - Returns: Only the names the object has.
    /// - Throws: ``JSONError`` when `bytes` is not a valid JSON object as a whole.
    package static func members(_ names: Set<String>, in bytes: Span<UInt8>) throws(JSONError) -> [String: RawValue] {
        try collect(names, from: RawMembers(in: bytes), in: bytes)
    }

    /// The same for an object that was found in `bytes` before.
    package static func members(_ names: Set<String>, of object: RawValue, in bytes: Span<UInt8>) throws(JSONError) -> [String: RawValue] {
        try collect(names, from: RawMembers(of: object, in: bytes), in: bytes)
    }

    private static func collect(
        _ names: Set<String>, from members: consuming RawMembers, in bytes: Span<UInt8>
    ) throws(JSONError) -> [String: RawValue] {
        var found: [String: RawValue] = [:]
        while let member = try members.next(in: bytes) {
            guard let name = member.key.string(in: bytes), names.contains(name), found[name] == nil else { continue }
            found[name] = member.value
        }
        return found
    }
}
