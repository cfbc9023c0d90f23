import Foundation
import GRDB
package import RingbackCore
package import Sealing
package import Store

/// Looks a store over beside whoever works with it: reads only, and each question in a snapshot of its own, so that the write-ahead log can
/// shrink in between.
package struct StoreExamination {
    /// Offenders that are counted of each kind; more are as bad.
    package static let countedOffenders = 1_000
    static let examples = 3
    /// How far back events are compared with their deliveries. Both are there for so long, unless the retention is shorter.
    package static let recentEvents: Duration = .seconds(86_400)
    /// Events that are compared, newest first.
    static let comparedEvents = 10_000
    /// Sentences of SQLite about damage.
    static let damageSentences = 100

    private let file: StoreFile
    private let keys: SealingKeys
    /// When retention takes away the first deliveries of events; only what is newer can be missed.
    private let deliveriesSince: Timestamp
    private let now: Timestamp

    package init(path: String, keys: SealingKeys, deliveriesSince: Timestamp, now: Timestamp) {
        file = StoreFile(path: path)
        self.keys = keys
        self.deliveriesSince = max(deliveriesSince, now - Self.recentEvents)
        self.now = now
    }

    /// Blocks its thread; a large store takes a minute.
    ///
    /// - Throws: ``StoreError/unusable(_:)`` when the file cannot be read or is no store of this program.
    package func run() throws(StoreError) -> StoreReport {
        do {
            let database = try file.openReadOnly()
            let report = try examine(database)
            try database.close()
            return report
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            // Damage in the wrong place: not even the questions can be asked.
            var report = StoreReport(schema: Migrations.newestVersion, newestSchema: Migrations.newestVersion)
            report.damage = [error.message ?? "the file is damaged"]
            return report
        } catch {
            throw file.explained(error)
        }
    }

    private func examine(_ queue: DatabaseQueue) throws -> StoreReport {
        var report = try queue.read { database in
            var report = StoreReport(schema: try database.count("PRAGMA user_version"), newestSchema: Migrations.newestVersion)
            report.space = try database.space(of: file.path)
            return report
        }
        report.damage = try queue.read { try $0.damage(limit: Self.damageSentences) }
        // Rows of an older schema have other columns, and a damaged file may answer anything: both are to be mended first.
        guard report.schema == report.newestSchema, report.damage.isEmpty else { return report }
        report.dangling = try queue.read { try $0.dangling() }
        for invariant in StoreInvariant.allCases {
            if let broken = try queue.read({ try $0.broken(invariant, since: deliveriesSince, now: now) }) { report.broken.append(broken) }
        }
        report.openWatches = try queue.read { try $0.openWatches() }
        report.waiting = try queue.read { try $0.waiting() }
        (report.watchesOfDeadNodes, report.oldestSecondLook) = try queue.read { try $0.abandonedWatches(now: now) }
        report.recentEvents = try queue.read { try $0.recentEvents(since: deliveriesSince, limit: Self.comparedEvents) }
        report.disabledEndpoints = try queue.read { try $0.disabledEndpoints() }
        let used = try queue.read { try Data.fetchAll($0, sql: "SELECT id FROM sealing_keys") }.compactMap { SealingKey.ID(bytes: $0) }
        do {
            guard let sealer = try keys.existingSealer(sealedWith: used) else { return report }
            report.unreadableSecrets = try queue.read { try $0.unreadableSecrets(sealer) }
            // One that does not open is counted above.
            report.endpoints = (try? queue.read { try $0.storedEndpoints(sealer) }) ?? []
        } catch let error as SealingKeyFile.Unusable {
            report.keyProblem = error.description
        }
        return report
    }
}

extension StoreFile {
    /// A connection that changes nothing, for a file that belongs to this program.
    func openReadOnly() throws -> DatabaseQueue {
        guard FileManager.default.fileExists(atPath: path) else {
            throw StoreError.unusable("there is no store at '\(path)' yet: the first `ringback serve` makes it")
        }
        try checkIdentity()
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(Self.busyTimeout)
        return try DatabaseQueue(path: path, configuration: configuration)
    }
}

extension Database {
    func space(of path: String) throws -> StoreReport.Space {
        var space = StoreReport.Space()
        let page = try count("PRAGMA page_size")
        space.file = try count("PRAGMA page_count") * page
        space.unused = try count("PRAGMA freelist_count") * page
        // 2 is INCREMENTAL.
        space.shrinks = try count("PRAGMA auto_vacuum") == 2
        let log = try? FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
        space.log = log ?? 0
        return space
    }

