import GRDB
import Logging
import NIOConcurrencyHelpers
package import RingbackCore
import Store

/// The one writer: puts the changes that have piled up into one transaction, flushes once, and wakes everybody.
///
/// A change that arrives while the disk is being flushed waits for the next round, so the latency is one flush, or two, and the
/// throughput is as many changes per flush as there are callers. Nothing lingers: a lone change is committed at once.
///
/// The sender's changes stand in a line of their own, and both lines get their half of a round: in a burst neither the deliveries wait behind
/// thousands of ends, nor the ends behind the deliveries.
///
/// A change that throws is undone, and the others go on: hardly any does, so a round is tried without savepoints, and made anew with one for
/// each change when one threw. Trouble with the disk fails the whole round, because none of its changes is on the disk then.
final class GroupCommit: Sendable {
    /// Changes in one transaction: some 20 ms of the writer's time, so that whoever comes next waits little longer than for the disk.
    static let maximumBatch = 128
    /// Changes of one line that were handed over and are not committed. Further callers wait outside.
    static let maximumQueue = 4_096

    /// Where a change stands until its round.
    enum Line: Sendable {
        /// The claims of deliveries, and what came of their attempts.
        case deliveries
        case everythingElse
    }

    /// Something to be written. The caller is told exactly once.
    private struct Change: Sendable {
        /// Runs inside the transaction, a second time when the first one was rolled back. The closure it returns tells the caller, and is called
        /// when the transaction is on disk.
        let apply: @Sendable (Database) throws -> @Sendable () -> Void
        let fail: @Sendable (StoreError) -> Void
    }

    private struct Queue {
        var changes: [Change] = []
        /// Places taken of ``maximumQueue``.
        var taken = 0
        var outside: [CheckedContinuation<Void, Never>] = []

        mutating func takeOutside() -> [CheckedContinuation<Void, Never>] {
            defer { outside = [] }
            return outside
        }

        /// A place goes straight to the next caller outside, so that nobody overtakes.
        mutating func giveBackPlaces(_ count: Int) -> [CheckedContinuation<Void, Never>] {
            let entering = Array(outside.prefix(count))
            outside.removeFirst(entering.count)
            taken -= count - entering.count
            return entering
        }
    }

    /// What goes into one transaction.
    private struct Round {
        var deliveries: [Change]
        var everythingElse: [Change]

        var changes: [Change] { deliveries + everythingElse }
    }

    private struct State {
        var deliveries = Queue()
        var everythingElse = Queue()
        /// Whether a job on the writer's queue will look at the queues again.
        var isDraining = false
        var isClosed = false
        var closers: [CheckedContinuation<Void, Never>] = []
        /// Whether the last round failed. A full disk is worth one line in the log, not one per attempt to write.
        var isFailing = false
        var statistics = WriteStatistics()

        subscript(_ line: Line) -> Queue {
            _read {
                switch line {
                case .deliveries: yield deliveries
                case .everythingElse: yield everythingElse
                }
            }
            _modify {
                switch line {
                case .deliveries: yield &deliveries
                case .everythingElse: yield &everythingElse
                }
            }
        }

        /// Half of a round for each line; what one does not need the other one has.
        mutating func takeRound() -> Round {
            let half = maximumBatch / 2
            let ofDeliveries = min(deliveries.changes.count, max(half, maximumBatch - everythingElse.changes.count))
            let ofOthers = min(everythingElse.changes.count, maximumBatch - ofDeliveries)
            defer {
                deliveries.changes.removeFirst(ofDeliveries)
                everythingElse.changes.removeFirst(ofOthers)
            }
            return Round(
                deliveries: Array(deliveries.changes.prefix(ofDeliveries)), everythingElse: Array(everythingElse.changes.prefix(ofOthers)))
        }
    }

    private let pool: DatabasePool
    private let time: any TimeSource
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    init(pool: DatabasePool, time: any TimeSource, logger: Logger) {
        self.pool = pool
        self.time = time
        self.logger = logger
    }

    var statistics: WriteStatistics { state.withLockedValue(\.statistics) }

    var isClosed: Bool { state.withLockedValue(\.isClosed) }

