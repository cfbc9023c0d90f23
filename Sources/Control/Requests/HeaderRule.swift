/// Which headers a client may have sent on its behalf, and how they have to look (RFC 9110, sections 5.1 and 5.5).
struct HeaderRule {
    static let maximumCount = 32
    private static let maximumNameBytes = 128
    private static let maximumValueBytes = 4096

    /// Headers that say how a message is framed or routed: only the one who sends it can know them.
    private static let framing: Set<String> = [
        "connection", "content-length", "expect", "host", "http2-settings", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    /// For the calls of an upstream.
    static let upstream = HeaderRule(reserved: ["accept", "accept-encoding", "content-type"], reservedPrefixes: [])

    /// For callbacks: their own headers and their signature are not the client's to write.
    static let callback = HeaderRule(
        reserved: ["content-type", "user-agent", "traceparent", "tracestate"], reservedPrefixes: ["webhook-", "ce-"])

    private let reserved: Set<String>
    private let reservedPrefixes: [String]

    /// - Returns: Why not, without the value, which may be a secret; `nil` when the header may be sent.
    func refusal(name: String, value: String) -> String? {
        let lowered = name.lowercased()
        if name.isEmpty || name.utf8.count > Self.maximumNameBytes || !name.utf8.allSatisfy(Self.isTokenByte) {
            return "a header's name has 1 to \(Self.maximumNameBytes) letters, digits and !#$%&'*+-.^_`|~"
        }
        if Self.framing.contains(lowered) || reserved.contains(lowered) || reservedPrefixes.contains(where: lowered.hasPrefix) {
            return "this header is set by Ringback and cannot be given"
        }
        if value.utf8.count > Self.maximumValueBytes { return "a header's value has at most \(Self.maximumValueBytes) bytes" }
        if !value.utf8.allSatisfy(Self.isValueByte) { return "a header's value cannot hold line breaks or other control characters" }
        return nil
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func isValueByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\t") || (byte >= 0x20 && byte != 0x7F)
    }
}
