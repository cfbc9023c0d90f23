import Cryptography
import Dispatch
import Foundation
import GRDB
package import Logging
package import RingbackCore
package import Sealing
package import Store

/// The store in one SQLite file, for one node.
///
/// Changes go through one writer with group commit, reads through a few connections beside it; a read sees every change that was
/// acknowledged before it began. SQLite runs with a write-ahead log and `synchronous = FULL`: what is acknowledged survives a power cut.
package final class SQLiteStore: Store {
    /// Changes of more rows than this are cut into pieces.
    static let rowsPerChange = 500
    /// Rows per change of work that nobody waits for by the millisecond, such as a redrive: a part of a millisecond of the writer's time, so
    /// that a change in the same flush is hardly later for it.
    static let rowsPerBackgroundChange = 50

    /// Seals what a row must not show, and opens it.
    let sealer: Sealer
    private let path: String
    private let time: any TimeSource
    private let logger: Logger
    private let lock: StoreLock
    private let pool: DatabasePool
    private let writer: GroupCommit
    private let hintBroadcast = HintBroadcast()
    let journal: ChangeJournal

    /// Opens the store at `path`; makes the file, and the directory it is in, when they are missing.
    ///
    /// Secrets are sealed in the file. What an earlier version left in the clear, or what was sealed with a previous key, is sealed anew first.
    ///
    /// Only one process can have a store open, so whatever is leased was leased by a process that is gone: it is free to claim at once.
    ///
    /// Blocks its thread while the file is recovered or brought to the newest schema; to be called at start.
    ///
    /// - Parameter keys: `nil`: the key is in a file beside the store.
    /// - Throws: ``StoreError/unusable(_:)`` when the file is in use, is not a store, belongs to a newer version, or was sealed
    ///   with a key that is not among `keys`;
    ///   ``StoreError/noSpace`` when the disk is full.
    package init(path: String, keys: SealingKeys? = nil, time: any TimeSource, logger: Logger) throws(StoreError) {
        guard path != ":memory:", !path.isEmpty else {
            throw .unusable("a store has to be a file, since it must outlive the process: choose a path as `store`")
        }
        let file = StoreFile(path: path)
        try file.prepare()
        self.path = path
        self.time = time
        self.logger = logger
        // The lock comes before the file is touched: another process may be using it.
        lock = try StoreLock(storePath: path)
        pool = try file.open()
        sealer = try Self.openSecrets(in: pool, keys: keys ?? SealingKeys(besideStore: path), logger: logger)
        writer = GroupCommit(pool: pool, time: time, logger: logger)
        journal = ChangeJournal(name: Hex.encode(SecureRandom.bytes(6)))
        try freeLeases()
        // From here on: what is made claimable at the start is how things were, not a change of theirs.
        pool.add(transactionObserver: ChangeRecorder(journal: journal), extent: .databaseLifetime)
        logger.info(
            "The store is open",
            metadata: ["store.path": "\(path)", "store.schema": "\(Migrations.newestVersion)", "sealing.key": "\(sealer.current)"])
    }

    /// How well changes share their flushes; for metrics.
    package var writeStatistics: WriteStatistics { writer.statistics }

    package func heartbeat(_ node: NodeID, now: Timestamp, until: Timestamp) async throws(StoreError) {
        try await change { database in
            // A node without a row is as dead as one whose time has passed, so old rows are of no use.
            try database.run("DELETE FROM nodes WHERE until <= ?1", [now])
            try database.run(
                "INSERT INTO nodes (id, until) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET until = excluded.until", [node, until]
            )
        }
    }

    package func hints() -> AsyncStream<StoreHint> {
        hintBroadcast.listen()
    }

    package func suggestLook(_ ids: [WatchID]) {
        if !ids.isEmpty { send(.watchesWorthALook(ids)) }
    }

    package func checkReadiness() async throws(StoreError) {
        let now = time.wallNow
        try await change { database in
            try database.run("INSERT OR REPLACE INTO readiness (id, checked_at) VALUES (1, ?1)", [now])
        }
        guard try await read({ try $0.count("SELECT count(*) FROM readiness") }) == 1 else {
            throw .unavailable("what was written could not be read back")
        }
    }

    package func close() async {
        await writer.close()
        hintBroadcast.finish()
        journal.finish()
        await withCheckedContinuation { continuation in
            // GRDB waits for running reads by blocking, which a thread of the cooperative pool must not do.
            DispatchQueue.global().async { [self] in
                do {
                    try pool.close()
                } catch {
                    // Everything acknowledged is on disk all the same; the kernel closes the file with the process.
                    logger.warning("The store could not be closed cleanly", metadata: ["error": "\(StoreError(error))"])
                }
                lock.release()
                continuation.resume()
            }
        }
    }

    /// Gets the keys together and brings everything under the current one.
    private static func openSecrets(in pool: DatabasePool, keys: SealingKeys, logger: Logger) throws(StoreError) -> Sealer {
        do {
            let sweep = SealingSweep(pool: pool, logger: logger)
            let sealer = try keys.sealer(sealedWith: try sweep.keysInUse())
            try sweep.run(with: sealer)
            return sealer
        } catch {
            throw StoreError(error)
        }
    }

    /// Makes what earlier processes were working on claimable.
    private func freeLeases() throws(StoreError) {
        do {
            let now = time.wallNow
            try pool.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    try database.run("DELETE FROM nodes")
                    try database.forgetUnansweredIdempotencyKeys()
                    try database.run("UPDATE watches SET lease_node = NULL WHERE terminal_at IS NULL AND lease_node IS NOT NULL")
                    try database.run("UPDATE watches SET lease_node = NULL WHERE look_again_at IS NOT NULL AND lease_node IS NOT NULL")
                    try database.run(
                        """
                        UPDATE deliveries SET status = ?1, due_at = ?2, lease_until = NULL, lease_node = NULL
                        WHERE lease_until IS NOT NULL
                        """,
                        [Delivery.Status.pending, now]
                    )
                    return .commit
                }
            }
        } catch {
            throw StoreError(error)
        }
    }
}

