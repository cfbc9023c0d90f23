/// One background response that is followed until its end (contract, sections 1 and 5).
package struct Watch: Sendable, Hashable {
    package enum Following: String, Sendable, Hashable, Codable {
        case stream
        case poll
        case none
    }

    package let id: WatchID
    package let upstream: UpstreamName
    package let response: ResponseID
    package var status: WatchStatus
    package var following: Following
    /// The `sequence_number` of the last stream event seen; `nil` before the first one.
    package var sequenceNumber: Int64?
    package let createdAt: Timestamp
    package var updatedAt: Timestamp
    package var terminalAt: Timestamp?
    /// The endpoints named at registration; empty means "all whose filters match".
    package var endpoints: [EndpointName]
    package var callback: Callback?
    package var metadata: [String: String]
    /// Sent with every upstream call of this watch, for example `X-On-Behalf-Of`.
    package var headers: [HeaderField]
    /// Overrides the upstream's `max_watch_age`.
    package var maximumAge: Duration?
    package var model: String?
    /// The `usage` object as JSON text, as the upstream gave it.
    package var usage: [UInt8]?
    /// What went wrong last while following; for people.
    package var lastError: String?
    /// Whether `watch.stalled` was raised already.
    package var stalled: Bool
    /// Whether the response was created with `stream: true`, which some vendors want before they stream it again; `nil` when nobody here saw
    /// its creation.
    package var createdStreaming: Bool?
    /// Where the registration belongs in its client's trace, or in one of our own; `nil` when it belongs nowhere.
    package var trace: TraceContext?

    package init(
        id: WatchID, upstream: UpstreamName, response: ResponseID, status: WatchStatus, following: Following, sequenceNumber: Int64?,
        createdAt: Timestamp, updatedAt: Timestamp, terminalAt: Timestamp?, endpoints: [EndpointName], callback: Callback?,
        metadata: [String: String], headers: [HeaderField], maximumAge: Duration?, model: String?, usage: [UInt8]?, lastError: String?,
        stalled: Bool, createdStreaming: Bool? = nil, trace: TraceContext? = nil
    ) {
        self.id = id
        self.upstream = upstream
        self.response = response
        self.status = status
        self.following = following
        self.sequenceNumber = sequenceNumber
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.terminalAt = terminalAt
        self.endpoints = endpoints
        self.callback = callback
        self.metadata = metadata
        self.headers = headers
        self.maximumAge = maximumAge
        self.model = model
        self.usage = usage
        self.lastError = lastError
        self.stalled = stalled
        self.createdStreaming = createdStreaming
        self.trace = trace
    }

    /// The headers of a call to the upstream: the watch's own, and where the call belongs.
    package func headers(in trace: TraceContext?) -> [HeaderField] {
        guard let trace else { return headers }
        let fields = trace.headers.map { HeaderField($0.name, Secret($0.value)) }
        return headers.filter { !TraceContext.isHeader($0.name) } + fields
    }
}

/// A webhook given with one watch, beside the configured endpoints.
package struct Callback: Sendable, Hashable {
    package var url: String
    /// `nil`: the callback is sent without a signature.
    package var secret: Secret?
    package var payload: PayloadForm
    package var headers: [HeaderField]

    package init(url: String, secret: Secret?, payload: PayloadForm = .thin, headers: [HeaderField] = []) {
        self.url = url
        self.secret = secret
        self.payload = payload
        self.headers = headers
    }

    /// The callback as an endpoint, so that it is delivered like any other.
    package func endpoint(for watch: WatchID) -> Endpoint {
        Endpoint(
            name: EndpointName(callbackOf: watch),
            origin: .callback,
            target: .webhook(WebhookTarget(url: url, secrets: secret.map { [SigningSecret($0)] } ?? [], payload: payload, headers: headers))
        )
    }
}
