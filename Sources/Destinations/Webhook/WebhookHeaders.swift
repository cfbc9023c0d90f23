import RingbackCore

/// The headers of a callback that do not change from attempt to attempt.
package enum WebhookHeaders {
    /// Whether a header belongs to Ringback or to HTTP itself, so that an endpoint's own `headers` cannot set it.
    ///
    /// Reserved are `webhook-*`, `ce-*`, what describes the body, the user agent, what says to which trace the call belongs, and what steers
    /// the connection (RFC 9110, section 7.6.1).
    package static func isReserved(_ name: String) -> Bool {
        let name = name.lowercased()
        return name.hasPrefix("webhook-") || name.hasPrefix("ce-") || reserved.contains(name) || TraceContext.isHeader(name)
    }

    static let userAgent: [(name: String, value: String)] = [(name: "User-Agent", value: "Ringback/\(RingbackVersion.current)")]

    /// RFC 6750, section 2.1.
    static func bearer(_ token: Secret) -> [(name: String, value: String)] {
        [(name: "Authorization", value: "Bearer \(token.reveal())")]
    }

    /// The endpoint's own headers, without those it cannot set.
    static func custom(_ headers: [HeaderField]) -> [(name: String, value: String)] {
        headers.filter { !isReserved($0.name) }.map { (name: $0.name, value: $0.value.reveal()) }
    }

    private static let reserved: Set<String> = [
        "x-hub-signature-256", "content-type", "content-length", "content-encoding", "transfer-encoding", "user-agent", "host",
        "connection", "keep-alive",
        "proxy-connection", "te", "trailer", "upgrade", "expect",
    ]
}
