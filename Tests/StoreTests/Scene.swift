import Foundation
import RingbackCore
import RingbackTesting
import Store
import Testing

/// An open store, a clock, and short ways to bring about what a test begins with.
struct Scene: Sendable {
    let store: any Store
    let time: ManualTime

    var now: Timestamp { time.wallNow }
    let node = NodeID("node-a")
    let otherNode = NodeID("node-b")
    let upstream = UpstreamName(trusted: "default")
    let endpoint = EndpointName(trusted: "my-app")

    func advance(by duration: Duration) {
        time.advance(by: duration)
    }

    func request(
        _ response: String = "resp_1", endpoints: [String] = [], callback: Callback? = nil, metadata: [String: String] = [:]
    ) -> NewWatch {
        NewWatch(
            upstream: upstream, response: ResponseID(trusted: response), endpoints: endpoints.map { EndpointName(trusted: $0) },
            callback: callback, metadata: metadata
        )
    }

    /// Registers a watch and claims it for ``node``, which is alive.
    func claimed(_ request: NewWatch) async throws -> ClaimedWatch {
        _ = try await store.register(request, now: now)
        try await store.heartbeat(node, now: now, until: now + .seconds(60))
        let claimed = try await store.claimWatches(for: node, now: now, limit: 1000)
        return try #require(claimed.first { $0.watch.id == request.id })
    }

    func ending(
        _ claimed: ClaimedWatch, as status: TerminalStatus = .completed, response: String = #"{"status":"completed"}"#,
        lookAgainAt: Timestamp? = nil, recipients: [Recipient] = []
    ) -> WatchEnding {
        WatchEnding(
            id: claimed.watch.id, lease: claimed.lease, status: status.watchStatus, event: event(claimed.watch, status.eventType),
            response: Array(response.utf8), model: "gpt-5", usage: Array(#"{"total_tokens":7}"#.utf8), sequenceNumber: 42, lastError: nil,
            lookAgainAt: lookAgainAt, recipients: recipients
        )
    }

    func event(_ watch: Watch, _ type: EventType) -> Event {
        Event(
            id: EventID(upstream: watch.upstream, response: watch.response, type: type), type: type, createdAt: now, watch: watch.id,
            upstream: watch.upstream, response: watch.response, data: Array("{\"id\":\"\(watch.response)\"}".utf8)
        )
    }

    func bridgeEvent(_ type: EventType, occasion: String) -> Event {
        Event(
            id: EventID(type: type, occasion: occasion), type: type, createdAt: now, watch: nil, upstream: nil, response: nil,
            data: Array("{}".utf8)
        )
    }

    func recipient(_ name: String = "my-app") -> Recipient {
        Recipient(endpoint: EndpointName(trusted: name))
    }

    func born(_ name: String = "my-app", for duration: Duration = .seconds(30)) -> Recipient {
        Recipient(endpoint: EndpointName(trusted: name), bornLeased: BirthLease(node: node, until: now + duration))
    }

    /// Ends a fresh watch; its deliveries wait.
    @discardableResult
    func ended(
        _ response: String = "resp_1", for endpoints: [String] = ["my-app"], metadata: [String: String] = [:]
    ) async throws -> Event {
        let claimed = try await claimed(request(response, metadata: metadata))
        return try #require(try await store.end(ending(claimed, recipients: endpoints.map { recipient($0) }))).event
    }

    func claim(
        _ endpoint: String = "my-app", limit: Int = 10, reservedForRetries: Int = 0, by node: NodeID? = nil,
        for duration: Duration = .seconds(30)
    ) async throws -> [DeliveryJob] {
        let lane = DeliveryClaim.Lane(endpoint: EndpointName(trusted: endpoint), limit: limit, reservedForRetries: reservedForRetries)
        return try await store.claimDeliveries(DeliveryClaim(node: node ?? self.node, lanes: [lane], now: now, until: now + duration))
    }

    func attempt(_ number: Int = 1, error: AttemptError? = nil) -> Attempt {
        Attempt(
            number: number, startedAt: now, outcome: error == nil ? .succeeded : .failed, httpStatus: error == nil ? 204 : nil,
            error: error, detail: nil, retryAfter: nil, responseHeaders: [], responseBody: [], timing: AttemptTiming(), address: nil
        )
    }

    @discardableResult
    func record(
        _ job: DeliveryJob, _ next: AttemptResultRow.Next, number: Int = 1, error: AttemptError? = nil,
        notice: (event: Event, recipients: [Recipient])? = nil
    ) async throws -> RecordedAttempt? {
        let isSuccess = next == .delivered
        return try await store.record(
            AttemptResultRow(
                delivery: job.delivery.id, lease: job.lease, attempt: attempt(number, error: error ?? (isSuccess ? nil : .httpStatus)),
                next: next, deathNotice: notice, now: now
            )
        )
    }

    /// A dead letter.
    @discardableResult
    func dead(_ response: String, endpoint: String = "my-app", reason: DeadReason = .exhausted) async throws -> Delivery {
        try await ended(response, for: [endpoint])
        let job = try #require(try await claim(endpoint, limit: 1).first)
        _ = try #require(try await record(job, .dead(reason)))
        return try #require(try await store.delivery(job.delivery.id))
    }
}
