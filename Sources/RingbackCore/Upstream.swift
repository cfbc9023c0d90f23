/// A Responses API: base URL, credentials, and how it likes to be asked (contract, section 4, `upstreams`).
package struct Upstream: Sendable, Hashable {
    package enum Following: String, Sendable, Hashable, CaseIterable, Codable {
        /// Open a stream; fall back to polling.
        case stream
        /// Only poll.
        case poll
    }

    /// Whose key the proxy's calls carry.
    package enum Credentials: String, Sendable, Hashable, CaseIterable {
        /// Ringback's: the client has a token of Ringback.
        case own
        /// The client's: the upstream judges it.
        case passthrough
    }

    package var name: UpstreamName
    /// Absolute `http` or `https` URL without a trailing slash, for example `https://api.openai.com/v1`; may carry a query, which every call keeps.
    package var baseURL: String
    /// Where responses are created, below ``baseURL`` and beginning with `/`; `nil` means `/responses`. All other calls are below `/responses`.
    package var createPath: String?
    package var apiKey: Secret?
    /// The header that carries the key; `nil` means `Authorization: Bearer`.
    package var apiKeyHeader: String?
    package var credentials: Credentials
    /// Whether creates with the same `Idempotency-Key` make one response, so that a create whose answer got lost can be sent again.
    package var idempotentCreates: Bool
    /// Sent with every call.
    package var headers: [HeaderField]
    package var follow: Following
    /// No byte for so long: reconnect and resume.
    package var streamIdleTimeout: Duration
    package var pollInterval: Duration
    package var pollMaximumInterval: Duration
    /// Above it, the rest is polled.
    package var maximumStreams: Int
    /// One governor for all calls with this upstream's key.
    package var requestsPerSecond: Double
    /// Then `watch.expired`.
    package var maximumWatchAge: Duration
    /// No progress for so long: `watch.stalled`, once.
    package var stalledAfter: Duration
    /// A 404 within this time after registration may still be creation lag; afterwards several in a row mean `watch.lost`.
    package var notFoundGrace: Duration
    /// What is fixed about its manners; the rest is found out.
    package var manners: FixedManners
    /// PEM file with the certificate authorities to trust instead of the system's.
    package var caFile: String?
    /// How the vendor signs its own webhooks; `nil`: none are taken.
    package var ingest: WebhookScheme?

    package init(
        name: UpstreamName,
        baseURL: String,
        createPath: String? = nil,
        apiKey: Secret? = nil,
        apiKeyHeader: String? = nil,
        headers: [HeaderField] = [],
        follow: Following = .stream,
        streamIdleTimeout: Duration = .seconds(90),
        pollInterval: Duration = .seconds(2),
        pollMaximumInterval: Duration = .seconds(30),
        maximumStreams: Int = 10_000,
        requestsPerSecond: Double = 50,
        maximumWatchAge: Duration = .seconds(24 * 3600),
        stalledAfter: Duration = .seconds(30 * 60),
        notFoundGrace: Duration = .seconds(30),
        manners: FixedManners = FixedManners(),
        caFile: String? = nil,
        ingest: WebhookScheme? = nil,
        credentials: Credentials = .own,
        idempotentCreates: Bool = false
    ) {
        self.name = name
        self.baseURL = baseURL
        self.createPath = createPath
        self.apiKey = apiKey
        self.apiKeyHeader = apiKeyHeader
        self.headers = headers
        self.follow = follow
        self.streamIdleTimeout = streamIdleTimeout
        self.pollInterval = pollInterval
        self.pollMaximumInterval = pollMaximumInterval
        self.maximumStreams = maximumStreams
        self.requestsPerSecond = requestsPerSecond
        self.maximumWatchAge = maximumWatchAge
        self.stalledAfter = stalledAfter
        self.notFoundGrace = notFoundGrace
        self.manners = manners
        self.caFile = caFile
        self.ingest = ingest
        self.credentials = credentials
        self.idempotentCreates = idempotentCreates
    }
}

extension Upstream {
    /// Whether a header of this name, in whatever case, carries the caller's key.
    package func isCredential(_ name: String) -> Bool {
        let name = name.lowercased()
        return name == "authorization" || name == apiKeyHeader?.lowercased()
    }
}

/// One header line. The value is a secret: headers carry keys, and nobody can tell which ones do.
package struct HeaderField: Sendable, Hashable {
    package let name: String
    package let value: Secret

    package init(_ name: String, _ value: Secret) {
        self.name = name
        self.value = value
    }
}
