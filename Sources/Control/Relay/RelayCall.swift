import HTTPTypes
import ResponsesAPI
import RingbackCore
import Transport

/// One call to the proxy: what it is about, at which upstream, and in whose name.
struct RelayCall: Sendable {
    let call: Call
    let client: ResponsesClient
    let target: RelayTarget
    let headers: RelayHeaders
    /// The client's own key, where the upstream is asked with it.
    let credential: RelayCredential?

    var upstream: Upstream { client.upstream }

    /// - Throws: ``Problem`` when there is no such upstream, or the path is not one to pass on.
    init(_ call: Call, _ dependencies: ControlDependencies) throws(Problem) {
        let client = try Self.client(for: call, dependencies)
        // A HEAD is answered as a GET is, without the body.
        let method = call.head.method == .head ? .get : call.head.method
        guard let method = TransferRequest.Method(rawValue: method.rawValue) else {
            throw Problem(.methodNotAllowed, "this method is not relayed")
        }
        let fields = call.head.headerFields
        let credential = client.upstream.credentials == .passthrough ? RelayCredential(fields, upstream: client.upstream) : nil
        // /v1/responses, or /upstreams/{name}/v1/responses
        target = try RelayTarget(method: method, path: call.path, prefix: call.parameters["upstream"] == nil ? 2 : 4)
        headers = RelayHeaders(fields, upstream: client.upstream, credential: credential)
        self.call = call
        self.client = client
        self.credential = credential
    }

    private static func client(for call: Call, _ dependencies: ControlDependencies) throws(Problem) -> ResponsesClient {
        let known = dependencies.knownNames
        var reason = "no upstream is configured: add one to the configuration"
        let name = call.parameters["upstream"].map { text in known.upstream(text) { reason = $0 } } ?? known.defaultUpstream
        guard let name, let client = dependencies.client(name) else { throw Problem(.notFound, reason) }
        return client
    }

    /// Whether this caller stands behind a watch: it may be told what the upstream itself might not tell any more, and its calls are made with
    /// the watch's headers. Who has Ringback's own credential for an upstream shares all of its watches.
    func owns(_ watch: Watch) -> Bool {
        guard upstream.credentials == .passthrough else { return true }
        return credential?.made(watch, at: upstream) ?? false
    }

    /// The call as it goes to the upstream.
    ///
    /// - Parameters:
    ///   - watch: The caller's own, whose headers go with it.
    ///   - silence: How long the upstream may send nothing.
    func request(watch: Watch?, silence: Duration) -> TransferRequest {
        request(headers: headers.passedOn(over: watch?.headers ?? []), silence: silence)
    }

    /// - Parameter headers: All that go with it beside the upstream's own.
    func request(headers: [HeaderField], silence: Duration) -> TransferRequest {
        let body = call.body.isEmpty && target.method != .post ? nil : call.body
        return client.request(
            target.method, path: target.segments, query: call.query, headers: complete(headers), body: body,
            limits: RelayLimits.transfer(silence: silence, upstream: upstream)
        )
    }

    /// A body without a declared type is JSON here, so it is there.
    func complete(_ headers: [HeaderField]) -> [HeaderField] {
        guard !call.body.isEmpty, !headers.contains(where: { $0.name.lowercased() == "content-type" }) else { return headers }
        return headers + [HeaderField("Content-Type", Secret("application/json"))]
    }

    /// Whether the query asks for a stream.
    var asksForStream: Bool { parameter("stream").map { ["true", "1"].contains($0.lowercased()) } ?? false }

    /// The first query parameter of that name, decoded.
    func parameter(_ name: String) -> String? {
        (call.query ?? "").split(separator: "&").lazy.map { part in
            part.split(separator: "=", maxSplits: 1).compactMap { PercentEncoding.decode($0, plusIsSpace: true) }
        }.first { $0.count == 2 && $0[0] == name }?[1]
    }
}
