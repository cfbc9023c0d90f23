/// Recognises the texts of IP addresses. What an address means is not asked here.
enum IPAddress {
    /// Four decimal numbers from 0 to 255 without leading zeros: other spellings are read differently by different programs.
    static func isIPv4(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } && (part == "0" || !part.hasPrefix("0"))
                    && UInt8(part) != nil
            }
    }

    /// RFC 4291, section 2.2: eight groups, `::` once for one or more groups of zeros, an IPv4 address in place of the last two groups.
    static func isIPv6(_ text: some StringProtocol) -> Bool {
        let halves = halves(of: String(text))
        guard halves.count <= 2 else { return false }
        var groups = 0
        for (index, half) in halves.enumerated() where !half.isEmpty {
            guard let count = groupCount(half, mayEndInIPv4: index == halves.count - 1) else { return false }
            groups += count
        }
        return halves.count == 1 ? groups == 8 : groups <= 7
    }

    private static func halves(of text: String) -> [Substring] {
        var halves: [Substring] = []
        var rest = text[...]
        while let range = rest.firstRange(of: "::") {
            halves.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return halves + [rest]
    }

    private static func groupCount(_ half: Substring, mayEndInIPv4: Bool) -> Int? {
        var parts = half.split(separator: ":", omittingEmptySubsequences: false)
        var count = 0
        if mayEndInIPv4, let last = parts.last, isIPv4(last) {
            parts.removeLast()
            count = 2
        }
        guard parts.allSatisfy({ (1...4).contains($0.utf8.count) && $0.utf8.allSatisfy { Character(UnicodeScalar($0)).isHexDigit } }) else {
            return nil
        }
        return count + parts.count
    }
}