    /// - Returns: SQLite's sentences; none when the file is whole.
    func damage(limit: Int) throws -> [String] {
        do {
            let sentences = try String.fetchAll(self, sql: "PRAGMA quick_check(\(limit))")
            // A row against the schema's conditions is no damage of the file, and the invariants say more about it.
            return sentences.flatMap { $0.split(separator: "\n").map(String.init) }.filter {
                $0 != "ok" && !$0.hasPrefix("CHECK constraint failed")
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            return [error.message ?? "the file is damaged"]
        }
    }

    func dangling() throws -> [String: Int] {
        var counts: [String: Int] = [:]
        let violations = try foreignKeyViolations()
        while let violation = try violations.next() { counts[violation.originTable, default: 0] += 1 }
        return counts
    }

    func broken(_ invariant: StoreInvariant, since: Timestamp, now: Timestamp) throws -> StoreReport.Broken? {
        // The conditions name both arguments, which not every invariant does.
        let sql = """
            SELECT id FROM (\(invariant.offenders)) WHERE ?1 IS NOT NULL AND ?2 IS NOT NULL LIMIT \(StoreExamination.countedOffenders)
            """
        let offenders = try String.fetchAll(self, sql: sql, arguments: [now, since])
        guard !offenders.isEmpty else { return nil }
        return StoreReport.Broken(
            invariant: invariant, count: offenders.count, examples: Array(offenders.prefix(StoreExamination.examples)))
    }

    fileprivate func openWatches() throws -> [UpstreamName: StoreReport.OpenWatches] {
        var watches: [UpstreamName: StoreReport.OpenWatches] = [:]
        let sql = "SELECT upstream, count(*), min(created_at) FROM watches WHERE terminal_at IS NULL GROUP BY upstream"
        for row in try rows(sql) {
            var column = ColumnReader(row)
            watches[try column.next()] = StoreReport.OpenWatches(count: try column.next(), oldest: try column.next())
        }
        return watches
    }

    fileprivate func waiting() throws -> [EndpointName: StoreReport.Waiting] {
        var waiting: [EndpointName: StoreReport.Waiting] = [:]
        for row in try rows("SELECT endpoint, count(*), min(due_at) FROM deliveries WHERE due_at IS NOT NULL GROUP BY endpoint") {
            var column = ColumnReader(row)
            waiting[try column.next(), default: StoreReport.Waiting()] = StoreReport.Waiting(
                count: try column.next(), oldestDue: try column.next())
        }
        for row in try rows(DeliveryClaiming.nextLeaseEnds) {
            var column = ColumnReader(row)
            let endpoint: EndpointName = try column.next()
            waiting[endpoint, default: StoreReport.Waiting()].oldestLease = try column.next()
        }
        return waiting
    }

    fileprivate func abandonedWatches(now: Timestamp) throws -> (held: Int, secondLook: Timestamp?) {
        let held = """
            SELECT count(*) FROM watches WHERE terminal_at IS NULL AND lease_node IS NOT NULL
                AND lease_node NOT IN (SELECT id FROM nodes WHERE until > ?1)
            """
        let look = "SELECT min(look_again_at) FROM watches WHERE look_again_at <= ?1"
        return (try count(held, [now]), try Timestamp.fetchOne(self, sql: look, arguments: [now]))
    }

    fileprivate func recentEvents(since: Timestamp, limit: Int) throws -> [StoreReport.RecentEvent] {
        let sql = """
            SELECT events.id, events.type, events.created_at, watches.upstream, watches.model, watches.status, watches.endpoints,
                (SELECT json_group_array(endpoint) FROM deliveries WHERE deliveries.event = events.seq)
            FROM events JOIN watches ON watches.seq = events.watch
            WHERE events.created_at >= ?1 AND events.created_at >= watches.created_at AND events.type IN (
                'response.completed', 'response.failed', 'response.incomplete', 'response.cancelled', 'watch.lost', 'watch.expired')
            ORDER BY events.created_at DESC LIMIT ?2
            """
        return try rows(sql, [since, limit]).map { row in
            var column = ColumnReader(row)
            return StoreReport.RecentEvent(
                id: try column.next(), type: try column.next(), createdAt: try column.next(), upstream: try column.next(),
                model: try column.next(), status: try column.next(),
                named: try StoredJSON.decodeList(of: EndpointName.self, from: column.next()),
                delivered: Set(try StoredJSON.decodeList(of: EndpointName.self, from: column.next())))
        }
    }

    fileprivate func unreadableSecrets(_ sealer: Sealer) throws -> Int {
        var count = 0
        for column in SealedColumn.all {
            let sql = "SELECT \(column.identity), \(column.column) FROM \(column.table) WHERE \(column.column) IS NOT NULL"
            let values = try Row.fetchCursor(self, sql: sql)
            while let row = try values.next() {
                var reader = ColumnReader(row)
                let name: String = try reader.next()
                let value: Data = try reader.next()
                // A value that does not open is what is counted here.
                if (try? sealer.open(value, column, of: name)) == nil { count += 1 }
            }
        }
        return count
    }
}
