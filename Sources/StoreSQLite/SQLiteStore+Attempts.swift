import Foundation
import GRDB
package import RingbackCore
import Sealing
package import Store

// Attempts, and what follows from them.
extension SQLiteStore {
    /// Attempts kept of one delivery; beyond it the oldest are dropped. A delivery that is redriven for ever stays bounded.
    package static let keptAttempts = 50

    package func record(_ result: AttemptResultRow) async throws(StoreError) -> RecordedAttempt? {
        let attempt = try prepared { try AttemptColumns(result.attempt) }
        let outcome = try await change(in: .deliveries) { [sealer] database -> (recorded: RecordedAttempt, waiting: [EndpointName])? in
            guard let seq = try database.settle(result) else { return nil }
            try database.insert(attempt, of: seq)
            let notice = try database.writeDeathNotice(result, of: seq, sealer: sealer)
            return (RecordedAttempt(jobs: notice?.recorded.jobs ?? []), notice?.waiting ?? [])
        }
        sendDue(outcome?.waiting ?? [])
        return outcome?.recorded
    }

    package func attempts(of delivery: DeliveryID) async throws(StoreError) -> [Attempt] {
        try await read { database in
            try database.rows(
                """
                SELECT \(AttemptColumns.names) FROM attempts
                WHERE delivery = (SELECT seq FROM deliveries WHERE id = ?1) ORDER BY number
                """,
                [delivery]
            ).map { try Attempt($0) }
        }
    }
}

extension Database {
    /// Writes what follows for the delivery, if the lease still holds. Nothing is read first: the lease stands in the condition.
    ///
    /// - Returns: The delivery's place; `nil` when somebody else has it by now.
    fileprivate func settle(_ result: AttemptResultRow) throws -> Int64? {
        let status: Delivery.Status
        var dueAt: Timestamp?
        var deadReason: DeadReason?
        switch result.next {
        case .delivered: status = .delivered
        case .retry(let time):
            status = .pending
            dueAt = time
        case .dead(let reason):
            status = .dead
            deadReason = reason
        }
        let row = try row(
            """
            UPDATE deliveries SET status = ?5, attempts = attempts + ?6, attempts_in_all = max(attempts_in_all + 1, ?7),
                is_retry = is_retry OR ?8, due_at = ?9, ended_at = ?10, dead_reason = ?11, updated_at = ?12, lease_until = NULL,
                lease_node = NULL
            WHERE id = ?1 AND status = ?2 AND lease_node = ?3 AND lease_epoch = ?4 RETURNING seq
            """,
            [
                result.delivery, Delivery.Status.delivering, result.lease.node, result.lease.epoch, status,
                result.attempt.error?.isOurOwn != true, result.attempt.number, status == .pending, dueAt,
                status == .pending ? nil : result.now, deadReason?.rawValue, result.now,
            ]
        )
        guard let row else { return nil }
        var column = ColumnReader(row)
        return try column.next()
    }

    fileprivate func insert(_ attempt: AttemptColumns, of seq: Int64) throws {
        try run(
            """
            INSERT OR REPLACE INTO attempts (delivery, \(AttemptColumns.names))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
            """,
            [seq] + attempt.values
        )
        if attempt.number > SQLiteStore.keptAttempts {
            try run("DELETE FROM attempts WHERE delivery = ?1 AND number <= ?2", [seq, attempt.number - SQLiteStore.keptAttempts])
        }
    }

    fileprivate func writeDeathNotice(_ result: AttemptResultRow, of seq: Int64, sealer: Sealer) throws -> WrittenEvent? {
        switch result.next {
        case .delivered, .retry: return nil
        case .dead:
            // The death of a notice is not announced: an endpoint for notices that is down would breed them for ever.
            guard let notice = result.deathNotice, try deliveryRow(seq: seq)?.event.type != .deliveryDead else { return nil }
            let context = try watchContext(of: notice.event.watch, callbackBy: sealer)
            return try write(notice.event, about: context, recipients: notice.recipients, now: result.now)
        }
    }
}

/// An attempt as columns. Made by the caller, so that the writer has less to do. Phases are in microseconds, other times in milliseconds.
private struct AttemptColumns: Sendable {
    static let names = """
        number, started_at, outcome, http_status, error, detail, retry_after, headers, body,
        dns_us, connect_us, tls_us, first_byte_us, total_us, address, proxy, proof, protection, ambiguous
        """

    let number: Int
    let values: StatementArguments

    init(_ attempt: Attempt) throws {
        number = attempt.number
        let body = attempt.responseBody.prefix(Attempt.keptBodyBytes)
        values = [
            attempt.number, attempt.startedAt, attempt.outcome.rawValue, attempt.httpStatus, attempt.error?.rawValue, attempt.detail,
            attempt.retryAfter?.wholeMilliseconds, try StoredJSON.encodeUnlessEmpty(attempt.responseHeaders),
            body.isEmpty ? nil : Data(body), attempt.timing.dns?.microseconds, attempt.timing.connect?.microseconds,
            attempt.timing.tls?.microseconds, attempt.timing.firstByte?.microseconds, attempt.timing.total?.microseconds, attempt.address,
            attempt.proxy,
            attempt.sink?.proof.rawValue, attempt.sink?.protection.rawValue, attempt.sink?.isAmbiguous,
        ]
    }
}

extension Attempt {
    /// Reads the columns ``AttemptColumns/names``.
    fileprivate init(_ row: Row) throws {
        var column = ColumnReader(row)
        self.init(
            number: try column.next(),
            startedAt: try column.next(),
            outcome: try column.nextWord() ?? .failed,
            httpStatus: try column.next(),
            error: try column.nextWord(),
            detail: try column.next(),
            retryAfter: try column.next(Int64?.self).map { .milliseconds($0) },
            responseHeaders: try StoredJSON.decodeList(of: ResponseHeader.self, from: column.next()),
            responseBody: try column.nextBytes() ?? [],
            timing: AttemptTiming(
                dns: try column.nextMicroseconds(), connect: try column.nextMicroseconds(), tls: try column.nextMicroseconds(),
                firstByte: try column.nextMicroseconds(), total: try column.nextMicroseconds()
            ),
            address: try column.next(),
            proxy: try column.next(),
            sink: try SinkEvidence(&column)
        )
    }
}

extension SinkEvidence {
    /// - Returns: `nil` for an attempt at a webhook or an inbox.
    fileprivate init?(_ column: inout ColumnReader) throws {
        let proof: SuccessProof? = try column.nextWord()
        let protection: RepeatProtection? = try column.nextWord()
        let isAmbiguous: Bool? = try column.next()
        guard let proof, let protection else { return nil }
        self.init(proof: proof, protection: protection, isAmbiguous: isAmbiguous ?? false)
    }
}

extension ColumnReader {
    fileprivate mutating func nextMicroseconds() throws -> Duration? {
        try next(Int64?.self).map { .microseconds($0) }
    }
}

extension Duration {
    fileprivate var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
