import DequeModule
import RingbackCore
import Store

/// The deliveries in hand that wait for a place, endpoint by endpoint. Pure.
///
/// An endpoint is *touched* when something of it may be able to go: a delivery came, a place became free, or what it may do has changed.
struct LaneStock: Sendable {
    /// What waits may hold response objects up to so many bytes in all. Others leave theirs in the store, to be read when it is their turn.
    static let maximumResponseBytes = 16 * 1024 * 1024

    private struct Shelf: Sendable {
        var firsts: Deque<DeliveryJob> = []
        var retries: Deque<DeliveryJob> = []

        var count: Int { firsts.count + retries.count }
    }

    private var shelves: [EndpointName: Shelf] = [:]
    private var touchedEndpoints: Set<EndpointName> = []
    private var responseBytes = 0
    private(set) var count = 0

    /// Whether ``takeTouched()`` would name an endpoint.
    var isTouched: Bool { !touchedEndpoints.isEmpty }

    mutating func add(_ job: DeliveryJob) {
        let size = job.response?.count ?? 0
        let isKept = responseBytes + size <= Self.maximumResponseBytes
        let kept = isKept ? job : job.with(response: nil)
        if isKept { responseBytes += size }
        let endpoint = job.delivery.endpoint
        if job.isRetry {
            shelves[endpoint, default: Shelf()].retries.append(kept)
        } else {
            shelves[endpoint, default: Shelf()].firsts.append(kept)
        }
        count += 1
        touchedEndpoints.insert(endpoint)
    }

    mutating func touch(_ endpoint: EndpointName) {
        if shelves[endpoint] != nil { touchedEndpoints.insert(endpoint) }
    }

    mutating func touchAll() {
        touchedEndpoints.formUnion(shelves.keys)
    }

    /// The endpoints that were touched since the last call, each with what waits of it.
    mutating func takeTouched() -> Set<EndpointName> {
        defer { touchedEndpoints = [] }
        return touchedEndpoints
    }

    /// Which kinds wait of an endpoint.
    func kinds(of endpoint: EndpointName) -> (hasFirst: Bool, hasRetry: Bool) {
        guard let shelf = shelves[endpoint] else { return (false, false) }
        return (!shelf.firsts.isEmpty, !shelf.retries.isEmpty)
    }

    /// The one that has waited longest; there must be one (``kinds(of:)``).
    mutating func take(_ kind: AttemptKind, of endpoint: EndpointName) -> DeliveryJob? {
        let job =
            switch kind {
            case .first: shelves[endpoint]?.firsts.popFirst()
            case .retry: shelves[endpoint]?.retries.popFirst()
            }
        guard let job else { return nil }
        if shelves[endpoint]?.count == 0 { shelves[endpoint] = nil }
        count -= 1
        responseBytes -= job.response?.count ?? 0
        return job
    }

    /// Everything that waits of an endpoint, first attempts first.
    mutating func takeAll(of endpoint: EndpointName) -> [DeliveryJob] {
        guard let shelf = shelves.removeValue(forKey: endpoint) else { return [] }
        let jobs = shelf.firsts + shelf.retries
        count -= jobs.count
        responseBytes -= jobs.reduce(0) { $0 + ($1.response?.count ?? 0) }
        return Array(jobs)
    }
}
