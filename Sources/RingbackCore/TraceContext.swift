/// Where something belongs in somebody's trace: W3C Trace Context, <https://www.w3.org/TR/trace-context/>.
///
/// A reference, since every watch has room for one and most have none.
package final class TraceContext: Sendable {
    package let traceID: TraceID
    /// What the next span is a child of.
    package let spanID: SpanID
    /// Whether whoever began the trace keeps it: then those who continue it do, too.
    package let isSampled: Bool
    /// What vendors of tracing systems tell each other, unchanged; empty for nothing.
    package let state: String

    package init(traceID: TraceID, spanID: SpanID, isSampled: Bool, state: String = "") {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.state = state
    }

    /// Reads the two headers of a request.
    ///
    /// - Parameters:
    ///   - parents: All values of `traceparent`; more than one are as good as none.
    ///   - states: All values of `tracestate`. What is wrong with them costs the state only.
    /// - Returns: `nil` when there is no valid `traceparent`: then a new trace may begin (section 4.3).
    package convenience init?(parents: [String], states: [String]) {
        guard parents.count == 1, let parent = TraceParent(parents[0]) else { return nil }
        self.init(
            traceID: parent.traceID, spanID: parent.spanID, isSampled: parent.isSampled,
            state: TraceState.read(states.joined(separator: ",")))
    }

    /// The value of `traceparent`, in version 00.
    package var parent: String {
        "00-\(traceID.text)-\(spanID.text)-\(isSampled ? "01" : "00")"
    }

    /// The headers that carry it on.
    package var headers: [(name: String, value: String)] {
        let parent = (name: "traceparent", value: parent)
        return state.isEmpty ? [parent] : [parent, (name: "tracestate", value: state)]
    }
}

extension TraceContext {
    /// Whether a header carries a trace.
    package static func isHeader(_ name: String) -> Bool {
        ["traceparent", "tracestate"].contains(name.lowercased())
    }
}

extension TraceContext: Hashable {
    package static func == (left: TraceContext, right: TraceContext) -> Bool {
        left.traceID == right.traceID && left.spanID == right.spanID && left.isSampled == right.isSampled && left.state == right.state
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(traceID)
        hasher.combine(spanID)
    }
}

extension TraceContext {
    /// Both headers as one text, in which it is kept.
    package var text: String { state.isEmpty ? parent : "\(parent) \(state)" }

    /// - Parameter text: Of ``text``.
    package convenience init?(text: String) {
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        self.init(parents: Array(parts.prefix(1)), states: Array(parts.dropFirst()))
    }
}

/// 16 bytes, not all of them zero.
package struct TraceID: Sendable, Hashable {
    package let high: UInt64
    package let low: UInt64

    package init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// 32 hexadecimal digits.
    package var text: String { hexadecimal(high) + hexadecimal(low) }
}

/// 8 bytes, not all of them zero.
package struct SpanID: Sendable, Hashable {
    package let rawValue: UInt64

    package init?(_ rawValue: UInt64) {
        guard rawValue != 0 else { return nil }
        self.rawValue = rawValue
    }

    /// 16 hexadecimal digits.
    package var text: String { hexadecimal(rawValue) }
}

private func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

/// A `traceparent`: section 3.2.
private struct TraceParent {
    let traceID: TraceID
    let spanID: SpanID
    let isSampled: Bool

    private static let length = 55

    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= Self.length, let version = Self.number(bytes[0..<2]), version != 0xFF else { return nil }
        // A later version may say more, behind another hyphen (section 3.2.4, "Versioning of traceparent").
        guard version == 0 ? bytes.count == Self.length : bytes.count == Self.length || bytes[Self.length] == UInt8(ascii: "-") else {
            return nil
        }
        guard [2, 35, 52].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }), let flags = Self.number(bytes[53..<55]),
            let high = Self.number(bytes[3..<19]), let low = Self.number(bytes[19..<35]), let span = Self.number(bytes[36..<52]),
            let traceID = TraceID(high: high, low: low), let spanID = SpanID(span)
        else { return nil }
        self.traceID = traceID
        self.spanID = spanID
        isSampled = flags & 1 == 1
    }

    /// Lower-case digits only.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }
}

/// A `tracestate`: section 3.3.
private enum TraceState {
    static let maximumMembers = 32
    /// What has to be passed on at least is as much as is passed on; longer ones are shortened as section 3.3.1.5 says.
    static let maximumBytes = 512
    static let longMember = 128

    /// - Returns: The state as it is passed on; empty when it is wrong: it is not repaired.
    static func read(_ text: String) -> String {
        var members: [Substring] = []
        var keys: Set<Substring> = []
        for part in text.split(separator: ",") {
            let member = trimmed(part)
            if member.isEmpty { continue }
            guard let equals = member.firstIndex(of: "="), isKey(member[..<equals]), isValue(member[member.index(after: equals)...]),
                keys.insert(member[..<equals]).inserted
            else { return "" }
            members.append(member)
        }
        guard members.count <= maximumMembers else { return "" }
        return shortened(members).joined(separator: ",")
    }

    private static func shortened(_ members: [Substring]) -> [Substring] {
        guard size(members) > maximumBytes else { return members }
        var members = members.filter { $0.utf8.count <= longMember }
        while size(members) > maximumBytes { members.removeLast() }
        return members
    }

    private static func size(_ members: [Substring]) -> Int {
        members.reduce(0) { $0 + $1.utf8.count + 1 } - 1
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.utf8.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.utf8.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }

    /// `simple-key` or `tenant-id@system-id`, together at most 256 characters.
    private static func isKey(_ key: Substring) -> Bool {
        let parts = key.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let last = parts.last, let begin = last.utf8.first, isLetter(begin), let first = key.utf8.first,
            isLetter(first) || parts.count == 2 && isDigit(first), key.utf8.count <= 256
        else { return false }
        if parts.count == 2, parts[0].utf8.count > 241 || last.utf8.count > 14 { return false }
        return parts.allSatisfy { part in
            part.utf8.allSatisfy { isLetter($0) || isDigit($0) || "_-*/".utf8.contains($0) }
        }
    }

    /// Up to 256 printable characters without commas and equals signs, not ending in a blank.
    private static func isValue(_ value: Substring) -> Bool {
        let bytes = value.utf8
        guard (1...256).contains(bytes.count), bytes.last != 0x20 else { return false }
        return bytes.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
