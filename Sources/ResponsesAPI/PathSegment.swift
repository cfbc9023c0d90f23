/// One segment of a URL's path (RFC 3986, section 3.3).
enum PathSegment {
    /// Percent-encodes every byte that is not unreserved, but for `=`, `:` and `@`: they are lawful in a segment, vendors' ids hold them,
    /// and not every server decodes what it did not have to be sent encoded.
    static func encode(_ text: String) -> String {
        var segment = ""
        for byte in text.utf8 {
            if isPlain(byte) {
                segment.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                segment += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return segment
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
            UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "@"):
            true
        default:
            false
        }
    }
}
