/// One line of a block: a field the standard knows, and where its value stands.
struct EventStreamField {
    enum Name: String, CaseIterable {
        case data
        case event
        case id
        case retry
    }

    let name: Name
    let value: Range<Int>

    /// Reads a line that is not blank.
    ///
    /// - Returns: `nil` for comments and for fields with other names, which are ignored. Names are compared byte by byte.
    init?(in bytes: Span<UInt8>, _ line: Range<Int>) {
        let candidate: Name
        switch bytes[line.lowerBound] {
        case UInt8(ascii: "d"): candidate = .data
        case UInt8(ascii: "e"): candidate = .event
        case UInt8(ascii: "i"): candidate = .id
        case UInt8(ascii: "r"): candidate = .retry
        default: return nil
        }
        var index = line.lowerBound
        for byte in candidate.rawValue.utf8 {
            guard index < line.upperBound, bytes[index] == byte else { return nil }
            index += 1
        }
        name = candidate
        guard index < line.upperBound else {
            value = index..<index
            return
        }
        guard bytes[index] == UInt8(ascii: ":") else { return nil }
        index += 1
        if index < line.upperBound, bytes[index] == UInt8(ascii: " ") { index += 1 }
        value = index..<line.upperBound
    }
}
