package import HTTPTypes

/// Keeps web pages away from a server without tokens.
///
/// Such a server listens on loopback only, but a browser on the same machine reaches it on behalf of any page. A page of another site is
/// known by its `Origin` or `Sec-Fetch-Site`; one that had its own name resolve to loopback is known by the name in `Host`.
package enum OpenServerRule {
    /// - Throws: ``Problem`` (403) when the request may come from a web page of somebody else.
    package static func check(_ head: HTTPRequest) throws(Problem) {
        if let host = head.authority, !isLoopback(host) {
            throw refusal("the request was sent to '\(host.prefix(100))', not to a loopback name")
        }
        if let site = HTTPField.Name("sec-fetch-site").flatMap({ head.headerFields[$0] }), site == "cross-site" || site == "same-site" {
            throw refusal("the request comes from a web page of another site")
        }
        if let origin = head.headerFields[.origin] {
            let host = origin.split(separator: "/").last.map(String.init) ?? origin
            if !isLoopback(host) { throw refusal("the request comes from a web page of another site") }
        }
    }

    private static func refusal(_ reason: String) -> Problem {
        Problem(
            .forbidden, "\(reason). A server without tokens answers only programs on its own machine: configure tokens to allow others.")
    }

    /// Whether `localhost`, an IPv4 address in 127.0.0.0/8 or `[::1]`, with or without a port, is meant.
    package static func isLoopback(_ authority: String) -> Bool {
        if authority.hasPrefix("[") { return authority.hasPrefix("[::1]") }
        let host = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).first.map { $0.lowercased() } ?? ""
        if host == "localhost" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
