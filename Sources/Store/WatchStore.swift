package import RingbackCore

/// Watches and the responses they end with.
package protocol WatchStore: Sendable {
    /// Registers a watch, once per (upstream, response id).
    func register(_ watch: NewWatch, now: Timestamp) async throws(StoreError) -> Registration

    func watch(_ id: WatchID) async throws(StoreError) -> Watch?

    func watches(_ filter: WatchFilter, page: PageRequest) async throws(StoreError) -> Page<Watch>

    /// Takes open watches that no living node holds, oldest first; and after them cancelled ones whose second look is due.
    func claimWatches(for node: NodeID, now: Timestamp, limit: Int) async throws(StoreError) -> [ClaimedWatch]

    /// Writes back what was learned while following. Watches whose lease is no longer held, or that have ended, are skipped.
    func saveProgress(_ progress: [WatchProgress], now: Timestamp) async throws(StoreError)

    /// Ends a watch: its status, the response, the event, and one delivery per recipient, in one transaction.
    ///
    /// A watch that was `cancelled` may end a second time as `completed`, whoever finds out; every other ended watch stays as it is.
    ///
    /// - Returns: `nil` when nothing was changed: the lease is no longer held, the watch was stopped, or has ended already.
    func end(_ ending: WatchEnding) async throws(StoreError) -> RecordedEvent?

    /// Notes that these cancelled watches need no further look. Those whose lease is no longer held are skipped.
    func closeSecondLooks(_ watches: [(id: WatchID, lease: Lease)]) async throws(StoreError)

    /// Writes an event about a watch that goes on, such as `watch.stalled`, with its deliveries; once per (watch, type).
    ///
    /// - Returns: `nil` when the event exists already or the lease is no longer held.
    func record(_ notice: WatchNotice) async throws(StoreError) -> RecordedEvent?

    /// Stops following: an open watch becomes `stopped`. An ended one stays as it is.
    ///
    /// - Returns: The watch as it is now; `nil` when there is none.
    func stopWatch(_ id: WatchID, now: Timestamp) async throws(StoreError) -> Watch?

    /// Lets go of claimed watches without a result, so that they can be claimed again.
    func releaseWatches(_ watches: [(id: WatchID, lease: Lease)]) async throws(StoreError)

    /// The final response object of a watch, byte for byte as the upstream gave it: the newest one if there were two.
    func response(of watch: WatchID) async throws(StoreError) -> [UInt8]?

    /// Why ``response(of:)`` finds nothing although the response has ended; `nil` when there never was a response object.
    func missingResponse(of watch: WatchID) async throws(StoreError) -> MissingResponse?

    func openWatchCount() async throws(StoreError) -> Int
}

/// Why a final response object is not there.
package enum MissingResponse: Sendable, Hashable {
    /// It was too large to be kept.
    case oversized(OversizedResponse)
    /// It was kept until its retention had passed.
    case expired(size: Int)
}

/// What a client asks to be watched. Validated: see ``ResponseID`` and the API's checks.
package struct NewWatch: Sendable, Hashable {
    package var upstream: UpstreamName
    package var response: ResponseID
    package var endpoints: [EndpointName]
    package var callback: Callback?
    package var metadata: [String: String]
    package var headers: [HeaderField]
    package var maximumAge: Duration?
    /// What the create call said, when the watch is registered by one; `nil` otherwise.
    package var model: String?
    /// Whether the create call said `stream: true`; `nil` when the watch is not registered by one.
    package var createdStreaming: Bool?
    /// See ``Watch/trace``.
    package var trace: TraceContext?

    package init(
        upstream: UpstreamName, response: ResponseID, endpoints: [EndpointName] = [], callback: Callback? = nil,
        metadata: [String: String] = [:], headers: [HeaderField] = [], maximumAge: Duration? = nil, model: String? = nil,
        createdStreaming: Bool? = nil, trace: TraceContext? = nil
    ) {
        self.upstream = upstream
        self.response = response
        self.endpoints = endpoints
        self.callback = callback
        self.metadata = metadata
        self.headers = headers
        self.maximumAge = maximumAge
        self.model = model
        self.createdStreaming = createdStreaming
        self.trace = trace
    }

    package var id: WatchID { WatchID(upstream: upstream, response: response) }
}

