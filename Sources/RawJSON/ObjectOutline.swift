/// The outline of a JSON object that is too large to be held: chosen members are kept while the bytes pass by, the rest is only checked.
///
/// The pieces may be cut anywhere, and members may stand in any order. What it holds depends on what it keeps, never on the object's
/// size or depth. It takes what ``JSONText`` takes; of members with the same name the first counts here too.
package struct ObjectOutline: Sendable {
    /// Members' names that are longer, as they are written, are none of the wanted ones.
    private static let maximumNameBytes = 64

    private enum State: Sendable, Hashable {
        case start
        case value
        case firstElementOrEnd
        case firstKeyOrEnd
        case key
        case colon
        case commaOrEnd
        case end
        // Inside a token:
        case text
        case escape
        case codeUnit(left: Int)
        case number(NumberPart)
        case literal(Literal, next: Int)
    }

    private let wanted: Set<String>
    private let memberLimit: Int
    /// How many bytes came so far.
    package private(set) var count = 0
    private var state = State.start
    private var depth = 0
    /// The kinds of the open brackets, the innermost in the lowest bit: 1 for an object.
    private var brackets: UInt128 = 0
    /// Whether the string that is read is a member's name.
    private var isName = false
    /// The name of the outer object's member that is read, as far as it matters, with its quotes.
    private var name: [UInt8] = []
    private var seen: Set<String> = []
    /// The names of the members that are kept and complete.
    package private(set) var kept: Set<String> = []
    /// The kept members, with commas between them.
    private var members: [UInt8] = []
    /// Where in ``members`` the one begins that is being copied; `nil` while nothing is copied.
    private var memberStart: Int?
    private var memberName = ""

    /// - Parameters:
    ///   - wanted: The names of the outer object's members to keep.
    ///   - memberLimit: A member that is larger, in bytes with its name, is left out like the others.
    package init(keeping wanted: Set<String>, memberLimit: Int) {
        self.wanted = wanted
        self.memberLimit = memberLimit
    }

    /// The kept members that are complete, as an object of their own.
    package var bytes: [UInt8] {
        [UInt8(ascii: "{")] + members[..<(memberStart ?? members.count)] + [UInt8(ascii: "}")]
    }

    /// Takes the next piece.
    ///
    /// - Throws: ``JSONError`` at the first byte that is wrong; nothing more can be taken then. What was kept before stays.
    package mutating func receive(_ bytes: Span<UInt8>) throws(JSONError) {
        var index = 0
        while index < bytes.count {
            // Strings are nearly all of the bytes, and of most of them only the end matters.
            if state == .text, memberStart == nil, !isName {
                let end = Self.endOfPlainText(in: bytes, from: index)
                count += end - index
                index = end
                guard index < bytes.count else { return }
            }
            try take(bytes[index])
            count += 1
            index += 1
        }
    }

    /// Checks that the object is complete.
    ///
    /// - Throws: ``JSONError`` when more would have to follow.
    package func finish() throws(JSONError) {
        guard state == .end else { throw error(.unexpectedEnd) }
    }

    private static func endOfPlainText(in bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            guard byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { return index }
            index += 1
        }
        return index
    }

    private func error(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason: reason, offset: count)
    }

    private mutating func take(_ byte: UInt8) throws(JSONError) {
        switch state {
        case .text, .escape, .codeUnit:
            // Copied first: the closing quote may end the member.
            copy(byte)
            try takeText(byte)
        case .number(let part):
            if let next = part.next(byte) {
                copy(byte)
                state = .number(next)
            } else {
                guard part.mayEnd else { throw error(.invalidNumber) }
                // Only what follows a number tells that it is over.
                completeValue()
                try take(byte)
            }
        case .literal(let literal, let next):
            guard byte == literal.byte(next) else { throw error(.invalidLiteral) }
            copy(byte)
            if literal.byte(next + 1) == nil { completeValue() } else { state = .literal(literal, next: next + 1) }
        case .start, .value, .firstElementOrEnd, .firstKeyOrEnd, .key, .colon, .commaOrEnd, .end:
            guard byte != 0x20, byte != 0x0A, byte != 0x0D, byte != 0x09 else { return copy(byte) }
            try takeStructure(byte)
        }
    }

    // MARK: Structure

    private mutating func takeStructure(_ byte: UInt8) throws(JSONError) {
        switch state {
        case .start:
            guard byte == UInt8(ascii: "{") else { throw error(.wrongKind(expected: .object)) }
            try open(object: true)
        case .value: try beginValue(byte)
        case .firstElementOrEnd: if byte == UInt8(ascii: "]") { close(byte) } else { try beginValue(byte) }
        case .firstKeyOrEnd: if byte == UInt8(ascii: "}") { close(byte) } else { try beginName(byte) }
        case .key: try beginName(byte)
        case .colon:
            guard byte == UInt8(ascii: ":") else { throw error(.expectedColon) }
            copy(byte)
            state = .value
            if depth == 1 { beginMember() }
        case .commaOrEnd: try takeSeparator(byte)
        case .end: throw error(.trailingBytes)
        case .text, .escape, .codeUnit, .number, .literal: preconditionFailure("a token's bytes are no structure")
        }
    }

    private mutating func beginValue(_ byte: UInt8) throws(JSONError) {
        copy(byte)
        switch byte {
        case UInt8(ascii: "{"): try open(object: true)
        case UInt8(ascii: "["): try open(object: false)
        case UInt8(ascii: "\""): state = .text
        case UInt8(ascii: "t"): state = .literal(.true, next: 1)
        case UInt8(ascii: "f"): state = .literal(.false, next: 1)
        case UInt8(ascii: "n"): state = .literal(.null, next: 1)
        default:
            guard let part = NumberPart(first: byte) else { throw error(.expectedValue) }
            state = .number(part)
        }
    }

    private mutating func takeSeparator(_ byte: UInt8) throws(JSONError) {
        let isInObject = brackets & 1 == 1
        switch byte {
        case UInt8(ascii: ","):
            copy(byte)
            state = isInObject ? .key : .value
        case UInt8(ascii: "}") where isInObject, UInt8(ascii: "]") where !isInObject: close(byte)
        default: throw error(.expectedCommaOrEnd)
        }
    }

    private mutating func open(object isObject: Bool) throws(JSONError) {
        guard depth < JSONText.maximumDepth else { throw error(.tooDeep) }
        brackets = brackets &<< 1 | (isObject ? 1 : 0)
        depth += 1
        state = isObject ? .firstKeyOrEnd : .firstElementOrEnd
    }

    private mutating func close(_ byte: UInt8) {
        copy(byte)
        brackets = brackets &>> 1
        depth -= 1
        completeValue()
    }

    private mutating func completeValue() {
        if depth == 1, memberStart != nil {
            kept.insert(memberName)
            memberStart = nil
        }
        state = depth == 0 ? .end : .commaOrEnd
    }

    // MARK: Strings

    private mutating func beginName(_ byte: UInt8) throws(JSONError) {
        guard byte == UInt8(ascii: "\"") else { throw error(.expectedKey) }
        copy(byte)
        isName = true
        name = [byte]
        state = .text
    }

    private mutating func takeText(_ byte: UInt8) throws(JSONError) {
        if isName, depth == 1, name.count <= Self.maximumNameBytes { name.append(byte) }
        switch state {
        case .escape:
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
                UInt8(ascii: "r"), UInt8(ascii: "t"):
                state = .text
            case UInt8(ascii: "u"): state = .codeUnit(left: 4)
            default: throw error(.invalidEscape)
            }
        case .codeUnit(let left):
            guard HexDigit.value(of: byte) != nil else { throw error(.invalidEscape) }
            state = left > 1 ? .codeUnit(left: left - 1) : .text
        default:
            switch byte {
            case UInt8(ascii: "\""): endString()
            case UInt8(ascii: "\\"): state = .escape
            case 0..<0x20: throw error(.controlCharacter)
            default: break
            }
        }
    }

    private mutating func endString() {
        guard isName else { return completeValue() }
        isName = false
        state = .colon
    }

    // MARK: Keeping

    /// The name and the colon of one of the outer object's members were read.
    private mutating func beginMember() {
        guard name.count <= Self.maximumNameBytes, let text = try? JSONText.value(in: name.span).string(in: name.span) else {
            // A name that is too long is cut and therefore no valid string: none of the wanted ones.
            return
        }
        guard wanted.contains(text), seen.insert(text).inserted else { return }
        memberStart = members.count
        memberName = text
        if !members.isEmpty { members.append(UInt8(ascii: ",")) }
        JSONString.write(text, into: &members)
        members.append(UInt8(ascii: ":"))
    }

    private mutating func copy(_ byte: UInt8) {
        guard let start = memberStart else { return }
        if members.count - start < memberLimit {
            members.append(byte)
        } else {
            members.removeLast(members.count - start)
            memberStart = nil
        }
    }
}

