/// Why a text is not the JSON (RFC 8259) that was asked for, and where.
package struct JSONError: Error, Sendable, Hashable {
    package enum Reason: Sendable, Hashable {
        case unexpectedEnd
        case expectedValue
        case expectedKey
        case expectedColon
        /// After a member or an element, something else than a comma or the matching bracket.
        case expectedCommaOrEnd
        case invalidLiteral
        case invalidNumber
        case invalidEscape
        /// A control character (U+0000 to U+001F) stands in a string as itself.
        case controlCharacter
        /// Objects and arrays stand in one another more than ``JSONText/maximumDepth`` times.
        case tooDeep
        case trailingBytes
        /// Valid so far, but the value is not an object or array where one was asked for.
        case wrongKind(expected: RawValue.Kind)
    }

    package let reason: Reason
    /// Bytes before the place where it went wrong.
    package let offset: Int

    package init(reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    /// A sentence for a person. It names the place, not the content.
    package var description: String {
        let what =
            switch reason {
            case .unexpectedEnd: "the text ends in the middle of a value"
            case .expectedValue: "a value was expected"
            case .expectedKey: "a member's name in double quotes was expected"
            case .expectedColon: "a colon was expected after a member's name"
            case .expectedCommaOrEnd: "a comma or the closing bracket was expected"
            case .invalidLiteral: "only true, false and null are written without quotes"
            case .invalidNumber: "this is not a number as JSON writes them"
            case .invalidEscape: "this escape sequence does not exist in JSON"
            case .controlCharacter: "a control character in a string has to be escaped"
            case .tooDeep: "objects and arrays are nested more than \(JSONText.maximumDepth) deep"
            case .trailingBytes: "the value is complete, but more bytes follow"
            case .wrongKind(let expected): "the value is not an \(expected.rawValue)"
            }
        return "not the expected JSON at byte \(offset): \(what)"
    }
}
