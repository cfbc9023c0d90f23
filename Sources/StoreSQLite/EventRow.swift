import Foundation
import GRDB
import RingbackCore
import Sealing
import Store

extension Event {
    /// In the order in which ``init(_:)`` reads them.
    static let columns = """
        events.id, events.type, events.created_at, events.watch_id, events.upstream, events.response_id, events.data
        """

    init(_ column: inout ColumnReader) throws {
        self.init(
            id: try column.next(), type: try column.next(), createdAt: try column.next(), watch: try column.next(),
            upstream: try column.next(), response: try column.next(), data: try column.nextBytes() ?? []
        )
    }
}

/// What became of the response object an event ended with, as the number that is kept.
enum ResponseState: Int, DatabaseValueConvertible {
    case kept = 0
    case oversized = 1
    /// Its retention has passed.
    case expired = 2
}

/// What an event's deliveries need to know of the watch it is about.
struct WatchContext {
    /// `nil`: the event is not about a watch, or not about one the store knows.
    let seq: Int64?
    let metadata: [String: String]
    let callback: Callback?
    let trace: TraceContext?

    static let none = WatchContext(seq: nil, metadata: [:], callback: nil, trace: nil)
}

/// A new event with its deliveries, as they came into the store.
struct WrittenEvent {
    let recorded: RecordedEvent
    /// The endpoints whose deliveries wait for somebody to claim them.
    let waiting: [EndpointName]
}

extension Database {
    /// - Parameter sealer: Opens the watch's callback; `nil` when nobody needs it.
    func watchContext(of id: WatchID?, callbackBy sealer: Sealer?) throws -> WatchContext {
        guard let id, let row = try row("SELECT seq, metadata, callback, trace FROM watches WHERE id = ?1", [id]) else { return .none }
        var column = ColumnReader(row)
        let seq: Int64 = try column.next()
        let metadata = try StoredJSON.metadata(from: column.next())
        let callback: Data? = try column.next()
        return WatchContext(
            seq: seq, metadata: metadata, callback: try sealer.flatMap { try StoredJSON.callback(from: callback, of: id, $0) },
            trace: try column.nextTrace()
        )
    }

    /// Writes an event, the response it ends with, and one delivery per recipient.
    ///
    /// - Parameter now: When the deliveries are created and due.
    /// - Returns: `nil` when the event exists already; nothing was written then.
    func write(
        _ event: Event, about context: WatchContext, response: [UInt8]? = nil, oversized: OversizedResponse? = nil,
        recipients: [Recipient], now: Timestamp
    ) throws -> WrittenEvent? {
        // Naming the column keeps every other broken constraint an error; OR IGNORE would swallow them all.
        let inserted = try run(
            """
            INSERT INTO events (id, type, created_at, watch, watch_id, upstream, response_id, data, response_state, response_size,
                response_limit)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO NOTHING
            """,
            [
                event.id, event.type, event.createdAt, context.seq, event.watch, event.upstream, event.response, Data(event.data),
                response != nil ? ResponseState.kept : oversized != nil ? .oversized : nil, response?.count ?? oversized?.size,
                oversized?.limit,
            ]
        )
        guard inserted == 1 else { return nil }
        let eventSeq = lastInsertedRowID
        if let response {
            try run("INSERT INTO responses (event, body) VALUES (?1, ?2)", [eventSeq, Data(response)])
        }
        var jobs: [DeliveryJob] = []
        var waiting: [EndpointName] = []
        for recipient in recipients {
            guard let delivery = try insertDelivery(of: event, seq: eventSeq, for: recipient, now: now) else { continue }
            guard let birth = recipient.bornLeased else {
                waiting.append(recipient.endpoint)
                continue
            }
            jobs.append(
                DeliveryJob(
                    delivery: delivery, lease: Lease(node: birth.node, epoch: 1), leasedUntil: birth.until, event: event,
                    response: response, metadata: context.metadata, callback: recipient.endpoint.isCallback ? context.callback : nil,
                    trace: context.trace
                )
            )
        }
        return WrittenEvent(recorded: RecordedEvent(event: event, jobs: jobs), waiting: waiting)
    }

    /// - Returns: `nil` when the endpoint has a delivery of this event already.
    private func insertDelivery(of event: Event, seq eventSeq: Int64, for recipient: Recipient, now: Timestamp) throws -> Delivery? {
        let birth = recipient.bornLeased
        let delivery = Delivery(
            id: DeliveryID(event: event.id, endpoint: recipient.endpoint), event: event.id, eventType: event.type,
            endpoint: recipient.endpoint, watch: event.watch, response: event.response, status: birth == nil ? .pending : .delivering,
            attempts: 0, attemptsInAll: 0, nextAttemptAt: birth == nil ? now : nil, deadReason: nil, createdAt: now, deliveredAt: nil,
            updatedAt: now
        )
        let inserted = try run(
            """
            INSERT INTO deliveries (id, event, endpoint, status, due_at, lease_until, lease_node, lease_epoch, created_at, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9) ON CONFLICT (id) DO NOTHING
            """,
            [
                delivery.id, eventSeq, delivery.endpoint, delivery.status, delivery.nextAttemptAt, birth?.until, birth?.node,
                birth == nil ? 0 : 1, now,
            ]
        )
        return inserted == 1 ? delivery : nil
    }

    /// Adds a waiting delivery of an event that is in the store already.
    func insertWaitingDelivery(of event: Event, seq eventSeq: Int64, for endpoint: EndpointName, now: Timestamp) throws {
        _ = try insertDelivery(of: event, seq: eventSeq, for: Recipient(endpoint: endpoint), now: now)
    }
}