/// Where in a number the last byte stood.
private enum NumberPart: Sendable, Hashable {
    case minus
    /// A leading zero stands alone.
    case zero
    case integer
    case point
    case fraction
    case exponent
    case exponentSign
    case power

    init?(first byte: UInt8) {
        switch byte {
        case UInt8(ascii: "-"): self = .minus
        case UInt8(ascii: "0"): self = .zero
        case UInt8(ascii: "1")...UInt8(ascii: "9"): self = .integer
        default: return nil
        }
    }

    /// - Returns: `nil` when the byte does not belong to the number.
    func next(_ byte: UInt8) -> NumberPart? {
        let isDigit = UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        switch self {
        case .minus: return isDigit ? NumberPart(first: byte) : nil
        case .integer where isDigit: return .integer
        case .zero, .integer:
            if byte == UInt8(ascii: ".") { return .point }
            return byte | 0x20 == UInt8(ascii: "e") ? .exponent : nil
        case .point: return isDigit ? .fraction : nil
        case .fraction:
            if isDigit { return .fraction }
            return byte | 0x20 == UInt8(ascii: "e") ? .exponent : nil
        case .exponent:
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { return .exponentSign }
            return isDigit ? .power : nil
        case .exponentSign, .power: return isDigit ? .power : nil
        }
    }

    var mayEnd: Bool {
        switch self {
        case .zero, .integer, .fraction, .power: true
        case .minus, .point, .exponent, .exponentSign: false
        }
    }
}

private enum Literal: Sendable, Hashable {
    case `true`
    case `false`
    case null

    var text: String {
        switch self {
        case .true: "true"
        case .false: "false"
        case .null: "null"
        }
    }

    /// - Returns: `nil` after the last byte.
    func byte(_ index: Int) -> UInt8? {
        let bytes = text.utf8
        return index < bytes.count ? bytes[bytes.index(bytes.startIndex, offsetBy: index)] : nil
    }
}