    /// Returns what `body` returned, once it is on disk. A cancelled caller still waits: its change is already on its way.
    ///
    /// - Parameter body: Runs on the writer's queue; whatever it throws undoes this change alone. When another change of the same round threw it
    ///   runs twice, and what it did at first is undone: it may touch nothing but the database.
    func perform<Value: Sendable>(
        in line: Line = .everythingElse, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        await takePlace(in: line)
        let outcome: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            handOver(
                Change(
                    apply: { database in
                        let value = try body(database)
                        return { continuation.resume(returning: .success(value)) }
                    },
                    fail: { continuation.resume(returning: .failure($0)) }
                ),
                in: line
            )
        }
        return try outcome.get()
    }

    /// Waits until everything that was handed over is written. What comes later fails with ``StoreError/closed``.
    func close() async {
        let outside = state.withLockedValue { state in
            state.isClosed = true
            return state.deliveries.takeOutside() + state.everythingElse.takeOutside()
        }
        for caller in outside { caller.resume() }
        await withCheckedContinuation { continuation in
            let isIdle = state.withLockedValue { state in
                if state.isDraining { state.closers.append(continuation) }
                return !state.isDraining
            }
            if isIdle { continuation.resume() }
        }
    }

    private func takePlace(in line: Line) async {
        await withCheckedContinuation { continuation in
            let isInside = state.withLockedValue { state in
                guard state[line].taken < Self.maximumQueue || state.isClosed else {
                    state[line].outside.append(continuation)
                    return false
                }
                state[line].taken += 1
                return true
            }
            if isInside { continuation.resume() }
        }
    }

    private func handOver(_ change: Change, in line: Line) {
        enum Step { case refuse, startDraining, wait }
        let step: Step = state.withLockedValue { state in
            guard !state.isClosed else { return .refuse }
            state[line].changes.append(change)
            defer { state.isDraining = true }
            return state.isDraining ? .wait : .startDraining
        }
        switch step {
        case .refuse: change.fail(.closed)
        // GRDB's writer is a serial dispatch queue. Running on it directly spares a thread of our own and the switch between the two.
        case .startDraining: pool.asyncWriteWithoutTransaction { [self] database in drain(into: database) }
        case .wait: break
        }
    }

    private func drain(into database: Database) {
        while let round = nextRound() {
            commit(round.changes, to: database)
            let entering = state.withLockedValue { state in
                state.deliveries.giveBackPlaces(round.deliveries.count)
                    + state.everythingElse.giveBackPlaces(round.everythingElse.count)
            }
            for caller in entering { caller.resume() }
        }
    }

    private func nextRound() -> Round? {
        let (round, closers) = state.withLockedValue { state in
            let round = state.takeRound()
            guard round.changes.isEmpty else { return (round, [CheckedContinuation<Void, Never>]()) }
            state.isDraining = false
            defer { state.closers = [] }
            return (round, state.closers)
        }
        for closer in closers { closer.resume() }
        return round.changes.isEmpty ? nil : round
    }

    private func commit(_ batch: [Change], to database: Database) {
        let start = time.now
        do {
            let reports = try write(batch, to: database)
            let duration = time.now - start
            state.withLockedValue { $0.statistics.count(changes: batch.count, in: duration) }
            log(failure: nil)
            for report in reports { report() }
        } catch {
            log(failure: StoreError(error))
            for change in batch { change.fail(StoreError(error)) }
        }
    }

    private func log(failure: StoreError?) {
        let isFailing = failure != nil
        let wasFailing = state.withLockedValue { state in
            defer { state.isFailing = isFailing }
            return state.isFailing
        }
        guard isFailing != wasFailing else { return }
        if let failure {
            logger.error("The store cannot be written", metadata: ["error": "\(failure)"])
        } else {
            logger.notice("The store can be written again")
        }
    }

    /// One transaction.
    ///
    /// - Returns: What tells the callers: each that its change is on disk, or why it alone was undone.
    private func write(_ batch: [Change], to database: Database) throws -> [@Sendable () -> Void] {
        do {
            return try transact(database) { try batch.map { try $0.apply(database) } }
        } catch {
            let dooms = (error as? DatabaseError)?.dooms ?? false
            guard !dooms else { throw error }
            return try transact(database) { try batch.map { try applyAlone($0, to: database) } }
        }
    }

    private func transact<Value>(_ database: Database, _ body: () throws -> Value) throws -> Value {
        // A rollback that failed in an earlier round may have left its transaction open.
        if database.isInsideTransaction { try database.rollback() }
        try database.beginTransaction(.immediate)
        do {
            let value = try body()
            try database.commit()
            return value
        } catch {
            // After some errors SQLite has rolled back by itself. When our own rollback fails, the next round begins with another one.
            if database.isInsideTransaction { try? database.rollback() }
            throw error
        }
    }

    private func applyAlone(_ change: Change, to database: Database) throws -> @Sendable () -> Void {
        try database.run("SAVEPOINT one_change")
        do {
            let report = try change.apply(database)
            try database.run("RELEASE one_change")
            return report
        } catch {
            let dooms = (error as? DatabaseError)?.dooms ?? false
            guard !dooms, database.isInsideTransaction else { throw error }
            try database.run("ROLLBACK TO one_change")
            try database.run("RELEASE one_change")
            return { change.fail(StoreError(error)) }
        }
    }
}

/// How well changes share their flushes; for metrics.
package struct WriteStatistics: Sendable, Hashable {
    /// Changes written since the store was opened.
    package private(set) var changes = 0
    /// Transactions they took, each with one flush to the disk.
    package private(set) var commits = 0
    /// From the beginning of a transaction to its flush, in seconds. Transactions that failed are in neither histogram.
    package private(set) var durations = Histogram(bounds: [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5])
    /// Changes in one transaction.
    package private(set) var batches = Histogram(bounds: [1, 2, 5, 10, 20, 50, 100, 200, 500])

    fileprivate mutating func count(changes: Int, in duration: Duration) {
        self.changes += changes
        commits += 1
        durations.record(duration)
        batches.record(Double(changes))
    }
}
