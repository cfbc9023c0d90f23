import Foundation
import GRDB
package import RingbackCore
package import Store

/// Mends what can be mended without guessing, while nobody uses the store.
///
/// Nothing that waits is thrown away: what cannot be told apart becomes due, or is looked at again, since a callback too many is within the
/// promise and one too few is not. Only rows that refer to nothing go.
package struct StoreRepair {
    /// What one step did.
    package struct Step: Sendable, Hashable {
        package let what: String
        package let rows: Int
    }

    private let path: String
    private let now: Timestamp

    package init(path: String, now: Timestamp) {
        self.path = path
        self.now = now
    }

    /// Blocks its thread.
    ///
    /// - Returns: The steps that changed something.
    /// - Throws: ``StoreError/unusable(_:)`` when somebody uses the store, or the file itself is damaged.
    package func run() throws(StoreError) -> [Step] {
        let file = StoreFile(path: path)
        let lock = try StoreLock(storePath: path)
        defer { lock.release() }
        do {
            guard FileManager.default.fileExists(atPath: path) else { throw StoreError.unusable("there is no store at '\(path)'") }
            let pool = try file.open()
            let damage = try pool.read { try $0.damage(limit: 1) }
            guard damage.isEmpty else {
                throw StoreError.unusable("the file itself is damaged (\(damage[0])): restore it from a backup with `ringback restore`")
            }
            var steps = try pool.writeWithoutTransaction { try mend($0) }
            if let shrunk = try pool.writeWithoutTransaction({ try $0.makeShrinkable(always: true) }) {
                steps.append(Step(what: "the file was written anew, so that it can shrink from now on (bytes)", rows: shrunk))
            }
            try pool.close()
            return steps
        } catch {
            throw file.explained(error)
        }
    }

    private func mend(_ database: Database) throws -> [Step] {
        var steps: [Step] = []
        // The rows to be mended break the conditions that are checked; afterwards they do not.
        try database.execute(sql: "PRAGMA foreign_keys = OFF")
        defer { try? database.execute(sql: "PRAGMA foreign_keys = ON") }
        try database.inTransaction(.immediate) {
            for (what, sql) in Self.mendings {
                let rows = try database.run(sql, [now])
                if rows > 0 { steps.append(Step(what: what, rows: rows)) }
            }
            return .commit
        }
        return steps
    }

    /// In this order. ?1 is the time.
    private static let mendings: [(what: String, sql: String)] = [
        (
            "deliveries without an event were removed",
            "DELETE FROM deliveries WHERE ?1 IS NOT NULL AND event NOT IN (SELECT seq FROM events)"
        ),
        (
            "attempts without a delivery were removed",
            "DELETE FROM attempts WHERE ?1 IS NOT NULL AND delivery NOT IN (SELECT seq FROM deliveries)"
        ),
        (
            "responses without an event were removed",
            "DELETE FROM responses WHERE ?1 IS NOT NULL AND event NOT IN (SELECT seq FROM events)"
        ),
        (
            "events were separated from watches that are gone",
            "UPDATE events SET watch = NULL WHERE ?1 IS NOT NULL AND watch IS NOT NULL AND watch NOT IN (SELECT seq FROM watches)"
        ),
        (
            "notes about what was made in other systems for watches that are gone were removed",
            "DELETE FROM sink_records WHERE ?1 IS NOT NULL AND watch NOT IN (SELECT seq FROM watches)"
        ),
        (
            "deliveries in limbo were made due",
            """
            UPDATE deliveries SET status = 0, due_at = ?1, lease_until = NULL, lease_node = NULL, ended_at = NULL, dead_reason = NULL,
                updated_at = ?1
            WHERE status NOT BETWEEN 0 AND 4 OR status = 0 AND due_at IS NULL OR status = 1 AND lease_until IS NULL
                OR status = 3 AND dead_reason IS NULL
            """
        ),
        (
            "deliveries got the columns that fit their status",
            """
            UPDATE deliveries SET due_at = CASE status WHEN 0 THEN due_at END, lease_until = CASE status WHEN 1 THEN lease_until END,
                ended_at = CASE WHEN status >= 2 THEN ifnull(ended_at, ?1) END, dead_reason = CASE status WHEN 3 THEN dead_reason END
            WHERE (status = 0) <> (due_at IS NOT NULL) OR (status = 1) <> (lease_until IS NOT NULL)
                OR (status >= 2) <> (ended_at IS NOT NULL) OR (status = 3) <> (dead_reason IS NOT NULL)
            """
        ),
        (
            "watches got the status of the end that is on record",
            """
            UPDATE watches SET lease_node = NULL, look_again_at = NULL, updated_at = ?1, terminal_at = ifnull(terminal_at, ?1),
                status = (
                    SELECT CASE type WHEN 'response.completed' THEN 2 WHEN 'response.failed' THEN 3 WHEN 'response.incomplete' THEN 4 ELSE 5 END
                    FROM events WHERE events.watch = watches.seq AND \(StoreInvariant.isEnd) ORDER BY seq DESC LIMIT 1)
            WHERE id IN (\(StoreInvariant.endsAreTold.offenders) UNION \(StoreInvariant.endedWatchesAreClosed.offenders))
                AND EXISTS (
                    SELECT 1 FROM events
                    WHERE events.watch = watches.seq AND \(StoreInvariant.isEnd) AND events.created_at >= watches.created_at)
            """
        ),
        (
            "watches in limbo, or that ended without the event that says so, are followed again",
            """
            UPDATE watches SET status = 1, terminal_at = NULL, lease_node = NULL, look_again_at = NULL, updated_at = ?1
            WHERE status NOT BETWEEN 0 AND 8 OR status <= 1 AND terminal_at IS NOT NULL OR id IN (
                \(StoreInvariant.endsAreTold.offenders))
            """
        ),
        (
            "ended watches got the time of their end",
            "UPDATE watches SET terminal_at = ifnull(updated_at, ?1) WHERE status > 1 AND terminal_at IS NULL"
        ),
        (
            "events say again what became of their response",
            """
            UPDATE events SET response_state = CASE
                    WHEN EXISTS (SELECT 1 FROM responses WHERE responses.event = events.seq) THEN 0 ELSE 2 END,
                response_size = ifnull(response_size, ifnull((SELECT length(body) FROM responses WHERE responses.event = events.seq), 0))
            WHERE ?1 IS NOT NULL AND id IN (\(StoreInvariant.responsesAreAsSaid.offenders))
            """
        ),
    ]
}
