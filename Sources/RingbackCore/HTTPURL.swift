/// An absolute `http` or `https` URL that every reader understands in the same way: a callback's, an endpoint's, or an upstream's base.
///
/// The grammar is that of RFC 3986 without its obscure corners: no userinfo, no fragment, no zone, no percent-encoding in the host, no odd
/// spellings of IPv4 addresses. What is refused here could be read as one host by the judge and as another one by the resolver.
package struct HTTPURL: Sendable, Hashable {
    package enum Scheme: String, Sendable, Hashable {
        case http
        case https

        package var defaultPort: Int {
            switch self {
            case .http: 80
            case .https: 443
            }
        }
    }

    /// The longest URL that is accepted.
    package static let maximumBytes = 2048

    /// The URL as it was written, with its host in ASCII. May hold credentials in its query: never logged, see ``redacted``.
    package let text: String
    package let scheme: Scheme
    /// In lower case and ASCII; an IPv6 address without its brackets, a name without a final dot.
    package let host: String
    /// As written; `nil` means the scheme's own.
    package let port: Int?
    /// As written; empty or beginning with `/`.
    package let path: String
    /// As written, without the `?`.
    package let query: String?

    /// - Throws: ``InvalidURL`` with the first thing that is wrong, in words that say what to write instead.
    package init(validating text: String) throws(InvalidURL) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= Self.maximumBytes else { throw .tooLong(bytes: text.utf8.count) }
        if let bad = text.unicodeScalars.first(where: Self.isForbiddenEverywhere) { throw Self.forbidden(bad) }
        let (scheme, rest) = try Self.splitScheme(text)
        let authorityEnd =
            rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? rest.endIndex
        let authority = try Self.asciiAuthority(rest[..<authorityEnd])
        let (host, port) = try Self.authority(authority)
        let tail = rest[authorityEnd...]
        guard !tail.contains(UInt8(ascii: "#")) else { throw .fragment }
        try Self.checkPathAndQuery(tail)
        let pathEnd = tail.firstIndex(of: UInt8(ascii: "?")) ?? tail.endIndex
        self.text = authority == rest[..<authorityEnd] ? text : "\(scheme.rawValue)://" + String(decoding: authority + tail, as: UTF8.self)
        self.scheme = scheme
        self.host = host
        self.port = port
        path = String(decoding: tail[..<pathEnd], as: UTF8.self)
        query = pathEnd == tail.endIndex ? nil : String(decoding: tail[pathEnd...].dropFirst(), as: UTF8.self)
    }

    /// The URL without its query, fit for logs and for people: `https://app.example.com:8443/hooks`.
    package var redacted: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return "\(scheme.rawValue)://\(host)\(port.map { ":\($0)" } ?? "")\(path)"
    }

    /// The port that is connected to.
    package var effectivePort: Int { port ?? scheme.defaultPort }

    // MARK: Scheme

    private typealias Bytes = ArraySlice<UInt8>

    private static func splitScheme(_ text: String) throws(InvalidURL) -> (Scheme, Bytes) {
        let bytes = Array(text.utf8)
        for scheme in [Scheme.http, .https] {
            let prefix = scheme.rawValue + "://"
            guard bytes.count >= prefix.utf8.count, String(decoding: bytes.prefix(prefix.utf8.count), as: UTF8.self).lowercased() == prefix
            else { continue }
            let rest = bytes.dropFirst(prefix.utf8.count)
            // `http:///host` is what is left of a URL whose host went missing; browsers repair it, other readers do not.
            guard rest.first != UInt8(ascii: "/") else { throw .misspelledScheme(meant: prefix) }
            return (scheme, rest)
        }
        throw schemeTrouble(bytes)
    }

    /// What is wrong with a URL that does not begin with `http://` or `https://`.
    private static func schemeTrouble(_ bytes: [UInt8]) -> InvalidURL {
        let head = bytes.prefix { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        let tail = bytes.dropFirst(head.count)
        let name = String(decoding: head, as: UTF8.self).lowercased()
        let looksLikeScheme =
            name.utf8.first.map(isLetter) == true && name.utf8.allSatisfy { isLetter($0) || isDigit($0) || "+-.;".utf8.contains($0) }
        let looksLikePort = tail.first == UInt8(ascii: ":") && tail.dropFirst().first.map(isDigit) == true
        guard looksLikeScheme, !looksLikePort else { return .missingScheme }
        if tail.first == UInt8(ascii: ":") || tail.starts(with: "//".utf8) {
            if let meant = nearestScheme(to: name) { return .misspelledScheme(meant: meant.rawValue + "://") }
            if tail.first == UInt8(ascii: ":"), name.utf8.count <= 20 { return .unsupportedScheme(name) }
        }
        return .missingScheme
    }

    private static func nearestScheme(to name: String) -> Scheme? {
        let name = name.hasSuffix(";") ? String(name.dropLast()) : name
        guard name.utf8.count <= 10 else { return nil }
        // In doubt the safer one of the two is proposed.
        let distances = [Scheme.https, .http].map { ($0, editDistance(Array(name.utf8), Array($0.rawValue.utf8))) }
        guard let nearest = distances.min(by: { $0.1 < $1.1 }), nearest.1 <= (name.hasPrefix("h") ? 2 : 1) else { return nil }
        return nearest.0
    }

    /// Insertions, deletions, substitutions and swaps of neighbours that turn `left` into `right` (optimal string alignment).
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var rows = [Array(0...right.count)]
        for (row, byte) in left.enumerated() {
            var next = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(next[column] + 1, rows[row][column + 1] + 1, rows[row][column] + (byte == other ? 0 : 1))
                if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
                    cost = min(cost, rows[row - 1][column - 1] + 1)
                }
                next.append(cost)
            }
            rows.append(next)
        }
        return rows[left.count][right.count]
    }

    // MARK: Path and query

    private static func checkPathAndQuery(_ bytes: Bytes) throws(InvalidURL) {
        let text = String(decoding: bytes, as: UTF8.self)
        // RFC 3986: pchar, "/" and "?". Whatever else somebody may write has a percent-encoded form.
        let allowed = "-._~!$&'()*+,;=:@/?%".unicodeScalars
        if let bad = text.unicodeScalars.first(where: { !isAlphanumeric($0) && !allowed.contains($0) }) { throw forbidden(bad) }
        var rest = bytes
        while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            let digits = rest[(percent + 1)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy(isHexDigit) else { throw .invalidPercentEncoding }
            rest = rest[(percent + 3)...]
        }
    }

    private static func isForbiddenEverywhere(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value <= 0x20 || scalar.value == 0x7F || scalar == "\\"
    }

    private static func forbidden(_ scalar: Unicode.Scalar) -> InvalidURL {
        switch scalar {
        case " ":
            .forbiddenCharacter("a space", instead: "%20")
        case "\\":
            .forbiddenCharacter("a backslash", instead: "/")
        case _ where scalar.value < 0x20 || scalar.value == 0x7F:
            .forbiddenCharacter("the control character \(hexadecimal(scalar))", instead: nil)
        case _ where scalar.value > 0x7F:
            .forbiddenCharacter("the character \(hexadecimal(scalar))", instead: percentEncoded(scalar))
        default:
            .forbiddenCharacter("'\(scalar)'", instead: percentEncoded(scalar))
        }
    }

    private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func percentEncoded(_ scalar: Unicode.Scalar) -> String {
        String(scalar).utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        UInt8(exactly: scalar.value).map { isLetter($0) || isDigit($0) } ?? false
    }
}
