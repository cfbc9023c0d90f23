import Foundation
import GRDB
import RingbackCore
import Sealing
package import Store

// How watches end, and what is said about them while they go on.
extension SQLiteStore {
    package func end(_ ending: WatchEnding) async throws(StoreError) -> RecordedEvent? {
        precondition(!ending.status.isOpen && ending.status != .stopped, "a watch does not end as \(ending.status)")
        precondition(ending.lookAgainAt == nil || ending.status == .cancelled, "only what was cancelled is looked at again")
        let written = try await change { [sealer] database -> WrittenEvent? in
            guard let row = try database.endingRow(ending.id, sealer), row.accepts(ending) else { return nil }
            try database.end(row.seq, by: ending)
            return try database.write(
                ending.event, about: row.context, response: ending.response, oversized: ending.oversized, recipients: ending.recipients,
                now: ending.event.createdAt
            )
        }
        sendDue(written?.waiting ?? [])
        return written?.recorded
    }

    package func record(_ notice: WatchNotice) async throws(StoreError) -> RecordedEvent? {
        let written = try await change { [sealer] database -> WrittenEvent? in
            guard let row = try database.endingRow(notice.id, sealer), row.status.isOpen, row.isHeld(under: notice.lease) else {
                return nil
            }
            if notice.event.type == .watchStalled {
                // Also when the event was written before the watch was stopped and reopened: it is raised once per watch.
                try database.run("UPDATE watches SET stalled = 1 WHERE seq = ?1", [row.seq])
            }
            return try database.write(notice.event, about: row.context, recipients: notice.recipients, now: notice.event.createdAt)
        }
        sendDue(written?.waiting ?? [])
        return written?.recorded
    }
}

/// What a watch's end depends on: not all of its row, which is read for each of thousands.
private struct EndingRow {
    static let columns = "seq, status, lease_node, lease_epoch, metadata, callback, trace"

    let seq: Int64
    let status: WatchStatus
    let leaseNode: NodeID?
    let leaseEpoch: Int64
    let metadata: [String: String]
    let callback: Callback?
    let trace: TraceContext?

    init(_ row: Row, of id: WatchID, _ sealer: Sealer) throws {
        var column = ColumnReader(row)
        seq = try column.next()
        status = try column.next()
        leaseNode = try column.next()
        leaseEpoch = try column.next()
        metadata = try StoredJSON.metadata(from: column.next())
        callback = try StoredJSON.callback(from: column.next(), of: id, sealer)
        trace = try column.nextTrace()
    }

    func isHeld(under lease: Lease) -> Bool {
        leaseNode == lease.node && leaseEpoch == lease.epoch
    }

    /// An open watch is ended by whoever holds it. A cancelled one may complete after all (some vendors do that); nobody holds it then, and
    /// nobody needs to: the event's derived id lets only one of several late finders in.
    func accepts(_ ending: WatchEnding) -> Bool {
        if status.isOpen { return isHeld(under: ending.lease) }
        return status == .cancelled && ending.status == .completed
    }

    var context: WatchContext {
        WatchContext(seq: seq, metadata: metadata, callback: callback, trace: trace)
    }
}

extension Database {
    fileprivate func endingRow(_ id: WatchID, _ sealer: Sealer) throws -> EndingRow? {
        try row("SELECT \(EndingRow.columns) FROM watches WHERE id = ?1", [id]).map { try EndingRow($0, of: id, sealer) }
    }

    fileprivate func end(_ seq: Int64, by ending: WatchEnding) throws {
        try run(
            """
            UPDATE watches SET status = ?2, following = ?3, terminal_at = ?4, updated_at = ?4,
                sequence_number = ifnull(?5, sequence_number), model = ifnull(?6, model), usage = ifnull(?7, usage), last_error = ?8,
                look_again_at = ?9, lease_node = NULL
            WHERE seq = ?1
            """,
            [
                seq, ending.status, Watch.Following.none.rawValue, ending.event.createdAt, ending.sequenceNumber, ending.model,
                ending.usage.data, ending.lastError, ending.lookAgainAt,
            ]
        )
    }
}
