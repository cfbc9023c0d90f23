import CCurl
import RingbackCore
import Transport

/// A request that was checked on its caller's thread: the loop only hands it to libcurl.
///
/// A class, so that a transfer that has handed it over keeps nothing of its size.
final class PreparedRequest: Sendable {
    let request: TransferRequest
    let isTLS: Bool
    /// The host as the URL has it, for error messages.
    let host: String
    /// The address that the host is, in the very reading by which libcurl would connect to it; `nil` when it is a name.
    let address: IPAddress?
    let port: Int
    /// Scheme, host and port: what connections, and places to open them, are counted by.
    let origin: String

    /// - Throws: ``TransportError/invalidRequest(_:)``, with what to change; no text holds more of the URL than its scheme.
    init(_ request: TransferRequest) throws(TransportError) {
        for (name, value) in request.headers {
            guard Self.isToken(name) else { throw .invalidRequest("'\(name.prefix(64))' is not a header name") }
            guard !value.utf8.contains(where: Self.breaksHeader) else {
                throw .invalidRequest("the value of the header '\(name.prefix(64))' holds a line break or a NUL byte")
            }
        }
        guard !request.url.utf8.contains(0) else { throw .invalidRequest("the URL holds a NUL byte") }

        guard let url = curl_url() else { throw .internalTrouble("no memory is left for a URL") }
        defer { curl_url_cleanup(url) }
        let code = curl_url_set(url, CURLUPART_URL, request.url, 0)
        guard code == CURLUE_OK else {
            throw .invalidRequest("the URL is not usable: \(String(cString: curl_url_strerror(code)))")
        }
        let scheme = Self.part(CURLUPART_SCHEME, of: url)?.lowercased() ?? ""
        guard scheme == "http" || scheme == "https" else {
            throw .invalidRequest("the URL's scheme is '\(scheme.prefix(16))'; write http or https")
        }
        guard let host = Self.part(CURLUPART_HOST, of: url), !host.isEmpty else { throw .invalidRequest("the URL names no host") }

        self.request = request
        isTLS = scheme == "https"
        self.host = host
        address = IPAddress(host.hasPrefix("[") ? host.dropFirst().dropLast() : host[...])
        port = Self.part(CURLUPART_PORT, of: url, CURLU_DEFAULT_PORT).flatMap { Int($0) } ?? 0
        origin = "\(scheme)://\(host.lowercased()):\(port)"
    }

    private static func part(_ part: CURLUPart, of url: OpaquePointer, _ flags: Int32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, UInt32(flags)) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    /// RFC 9110 section 5.6.2.
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default:
                    tokenMarks.contains(byte)
                }
            }
    }

    private static let tokenMarks = Array("!#$%&'*+-.^_`|~".utf8)

    private static func breaksHeader(_ byte: UInt8) -> Bool {
        byte == 0 || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
    }
}
