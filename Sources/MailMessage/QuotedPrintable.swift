/// Quoted-printable (RFC 2045, section 6.7): readable where the text is ASCII, safe on every way.
enum QuotedPrintable {
    /// Of an encoded line, without its end.
    static let maximumLineBytes = 76

    /// - Returns: Lines of at most ``maximumLineBytes``, each ended by CR LF.
    static func encode(_ lines: [[UInt8]]) -> [UInt8] {
        var output: [UInt8] = []
        for line in lines { encode(line, into: &output) }
        return output
    }

    private static func encode(_ line: [UInt8], into output: inout [UInt8]) {
        var column = 0
        for index in line.indices {
            let isLast = index == line.index(before: line.endIndex)
            // A soft break needs a column for its own mark; the last byte of a line needs none after it.
            let limit = isLast ? maximumLineBytes : maximumLineBytes - 1
            var token = self.token(line, at: index, isFirst: column == 0, isLast: isLast)
            if column + token.count > limit {
                output += softBreak
                column = 0
                token = self.token(line, at: index, isFirst: true, isLast: isLast)
            }
            output += token
            column += token.count
        }
        output += lineEnd
    }

    private static func token(_ line: [UInt8], at index: Int, isFirst: Bool, isLast: Bool) -> [UInt8] {
        let byte = line[index]
        let isLiteral =
            switch byte {
            case UInt8(ascii: "="): false
            // White space at the end of a line is taken for an accident of transport.
            case UInt8(ascii: " "), UInt8(ascii: "\t"): !isLast
            // A dot at the beginning has a meaning in SMTP (RFC 5321, section 4.5.2), and "From " one in mailboxes.
            case UInt8(ascii: "."): !isFirst
            case UInt8(ascii: "F"): !(isFirst && line[index...].starts(with: "From ".utf8))
            case 0x21...0x7E: true
            default: false
            }
        return isLiteral ? [byte] : [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    private static let digits = Array("0123456789ABCDEF".utf8)
    private static let softBreak = Array("=\r\n".utf8)
    private static let lineEnd = Array("\r\n".utf8)
}
