import Foundation
import GRDB
import RingbackCore
import Store

/// A delivery as a row, with its event and what holds it.
struct DeliveryRow {
    /// In the order in which ``init(_:)`` reads them.
    static let columns = """
        deliveries.seq, deliveries.is_retry, deliveries.lease_epoch,
        deliveries.id, deliveries.endpoint, deliveries.status, deliveries.attempts, deliveries.attempts_in_all, deliveries.due_at,
        deliveries.dead_reason, deliveries.ended_at, deliveries.created_at, deliveries.updated_at,
        \(Event.columns)
        """

    /// The beginning of the statements that read such rows.
    static let select = "SELECT \(columns) FROM deliveries JOIN events ON events.seq = deliveries.event"

    let seq: Int64
    let isRetry: Bool
    let leaseEpoch: Int64
    let event: Event
    var delivery: Delivery

    init(_ row: Row) throws {
        var column = ColumnReader(row)
        try self.init(&column)
    }

    init(_ column: inout ColumnReader) throws {
        seq = try column.next()
        isRetry = try column.next()
        leaseEpoch = try column.next()
        let id: DeliveryID = try column.next()
        let endpoint: EndpointName = try column.next()
        let status: Delivery.Status = try column.next()
        let attempts: Int = try column.next()
        let attemptsInAll: Int = try column.next()
        let dueAt: Timestamp? = try column.next()
        let deadReason: DeadReason? = try column.nextWord()
        let endedAt: Timestamp? = try column.next()
        let createdAt: Timestamp = try column.next()
        let updatedAt: Timestamp = try column.next()
        event = try Event(&column)
        delivery = Delivery(
            id: id, event: event.id, eventType: event.type, endpoint: endpoint, watch: event.watch, response: event.response,
            status: status, attempts: attempts, attemptsInAll: attemptsInAll, nextAttemptAt: dueAt, deadReason: deadReason,
            createdAt: createdAt, deliveredAt: status == .delivered ? endedAt : nil, updatedAt: updatedAt
        )
    }
}

extension Database {
    func deliveryRow(_ id: DeliveryID) throws -> DeliveryRow? {
        try row("\(DeliveryRow.select) WHERE deliveries.id = ?1", [id]).map { try DeliveryRow($0) }
    }

    func deliveryRow(seq: Int64) throws -> DeliveryRow? {
        try row("\(DeliveryRow.select) WHERE deliveries.seq = ?1", [seq]).map { try DeliveryRow($0) }
    }

    /// Writes back a delivery that nobody holds any longer: it waits, or it has ended.
    func update(_ delivery: Delivery, seq: Int64, isRetry: Bool) throws {
        let hasEnded: Bool
        switch delivery.status {
        case .pending: hasEnded = false
        case .delivering: preconditionFailure("a delivery under way is written by whoever leases it")
        case .delivered, .dead, .abandoned: hasEnded = true
        }
        try run(
            """
            UPDATE deliveries SET status = ?2, attempts = ?3, attempts_in_all = ?4, is_retry = ?5, due_at = ?6, ended_at = ?7,
                dead_reason = ?8, updated_at = ?9, lease_until = NULL, lease_node = NULL
            WHERE seq = ?1
            """,
            [
                seq, delivery.status, delivery.attempts, delivery.attemptsInAll, isRetry, delivery.nextAttemptAt,
                hasEnded ? delivery.updatedAt : nil, delivery.deadReason?.rawValue, delivery.updatedAt,
            ]
        )
    }
}

// What can happen to a delivery that is not being sent.
extension Delivery {
    /// Waits again from now on, at the beginning of its schedule.
    mutating func startAnew(now: Timestamp) {
        status = .pending
        attempts = 0
        nextAttemptAt = now
        deadReason = nil
        deliveredAt = nil
        updatedAt = now
    }

    mutating func hurry(now: Timestamp) {
        nextAttemptAt = now
        updatedAt = now
    }

    mutating func abandon(now: Timestamp) {
        status = .abandoned
        nextAttemptAt = nil
        deadReason = nil
        updatedAt = now
    }
}
