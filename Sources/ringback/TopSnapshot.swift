import Control
import RingbackCore

/// What `ringback top` shows, at one moment.
struct TopSnapshot {
    struct EndpointRow: Hashable {
        let name: String
        let kind: String
        /// `closed`, `open`, `half_open`, or `disabled`.
        let state: String
        /// Of the attempts of the last minutes; `nil` without any.
        let successRate: Double?
        let attempts: Int
        /// How long the oldest due delivery has waited.
        let queueAge: Duration
    }

    struct Ring: Hashable {
        let at: Timestamp
        let type: String
        let response: String
        let upstream: String
    }

    let now: Timestamp
    let server: String
    let version: String
    let upSince: Timestamp?
    /// Open watches by the way they are followed, and by their status.
    let following: [String: Int]
    let statuses: [String: Int]
    let streams: Int
    let waitingRequests: Int
    let unwrittenEndings: Int
    /// Per second since the reading before; `nil` for the first one.
    let rates: Rates?
    let deadLetters: Int
    let moreDeadLetters: Bool
    let residentBytes: Int
    /// Those in trouble first.
    let endpoints: [EndpointRow]
    /// Newest first.
    let rings: [Ring]

    struct Rates: Hashable {
        let endings: Double
        let delivered: Double
        let failed: Double

        init(endings: Double, delivered: Double, failed: Double) {
            self.endings = endings
            self.delivered = delivered
            self.failed = failed
        }

        /// - Returns: `nil` when the two readings are not of one process, or of one moment.
        init?(from old: MetricsReading, to new: MetricsReading, over span: Duration) {
            let start = "process_start_time_seconds"
            guard span > .zero, old.sum(start) == new.sum(start) else { return nil }
            func rate(_ name: String, _ labels: [String: String] = [:]) -> Double {
                max(0, new.sum(name, labels) - old.sum(name, labels)) / span.inSeconds
            }
            endings = rate("ringback_watch_endings_total")
            delivered = rate("ringback_delivery_outcomes_total", ["outcome": "delivered"])
            failed = rate("ringback_delivery_attempts_failed_total")
        }
    }
}

extension TopSnapshot {
    init(
        _ metrics: MetricsReading, endpoints: [EndpointObject], events: [EventObject], deadLetters: ListObject<DeliveryObject>,
        rates: Rates?, server: String, now: Timestamp
    ) {
        let ages = metrics.sums("ringback_endpoint_queue_age_seconds", by: "endpoint")
        self.now = now
        self.server = server
        version = metrics.sums("ringback_build_info", by: "version").keys.first ?? ""
        let start = metrics.sum("process_start_time_seconds")
        upSince = start > 0 ? Timestamp(milliseconds: Int64(start * 1000)) : nil
        following = metrics.sums("ringback_watches", by: "following").mapValues { Int($0) }
        statuses = metrics.sums("ringback_watches", by: "status").mapValues { Int($0) }
        streams = Int(metrics.sum("ringback_upstream_streams"))
        waitingRequests = Int(metrics.sum("ringback_upstream_waiting_requests"))
        unwrittenEndings = Int(metrics.sum("ringback_watch_endings_unwritten"))
        self.rates = rates
        self.deadLetters = deadLetters.data.count
        moreDeadLetters = deadLetters.hasMore
        residentBytes = Int(metrics.sum("process_resident_memory_bytes"))
        self.endpoints = endpoints.map { EndpointRow($0, queueAge: .seconds(ages[$0.name.rawValue] ?? 0)) }
            .sorted { ($0.trouble, $1.name) > ($1.trouble, $0.name) }
        rings = events.map {
            Ring(
                at: $0.createdAt.timestamp, type: $0.type.rawValue, response: $0.responseID?.rawValue ?? "",
                upstream: $0.upstream?.rawValue ?? "")
        }
    }
}

extension TopSnapshot.EndpointRow {
    init(_ endpoint: EndpointObject, queueAge: Duration) {
        self.init(
            name: endpoint.name.rawValue, kind: endpoint.preset ?? endpoint.kind.rawValue,
            state: endpoint.enabled ? endpoint.breaker.state.rawValue : "disabled",
            successRate: endpoint.breaker.attempts > 0 ? endpoint.breaker.failureRate.map { 1 - $0 } : nil,
            attempts: endpoint.breaker.attempts, queueAge: queueAge)
    }

    /// How much somebody should look at it.
    var trouble: Int {
        if state != "closed" { return 2 }
        return (successRate ?? 1) < 1 ? 1 : 0
    }
}
