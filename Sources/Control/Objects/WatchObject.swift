package import RingbackCore

/// A watch as the API shows it (contract, section 5). Secrets, header values and query strings of URLs are never part of it.
package struct WatchObject: Codable, Sendable, Hashable {
    package struct CallbackObject: Codable, Sendable, Hashable {
        /// Scheme, host and path: the query may hold a credential.
        package var url: String
        package var payload: PayloadForm
        package var signed: Bool
    }

    package var id: WatchID
    package var object = "watch"
    package var upstream: UpstreamName
    package var responseID: ResponseID
    package var status: WatchStatus
    package var following: Watch.Following
    @Nullable package var sequenceNumber: Int64?
    package var createdAt: APITime
    package var updatedAt: APITime
    @Nullable package var terminalAt: APITime?
    package var endpoints: [EndpointName]
    @Nullable package var callback: CallbackObject?
    package var metadata: [String: String]
    /// The names of the headers that go with every upstream call.
    package var headerNames: [String]
    /// As configuration writes it, such as `24h`; `null` for the upstream's own.
    @Nullable package var maxAge: String?
    @Nullable package var model: String?
    @Nullable package var usage: OpaqueJSON?
    @Nullable package var lastError: String?

    private enum CodingKeys: String, CodingKey {
        case id
        case object
        case upstream
        case responseID = "response_id"
        case status
        case following
        case sequenceNumber = "sequence_number"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case terminalAt = "terminal_at"
        case endpoints
        case callback
        case metadata
        case headerNames = "header_names"
        case maxAge = "max_age"
        case model
        case usage
        case lastError = "last_error"
    }
}

extension WatchObject {
    /// - Parameter live: What the engine knows and has not written back yet; it counts only while the watch is open.
    package init(_ watch: Watch, live: LiveProgress? = nil) {
        let live = watch.status.isOpen ? live : nil
        id = watch.id
        upstream = watch.upstream
        responseID = watch.response
        status = live?.status ?? watch.status
        following = live?.following ?? watch.following
        sequenceNumber = live?.sequenceNumber ?? watch.sequenceNumber
        createdAt = APITime(watch.createdAt)
        updatedAt = APITime(watch.updatedAt)
        terminalAt = watch.terminalAt.map { APITime($0) }
        endpoints = watch.endpoints
        callback = watch.callback.map {
            CallbackObject(url: redactedURL($0.url), payload: $0.payload, signed: $0.secret != nil)
        }
        metadata = watch.metadata
        headerNames = watch.headers.map(\.name)
        maxAge = watch.maximumAge?.text
        model = watch.model
        usage = watch.usage.flatMap { OpaqueJSON(bytes: $0) }
        lastError = watch.lastError
    }
}