package enum Registration: Sendable, Hashable {
    /// A new watch.
    case created(Watch)
    /// The same registration was made before: nothing was changed.
    case existing(Watch)
    /// The watch had been stopped and is open again, with what this registration asks.
    case reopened(Watch)
    /// The response is watched already, but with other endpoints or another callback: nothing was changed.
    case conflicting(Watch)
}

package struct WatchFilter: Sendable, Hashable {
    package var status: WatchStatus?
    package var upstream: UpstreamName?
    package var response: ResponseID?

    package init(status: WatchStatus? = nil, upstream: UpstreamName? = nil, response: ResponseID? = nil) {
        self.status = status
        self.upstream = upstream
        self.response = response
    }
}

package struct ClaimedWatch: Sendable, Hashable {
    package let watch: Watch
    package let lease: Lease

    package init(watch: Watch, lease: Lease) {
        self.watch = watch
        self.lease = lease
    }
}

/// What changed about an open watch. `nil` leaves a field as it is.
package struct WatchProgress: Sendable, Hashable {
    package let id: WatchID
    package let lease: Lease
    package var status: WatchStatus?
    package var following: Watch.Following?
    package var sequenceNumber: Int64?
    package var model: String?
    package var lastError: String?

    package init(
        id: WatchID, lease: Lease, status: WatchStatus? = nil, following: Watch.Following? = nil, sequenceNumber: Int64? = nil,
        model: String? = nil, lastError: String? = nil
    ) {
        self.id = id
        self.lease = lease
        self.status = status
        self.following = following
        self.sequenceNumber = sequenceNumber
        self.model = model
        self.lastError = lastError
    }
}

/// Everything the one transaction that ends a watch writes.
package struct WatchEnding: Sendable {
    package let id: WatchID
    package let lease: Lease
    /// Never an open status and never `stopped`.
    package let status: WatchStatus
    package let event: Event
    /// The response object, byte for byte; `nil` for `lost` and `expired`, and when it is too large to be kept.
    package let response: [UInt8]?
    package let model: String?
    package let usage: [UInt8]?
    package let sequenceNumber: Int64?
    package let lastError: String?
    /// When the watch can be claimed for one more look, although it has ended; only for `cancelled`.
    package let lookAgainAt: Timestamp?
    package let recipients: [Recipient]
    /// Set when there is a response object that is not kept.
    package let oversized: OversizedResponse?

    package init(
        id: WatchID, lease: Lease, status: WatchStatus, event: Event, response: [UInt8]?, model: String?, usage: [UInt8]?,
        sequenceNumber: Int64?, lastError: String?, lookAgainAt: Timestamp? = nil, recipients: [Recipient],
        oversized: OversizedResponse? = nil
    ) {
        self.id = id
        self.lease = lease
        self.status = status
        self.event = event
        self.response = response
        self.model = model
        self.usage = usage
        self.sequenceNumber = sequenceNumber
        self.lastError = lastError
        self.lookAgainAt = lookAgainAt
        self.recipients = recipients
        self.oversized = oversized
    }
}

/// An event about a watch that goes on.
package struct WatchNotice: Sendable {
    package let id: WatchID
    package let lease: Lease
    package let event: Event
    package let recipients: [Recipient]

    package init(id: WatchID, lease: Lease, event: Event, recipients: [Recipient]) {
        self.id = id
        self.lease = lease
        self.event = event
        self.recipients = recipients
    }
}

/// An endpoint that gets a delivery of a new event.
package struct Recipient: Sendable, Hashable {
    package let endpoint: EndpointName
    /// When set, the delivery is born leased to this node until then, because the node has a free place to send it at once.
    package let bornLeased: BirthLease?

    package init(endpoint: EndpointName, bornLeased: BirthLease? = nil) {
        self.endpoint = endpoint
        self.bornLeased = bornLeased
    }
}

package struct BirthLease: Sendable, Hashable {
    package let node: NodeID
    package let until: Timestamp

    package init(node: NodeID, until: Timestamp) {
        self.node = node
        self.until = until
    }
}

/// An event as it was written, with the deliveries that were born leased, ready to be sent.
package struct RecordedEvent: Sendable {
    package let event: Event
    package let jobs: [DeliveryJob]

    package init(event: Event, jobs: [DeliveryJob]) {
        self.event = event
        self.jobs = jobs
    }
}
