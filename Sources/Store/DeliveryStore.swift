package import RingbackCore

/// Deliveries, their attempts, and the dead letters among them.
package protocol DeliveryStore: Sendable {
    /// Takes due deliveries under a lease, for several endpoints at once: first attempts before retries, each oldest first.
    ///
    /// A delivery whose lease ran out (its node died) is due again.
    func claimDeliveries(_ claim: DeliveryClaim) async throws(StoreError) -> [DeliveryJob]

    /// When the next delivery of each endpoint falls due (also by the end of somebody's lease), for endpoints that have any waiting.
    func nextDue() async throws(StoreError) -> [EndpointName: Timestamp]

    /// Writes an attempt and what follows from it, in one transaction.
    ///
    /// - Returns: The recorded `delivery.dead` event's deliveries when there was one; `nil` when the lease is no longer held and nothing was changed.
    func record(_ result: AttemptResultRow) async throws(StoreError) -> RecordedAttempt?

    /// Gives claimed deliveries back without an attempt: at shutdown, or when the trouble was our own.
    ///
    /// - Parameter dueAt: When they fall due again.
    func releaseDeliveries(_ deliveries: [(id: DeliveryID, lease: Lease)], dueAt: Timestamp) async throws(StoreError)

    func delivery(_ id: DeliveryID) async throws(StoreError) -> Delivery?

    /// The attempts of a delivery, oldest first.
    func attempts(of delivery: DeliveryID) async throws(StoreError) -> [Attempt]

    func deliveries(_ filter: DeliveryFilter, page: PageRequest) async throws(StoreError) -> Page<Delivery>

    /// Makes a delivery due now: a pending one loses its wait, a dead or abandoned one starts its schedule anew. Others stay as they are.
    ///
    /// - Returns: The delivery as it is now; `nil` when there is none.
    func retryDelivery(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> Delivery?

    /// Gives a pending or dead delivery up for good: it becomes `abandoned`. Others stay as they are.
    ///
    /// - Returns: The delivery as it is now; `nil` when there is none.
    func abandonDelivery(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> Delivery?

    /// Makes dead letters due again, oldest first, with a fresh schedule; in small changes, each on its own: after a crash in the middle the
    /// rest is still dead, and the same redrive goes on with it. They stand among the retries, so that new events go first.
    ///
    /// Each letter is looked at once: one that dies again meanwhile is not driven round in circles.
    ///
    /// - Parameters:
    ///   - dryRun: Whether they are only counted.
    ///   - cursor: The last one that was looked at; `nil` to begin.
    ///   - limit: At most so many, for callers that want to tell how far it is; `nil` for all.
    func redrive(
        _ filter: DeadLetterFilter, dryRun: Bool, after cursor: PageCursor?, limit: Int?, now: Timestamp
    ) async throws(StoreError) -> Redriven

    func deadLetters(_ filter: DeadLetterFilter, page: PageRequest) async throws(StoreError) -> Page<Delivery>

    /// How many deliveries wait, for gauges and the drain message.
    func pendingDeliveryCount() async throws(StoreError) -> Int
}

/// A delivery under a lease, with what a destination needs to make its payload.
package struct DeliveryJob: Sendable {
    package let delivery: Delivery
    package let lease: Lease
    package let leasedUntil: Timestamp
    /// Whether it stands among the retries: it was tried before, redriven or replayed.
    package let isRetry: Bool
    package let event: Event
    /// The response object where it is at hand; a destination that needs it and finds `nil` reads it by ``EventStore/response(of:)``.
    package let response: [UInt8]?
    /// The watch's metadata.
    package let metadata: [String: String]
    /// The watch's callback when the delivery is for it.
    package let callback: Callback?
    /// Where the attempt belongs: ``Watch/trace``, or a span below it.
    package var trace: TraceContext?

    /// - Parameter isRetry: `nil`: as its attempts say.
    package init(
        delivery: Delivery, lease: Lease, leasedUntil: Timestamp, isRetry: Bool? = nil, event: Event, response: [UInt8]?,
        metadata: [String: String], callback: Callback?, trace: TraceContext? = nil
    ) {
        self.delivery = delivery
        self.lease = lease
        self.leasedUntil = leasedUntil
        self.isRetry = isRetry ?? (delivery.attemptsInAll > 0)
        self.event = event
        self.response = response
        self.metadata = metadata
        self.callback = callback
        self.trace = trace
    }
}

/// How many deliveries a node wants for which endpoints.
package struct DeliveryClaim: Sendable {
    /// One endpoint's free places.
    package struct Lane: Sendable, Hashable {
        package let endpoint: EndpointName
        package let limit: Int
        /// How many of `limit` retries may take even when first attempts wait, so that they cannot starve.
        package let reservedForRetries: Int
        /// How many of `limit` retries may take at most, even when no first attempt waits; `reservedForRetries` or more.
        package let retryLimit: Int
        /// How many of `limit` first attempts may take at most, even when no retry waits.
        package let firstLimit: Int

        /// - Parameters:
        ///   - retryLimit: `nil` for all of `limit`.
        ///   - firstLimit: `nil` for all of `limit`.
        package init(endpoint: EndpointName, limit: Int, reservedForRetries: Int, retryLimit: Int? = nil, firstLimit: Int? = nil) {
            self.endpoint = endpoint
            self.limit = limit
            self.reservedForRetries = reservedForRetries
            self.retryLimit = retryLimit ?? limit
            self.firstLimit = firstLimit ?? limit
        }
    }

    package let node: NodeID
    package let lanes: [Lane]
    package let now: Timestamp
    package let until: Timestamp

    package init(node: NodeID, lanes: [Lane], now: Timestamp, until: Timestamp) {
        self.node = node
        self.lanes = lanes
        self.now = now
        self.until = until
    }
}

/// An attempt and the decision that followed.
package struct AttemptResultRow: Sendable {
    package enum Next: Sendable, Hashable {
        case delivered
        /// Try again then.
        case retry(at: Timestamp)
        case dead(DeadReason)
    }

    package let delivery: DeliveryID
    package let lease: Lease
    package let attempt: Attempt
    package let next: Next
    /// `delivery.dead` and its recipients, written with a death.
    package let deathNotice: (event: Event, recipients: [Recipient])?
    package let now: Timestamp

    package init(
        delivery: DeliveryID, lease: Lease, attempt: Attempt, next: Next, deathNotice: (event: Event, recipients: [Recipient])?,
        now: Timestamp
    ) {
        self.delivery = delivery
        self.lease = lease
        self.attempt = attempt
        self.next = next
        self.deathNotice = deathNotice
        self.now = now
    }
}

package struct RecordedAttempt: Sendable {
    /// The born-leased deliveries of the death notice.
    package let jobs: [DeliveryJob]

    package init(jobs: [DeliveryJob]) {
        self.jobs = jobs
    }
}

extension DeliveryStore {
    /// Makes all matching dead letters due again, or counts them.
    package func redrive(
        _ filter: DeadLetterFilter, dryRun: Bool, now: Timestamp
    ) async throws(StoreError) -> (matched: Int, redriven: Int) {
        let redriven = try await redrive(filter, dryRun: dryRun, after: nil, limit: nil, now: now)
        return (redriven.matched, redriven.redriven)
    }
}

/// What a redrive came to.
package struct Redriven: Sendable, Hashable {
    package var matched: Int
    /// How many were made due; 0 in a dry run.
    package var redriven: Int
    /// Where to go on; `nil` when all were looked at.
    package var next: PageCursor?

    package init(matched: Int = 0, redriven: Int = 0, next: PageCursor? = nil) {
        self.matched = matched
        self.redriven = redriven
        self.next = next
    }
}

package struct DeliveryFilter: Sendable, Hashable {
    package var status: Delivery.Status?
    package var endpoint: EndpointName?
    package var event: EventID?
    package var response: ResponseID?

    package init(status: Delivery.Status? = nil, endpoint: EndpointName? = nil, event: EventID? = nil, response: ResponseID? = nil) {
        self.status = status
        self.endpoint = endpoint
        self.event = event
        self.response = response
    }
}

/// Which dead letters: all given conditions hold. Times are those of death.
package struct DeadLetterFilter: Sendable, Hashable {
    package var ids: [DeliveryID]?
    package var endpoint: EndpointName?
    package var reason: DeadReason?
    /// Inclusive.
    package var since: Timestamp?
    /// Exclusive.
    package var until: Timestamp?

    package init(
        ids: [DeliveryID]? = nil, endpoint: EndpointName? = nil, reason: DeadReason? = nil, since: Timestamp? = nil, until: Timestamp? = nil
    ) {
        self.ids = ids
        self.endpoint = endpoint
        self.reason = reason
        self.since = since
        self.until = until
    }
}
