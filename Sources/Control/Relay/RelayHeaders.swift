import HTTPTypes
import RingbackCore
import Transport

/// Which headers go through the proxy, in each direction.
struct RelayHeaders: Sendable {
    /// What belongs to one connection or to the framing of one message (RFC 9110, section 7.6.1).
    private static let hopByHop: Set<String> = [
        "connection", "content-length", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
        "trailer", "transfer-encoding", "upgrade",
    ]

    /// What is about the way between client and proxy, and the encoding of a body that was decoded here.
    private static let clientsOwn: Set<String> = [
        "content-encoding", "cookie", "forwarded", "host", "origin", "referer", "via", "x-real-ip",
    ]

    /// What is about the upstream's own origin or its server, which the client does not talk to.
    private static let upstreamsOwn: Set<String> = ["alt-svc", "date", "server", "set-cookie", "strict-transport-security"]

    /// Unless the upstream judges the client's credential, it is for Ringback, and the upstream gets its own.
    private static let credentials: Set<String> = ["authorization", "api-key", "x-api-key"]

    private static let droppedPrefixes = ["ringback-", "x-forwarded-", "sec-", "proxy-"]

    /// Everything of the client's that concerns the upstream.
    let passedOn: [HeaderField]

    /// For all later calls about the response, such as `X-On-Behalf-Of` or `OpenAI-Organization`: whose it is, not how it was asked for.
    let keptWithWatch: [HeaderField]

    /// - Parameter credential: What to pass on of the client's credentials; `nil`: nothing.
    init(_ headers: HTTPFields, upstream: Upstream, credential: RelayCredential?) {
        let keyHeader = upstream.apiKeyHeader?.lowercased()
        let named = Self.namedByConnection(headers[.connection])
        let others = headers.compactMap { field in
            let name = field.name.canonicalName
            let isDropped =
                Self.hopByHop.contains(name) || Self.clientsOwn.contains(name) || Self.credentials.contains(name) || name == keyHeader
                || named.contains(name) || Self.droppedPrefixes.contains(where: name.hasPrefix)
            return isDropped ? nil : HeaderField(field.name.rawName, Secret(field.value))
        }
        let own = credential.map { [$0.header] } ?? []
        passedOn = others + own
        keptWithWatch =
            others.filter { field in
                let name = field.name.lowercased()
                let isOwnership = name.hasPrefix("x-") || name.hasPrefix("openai-")
                return isOwnership && !["x-stainless-", "x-request-", "x-client-request-"].contains(where: name.hasPrefix)
            } + own
    }

    /// For a call whose answer is looked into: it must not come compressed.
    var asking: [HeaderField] { passedOn.filter { $0.name.lowercased() != "accept-encoding" } }

    /// The client's headers for a call about a response that has headers of its own; the client's count where both have one.
    func passedOn(over kept: [HeaderField]) -> [HeaderField] {
        let names = Set(passedOn.map { $0.name.lowercased() })
        return kept.filter { !names.contains($0.name.lowercased()) } + passedOn
    }

    /// The upstream's headers for the client: all that are end-to-end.
    static func answered(_ head: TransferHead) -> HTTPFields {
        let dropped = hopByHop.union(upstreamsOwn).union(namedByConnection(head["connection"]))
        var fields = HTTPFields()
        for (name, value) in head.headers where !dropped.contains(name) && !name.hasPrefix("ringback-") {
            guard let name = HTTPField.Name(name) else { continue }
            fields.append(HTTPField(name: name, value: value))
        }
        return fields
    }

    private static func namedByConnection(_ value: String?) -> Set<String> {
        Set((value ?? "").split(separator: ",").map { $0.trimmingBlanks.lowercased() })
    }
}
