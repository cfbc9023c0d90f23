import HTTPTypes
import RingbackCore
import Transport

/// Which headers go through the proxy, in each direction.
struct RelayHeaders {
    /// What belongs to one connection (RFC 9110, section 7.6.1), to the framing of one message, or to the way between client and proxy.
    private static let hopByHop: Set<String> = [
        "accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "cookie", "expect", "forwarded",
        "host",
        "keep-alive", "origin", "proxy-authenticate", "proxy-authorization", "proxy-connection", "referer", "set-cookie", "te", "trailer",
        "transfer-encoding", "upgrade", "via", "x-real-ip",
    ]

    /// The client's credential is for Ringback; the upstream gets its own.
    private static let credentials: Set<String> = ["authorization", "api-key", "x-api-key"]

    private static let droppedPrefixes = ["ringback-", "x-forwarded-", "sec-", "proxy-"]

    /// For the create call: everything of the client's that concerns the upstream.
    let passedOn: [HeaderField]

    /// For all later calls about the response, such as `X-On-Behalf-Of` or `OpenAI-Organization`: whose it is, not how it was asked for.
    let keptWithWatch: [HeaderField]

    init(_ headers: HTTPFields, upstream: Upstream) {
        let keyHeader = upstream.apiKeyHeader?.lowercased()
        passedOn = headers.compactMap { field in
            let name = field.name.canonicalName
            let isDropped =
                Self.hopByHop.contains(name) || Self.credentials.contains(name) || name == keyHeader
                || Self.droppedPrefixes.contains(where: name.hasPrefix)
            return isDropped ? nil : HeaderField(field.name.rawName, Secret(field.value))
        }
        keptWithWatch = passedOn.filter { field in
            let name = field.name.lowercased()
            let isOwnership = name.hasPrefix("x-") || name.hasPrefix("openai-")
            return isOwnership && !name.hasPrefix("x-stainless-") && !name.hasPrefix("x-request-")
        }
    }

    /// The client's headers for a call about a response that has headers of its own; the client's count where both have one.
    func passedOn(over kept: [HeaderField]) -> [HeaderField] {
        let names = Set(passedOn.map { $0.name.lowercased() })
        return kept.filter { !names.contains($0.name.lowercased()) } + passedOn
    }

    /// The upstream's answer for the client: status, end-to-end headers, and the body byte for byte.
    static func answer(_ relayed: TransferAnswer) -> Answer {
        var answer = Answer(status: HTTPResponse.Status(code: relayed.head.status), body: relayed.body)
        let dropped = hopByHop.subtracting(["content-type", "content-encoding"]).union([
            "alt-svc", "date", "server", "strict-transport-security",
        ])
        for (name, value) in relayed.head.headers where !dropped.contains(name) && !name.hasPrefix("ringback-") {
            guard let name = HTTPField.Name(name) else { continue }
            answer.headers.append(HTTPField(name: name, value: value))
        }
        return answer
    }
}
