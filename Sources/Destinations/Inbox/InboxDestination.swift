package import Delivering
import Dispatch
package import Inbox
import NIOConcurrencyHelpers
package import RingbackCore
package import Store

/// A directory that gets a file for each event (contract, section 8).
///
/// Writing blocks, so it happens on a queue of the inbox's own: a disk that hangs holds up this inbox and nothing else. An attempt that
/// takes longer than the endpoint's timeout is given up; whatever it still does later, the next attempt finds.
package final class InboxDestination: Destination {
    /// How many writes may wait for a disk that does not answer. Beyond it attempts fail at once, as our own trouble.
    static let maximumWaiting = 256

    private struct State {
        var isPrepared = false
        var warnings: [String] = []
        var waiting = 0
    }

    private let writer: InboxWriter
    private let outputText: Bool
    private let maximumFiles: Int?
    private let timeout: Duration
    private let time: any TimeSource
    private let queue = DispatchQueue(label: "ringback.inbox")
    private let state = NIOLockedValueBox(State())

    /// - Parameter fileSystem: The real one, save in tests.
    /// - Throws: ``InvalidDestination`` when the target names no directory. Nothing is touched yet.
    package init(
        _ target: InboxTarget, timeout: Duration, time: any TimeSource, fileSystem: any InboxFileSystem = PosixFileSystem()
    ) throws(InvalidDestination) {
        guard !target.directory.isEmpty, !target.directory.utf8.contains(0) else { throw .inboxDirectory }
        writer = InboxWriter(target, fileSystem: fileSystem)
        maximumFiles = target.maximumFiles
        outputText = target.outputText
        self.timeout = timeout
        self.time = time
    }

    package var needsResponse: Bool { true }

    /// What the operator should know about the directory, such as that everybody may write to it. Empty before ``prepare()``.
    package var warnings: [String] { state.withLockedValue(\.warnings) }

    /// Makes the directory where it is missing and cleans it, once; the first attempt does so too. To be called at start, so that a
    /// mistake shows before there is something to deliver.
    ///
    /// - Throws: ``InboxError``; the next call, or attempt, tries again.
    package func prepare() async throws(InboxError) {
        let result: Result<Void, InboxError> = await withCheckedContinuation { continuation in
            queue.async { [self] in
                continuation.resume(returning: Result { () throws(InboxError) in try prepareOnce() })
            }
        }
        try result.get()
    }

    package func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
        let start = time.now
        var report = await withinTimeout { [self] in
            do throws(InboxError) {
                try prepareOnce()
                guard let path = try writer.write(InboxDocument(job, outputText: outputText)) else { return noRoom }
                return AttemptReport(address: path)
            } catch {
                return AttemptReport(error: error.label, detail: error.description, address: writer.directory)
            }
        }
        report.timing.total = time.now - start
        return report
    }

    private var noRoom: AttemptReport {
        AttemptReport(
            error: .inboxFull,
            detail:
                "\(maximumFiles ?? 0) files wait in \(writer.directory)/new, as many as max_files allows; the deliveries go on when some are taken",
            address: writer.directory)
    }

    /// Runs on ``queue`` only, so no two calls meet.
    private func prepareOnce() throws(InboxError) {
        guard !state.withLockedValue(\.isPrepared) else { return }
        let warnings = try writer.prepare(now: time.wallNow)
        state.withLockedValue {
            $0.isPrepared = true
            $0.warnings = warnings
        }
    }

    /// Runs `work` on ``queue`` and waits for it, for the timeout, or for the task's cancellation, whichever comes first.
    ///
    /// Work that lost goes on and its report is dropped: a system call cannot be called back.
    private func withinTimeout(_ work: @escaping @Sendable () -> AttemptReport) async -> AttemptReport {
        let isTooMany = state.withLockedValue { state in
            guard state.waiting < Self.maximumWaiting else { return true }
            state.waiting += 1
            return false
        }
        guard !isTooMany else { return Self.failure(.internalTrouble, "\(Self.maximumWaiting) writes wait for the inbox's disk already") }
        let (reports, first) = AsyncStream<AttemptReport>.makeStream(bufferingPolicy: .bufferingOldest(1))
        queue.async { [state] in
            first.yield(work())
            state.withLockedValue { $0.waiting -= 1 }
        }
        let deadline = time.now + timeout
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { [time] in
                // A sleep that was cancelled is no timeout: the report is there, or nobody waits for one.
                guard (try? await time.sleep(until: deadline)) != nil else { return }
                first.yield(Self.failure(.timeout, "the file was not on the disk within the timeout: the disk hangs or is very slow"))
            }
            defer { group.cancelAll() }
            var iterator = reports.makeAsyncIterator()
            return await iterator.next() ?? Self.failure(.internalTrouble, "Ringback is shutting down")
        }
    }

    private static func failure(_ error: AttemptError, _ detail: String) -> AttemptReport {
        AttemptReport(error: error, detail: detail)
    }
}
