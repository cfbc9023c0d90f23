/// A background create that is about to be sent to an upstream: put on record before, so that a response the upstream accepted is found
/// again when its answer gets lost.
package struct CreateIntent: Sendable, Hashable {
    package let id: IntentID
    package let upstream: UpstreamName
    package let createdAt: Timestamp
    package let isStreaming: Bool
    package let facts: CreateFacts
    /// What the watch is to be registered with.
    package let endpoints: [EndpointName]
    package let callback: Callback?
    package let headers: [HeaderField]
    /// What is needed to send the create once more; `nil` where that could make a second response.
    package let repetition: CreateRepetition?
    /// See ``Watch/trace``.
    package let trace: TraceContext?

    package init(
        id: IntentID, upstream: UpstreamName, createdAt: Timestamp, isStreaming: Bool, facts: CreateFacts, endpoints: [EndpointName],
        callback: Callback?, headers: [HeaderField], repetition: CreateRepetition?, trace: TraceContext? = nil
    ) {
        self.id = id
        self.upstream = upstream
        self.createdAt = createdAt
        self.isStreaming = isStreaming
        self.facts = facts
        self.endpoints = endpoints
        self.callback = callback
        self.headers = headers
        self.repetition = repetition
        self.trace = trace
    }
}

/// A create as it was sent to an upstream that answers one `Idempotency-Key` with one response.
package struct CreateRepetition: Sendable, Hashable {
    package static let keyHeader = "Idempotency-Key"

    /// All headers of the call, the `Idempotency-Key` among them.
    package let headers: [HeaderField]
    package let query: String?
    /// What a user writes to a model: never logged.
    package let body: [UInt8]

    package init(headers: [HeaderField], query: String?, body: [UInt8]) {
        self.headers = headers
        self.query = query
        self.body = body
    }
}

/// What is remembered of a create's body to know the response it made: its model and metadata, and digests of what vendors repeat in the
/// response object. The input is not among them.
package struct CreateFacts: Sendable, Hashable, Codable {
    package let model: String?
    package let metadata: [String: String]
    /// By the member's name. Only of members that are a text, a number or a truth value.
    package let digests: [String: String]

    package init(model: String?, metadata: [String: String], digests: [String: String]) {
        self.model = model
        self.metadata = metadata
        self.digests = digests
    }
}
