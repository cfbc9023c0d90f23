package import RingbackCore

/// An upstream as the API shows it: how it is configured, how it is doing, and what is known about its manners. Keys, header values, and the
/// user information and query of its base URL are never part of it.
package struct UpstreamObject: Codable, Sendable, Hashable {
    package struct HealthObject: Codable, Sendable, Hashable {
        package enum Status: String, Codable, Sendable, Hashable {
            /// The last answer was good, or nothing was asked yet.
            case ok
            /// The last answer was 401 or 403.
            case unauthorized
            /// The last request got no usable answer.
            case failing
        }

        package var status: Status
        /// Requests without a usable answer since the last good one.
        package var failuresInARow: Int
        @Nullable package var lastError: String?

        package init(status: Status, failuresInARow: Int, lastError: String?) {
            self.status = status
            self.failuresInARow = failuresInARow
            self.lastError = lastError
        }

        private enum CodingKeys: String, CodingKey {
            case status
            case failuresInARow = "failures_in_a_row"
            case lastError = "last_error"
        }
    }

    /// What is known about one question.
    package struct MannerObject: Codable, Sendable, Hashable {
        /// `yes`, `no` or `unknown`; for `resume` also `replays`; for `stream_window` a duration, `unlimited` or `unknown`.
        package var value: String
        /// Whether the configuration says so; then there is neither a time nor evidence.
        package var fixed: Bool
        @Nullable package var since: APITime?
        @Nullable package var evidence: String?

        package init(value: String, fixed: Bool = false, since: Timestamp? = nil, evidence: String? = nil) {
            self.value = value
            self.fixed = fixed
            self.since = since.map { APITime($0) }
            self.evidence = evidence
        }
    }

    package struct MannersObject: Codable, Sendable, Hashable {
        package var stream: MannerObject
        package var streamUnrequested: MannerObject
        package var resume: MannerObject
        package var streamWindow: MannerObject

        package init(stream: MannerObject, streamUnrequested: MannerObject, resume: MannerObject, streamWindow: MannerObject) {
            self.stream = stream
            self.streamUnrequested = streamUnrequested
            self.resume = resume
            self.streamWindow = streamWindow
        }

        private enum CodingKeys: String, CodingKey {
            case stream
            case streamUnrequested = "stream_unrequested"
            case resume
            case streamWindow = "stream_window"
        }
    }

    package var name: UpstreamName
    package var object = "upstream"
    /// Whether it is the one that is meant where none is named.
    package var isDefault: Bool
    package var baseURL: String
    package var follow: Upstream.Following
    package var health: HealthObject
    package var manners: MannersObject
    /// Streams that are asked for or open.
    package var streams: Int
    package var maximumStreams: Int
    /// GETs under way.
    package var retrievals: Int
    /// Requests that wait for their turn under the rate limit, and how long the oldest of them has.
    package var waitingRequests: Int
    package var longestWaitMilliseconds: Int64
    package var requestsPerSecond: Double
    /// The rate at the moment: less than the configured one after a 429.
    package var presentRequestsPerSecond: Double
    /// Until when the upstream wants to be left alone; `null` when it may be asked.
    @Nullable package var heldUntil: APITime?

    private enum CodingKeys: String, CodingKey {
        case name
        case object
        case isDefault = "default"
        case baseURL = "base_url"
        case follow
        case health
        case manners
        case streams
        case maximumStreams = "max_streams"
        case retrievals
        case waitingRequests = "waiting_requests"
        case longestWaitMilliseconds = "longest_wait_ms"
        case requestsPerSecond = "requests_per_second"
        case presentRequestsPerSecond = "present_requests_per_second"
        case heldUntil = "held_until"
    }
}

/// What the engine knows about an upstream, for the API.
package struct UpstreamState: Sendable {
    package var health: UpstreamObject.HealthObject
    package var manners: UpstreamObject.MannersObject
    package var streams: Int
    package var retrievals: Int
    package var waitingRequests: Int
    package var longestWait: Duration
    package var requestsPerSecond: Double
    package var heldUntil: Timestamp?

    package init(
        health: UpstreamObject.HealthObject, manners: UpstreamObject.MannersObject, streams: Int, retrievals: Int, waitingRequests: Int,
        longestWait: Duration, requestsPerSecond: Double, heldUntil: Timestamp?
    ) {
        self.health = health
        self.manners = manners
        self.streams = streams
        self.retrievals = retrievals
        self.waitingRequests = waitingRequests
        self.longestWait = longestWait
        self.requestsPerSecond = requestsPerSecond
        self.heldUntil = heldUntil
    }
}

extension UpstreamObject {
    init(_ upstream: Upstream, isDefault: Bool, state: UpstreamState) {
        name = upstream.name
        self.isDefault = isDefault
        baseURL = redactedURL(upstream.baseURL)
        follow = upstream.follow
        health = state.health
        manners = state.manners
        streams = state.streams
        maximumStreams = upstream.maximumStreams
        retrievals = state.retrievals
        waitingRequests = state.waitingRequests
        longestWaitMilliseconds = state.longestWait.wholeMilliseconds
        requestsPerSecond = upstream.requestsPerSecond
        presentRequestsPerSecond = state.requestsPerSecond
        heldUntil = state.heldUntil.map { APITime($0) }
    }
}
