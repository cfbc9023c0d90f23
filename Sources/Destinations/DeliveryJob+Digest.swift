import RingbackCore
import Store

extension DeliveryJob {
    /// What stands for several deliveries in one message: an event that is nowhere on record. The same ones always make the same.
    ///
    /// - Parameters:
    ///   - jobs: At least one, in the order of their events.
    ///   - watch: Under which something is kept about the message; `nil` to keep nothing.
    init(digestOf jobs: [DeliveryJob], watch: WatchID?) {
        guard let first = jobs.first else { preconditionFailure("a digest of nothing") }
        let ids = jobs.map(\.event.id.rawValue).sorted().joined(separator: " ")
        let event = Event(
            id: EventID(type: first.event.type, occasion: "digest \(ids)"), type: first.event.type, createdAt: first.event.createdAt,
            watch: watch, upstream: nil, response: nil, data: Array("{}".utf8))
        self.init(
            delivery: first.delivery, lease: first.lease, leasedUntil: first.leasedUntil, isRetry: first.isRetry, event: event,
            response: nil, metadata: [:], callback: nil)
    }
}
