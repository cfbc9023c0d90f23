/// Why a text cannot be the URL of a webhook, a callback or an upstream.
///
/// The description is a sentence for the person who wrote the URL and says what to write instead. It never repeats userinfo, path or query,
/// which may hold credentials.
package enum InvalidURL: Error, Sendable, Hashable {
    case empty
    case tooLong(bytes: Int)
    /// No scheme at all, such as `example.com/hook` or `localhost:8080`.
    case missingScheme
    /// Almost `http://` or `https://`; `meant` is the nearest of the two.
    case misspelledScheme(meant: String)
    case unsupportedScheme(String)
    /// `user:password@` before the host.
    case userInfo
    case fragment
    /// A character that RFC 3986 allows nowhere, or not where it stands. `instead` is how to write it, when it can be written.
    case forbiddenCharacter(String, instead: String?)
    /// A `%` that is not followed by two hexadecimal digits.
    case invalidPercentEncoding
    case emptyHost
    case nonASCIIHost
    /// A host that is no DNS name.
    case invalidHost(reason: String)
    /// A host that looks like a number but is no IPv4 address in four decimal parts. Resolvers read such texts differently.
    case oddIPv4Address
    case invalidIPv6Address
    case invalidPort
}

extension InvalidURL: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty:
            "the URL is empty: write it in full, beginning with https://"
        case .tooLong(let bytes):
            "the URL has \(bytes) bytes, at most \(HTTPURL.maximumBytes) are allowed: shorten its path or query"
        case .missingScheme:
            "the URL has no scheme: write it in full, beginning with https://"
        case .misspelledScheme(let meant):
            "the URL does not begin with http:// or https://: did you mean \(meant)?"
        case .unsupportedScheme(let scheme):
            "the scheme '\(scheme)' is not supported: write an https:// or http:// URL"
        case .userInfo:
            "a user name or password before the host ('…@') is refused: put credentials in headers instead"
        case .fragment:
            "a URL with a fragment ('#…') is refused, since it is never sent: remove it, or write %23 if '#' belongs to the path or query"
        case .forbiddenCharacter(let name, let instead):
            "the URL contains \(name), which cannot stand there: " + (instead.map { "write \($0)" } ?? "remove it")
        case .invalidPercentEncoding:
            "a '%' in the URL is not followed by two hexadecimal digits: write %25 for a '%' itself"
        case .emptyHost:
            "the URL has no host: write the host's name between // and the path"
        case .nonASCIIHost:
            "the host has characters that are read differently by different programs: write it in its punycode form, which begins with xn--"
        case .invalidHost(let reason):
            "the host is not a valid name: \(reason)"
        case .oddIPv4Address:
            "the host looks like an IPv4 address in an unusual form: write four decimal numbers from 0 to 255, such as 192.0.2.1"
        case .invalidIPv6Address:
            "the IPv6 address is not valid: write it in brackets and without a zone, such as [2001:db8::1]"
        case .invalidPort:
            "the port is not valid: write a number from 1 to 65535 after the ':', or leave the ':' away"
        }
    }
}