// What the chapters of the store are written with.
extension SQLiteStore {
    /// The wall clock, for the few changes whose caller does not say when they happen.
    var wallNow: Timestamp { time.wallNow }

    /// Hands a change to the writer; returns when it is on disk.
    @discardableResult
    func change<Value: Sendable>(
        in line: GroupCommit.Line = .everythingElse, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        try await writer.perform(in: line, body)
    }

    /// Does a piece of work that nobody waits for by the millisecond. When others wrote meanwhile it rests afterwards, three times as long as
    /// it worked: without gaps between the pieces every change of others would wait for one.
    ///
    /// The rest is the machine's, not the store's: it goes by the real clock. A cancelled task does not rest.
    func considerately<Value>(_ work: () async throws(StoreError) -> Value) async throws(StoreError) -> Value {
        let clock = ContinuousClock()
        let (start, before) = (clock.now, writeStatistics.changes)
        let value = try await work()
        guard writeStatistics.changes - before > 1 else { return value }
        try? await clock.sleep(for: (clock.now - start) * 3)
        return value
    }

    /// Hands a change of many rows to the writer piece by piece, so that other changes get their turn between the pieces. Each piece is a
    /// change of its own: when one fails, those before it stay.
    ///
    /// - Returns: What `body` returned for the pieces.
    @discardableResult
    func changeInPieces<Element: Sendable, Value: Sendable>(
        _ elements: [Element], of size: Int = SQLiteStore.rowsPerChange,
        _ body: @escaping @Sendable (Database, ArraySlice<Element>) throws -> Value
    ) async throws(StoreError) -> [Value] {
        var values: [Value] = []
        for start in stride(from: 0, to: elements.count, by: size) {
            let piece = elements[start..<min(start + size, elements.count)]
            values.append(try await change { try body($0, piece) })
        }
        return values
    }

    /// Runs `body` on a reader's connection, in one snapshot.
    ///
    /// The reader is asked for by callback: GRDB's async functions throw when their task is cancelled, for which a store has no error.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
        guard !writer.isClosed else { throw .closed }
        let outcome: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            pool.asyncRead { [self] access in
                do {
                    continuation.resume(returning: .success(try body(try access.get())))
                } catch {
                    continuation.resume(returning: .failure(writer.isClosed ? .closed : StoreError(error)))
                }
            }
        }
        return try outcome.get()
    }

    /// Runs something that may fail with a foreign error before the store is asked.
    func prepared<Value>(_ body: () throws -> Value) throws(StoreError) -> Value {
        do {
            return try body()
        } catch {
            throw StoreError(error)
        }
    }

    /// Folds the write-ahead log into the file as far as readers allow it, between two rounds of the writer.
    func foldLog() async {
        await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { database in
                // What cannot be folded in now is folded in by a later checkpoint, which SQLite makes by itself.
                _ = try? database.checkpoint(.passive)
                continuation.resume()
            }
        }
    }

    func send(_ hint: StoreHint) {
        hintBroadcast.send(hint)
    }

    /// Says that deliveries wait, if any do.
    func sendDue(_ endpoints: [EndpointName]) {
        if !endpoints.isEmpty { send(.deliveriesDue(endpoints)) }
    }
}
