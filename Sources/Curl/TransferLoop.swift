import CLinux
import Glibc
import NIOConcurrencyHelpers
import RingbackCore
import Synchronization
import Transport

/// The thread of one transport as an executor: actors may live on it, tasks may prefer it, and the transfer engine is driven by it.
///
/// After its transport has shut down a loop is *retired*: it has no thread of its own any more. Jobs that still come, from actors that
/// outlive the transport, run on a thread that lives as long as there are some. So a late `await` never hangs, and the promise of one
/// thread at a time holds.
final class TransferLoop: SerialExecutor, TaskExecutor {
    private enum Mode {
        /// The engine's thread is at work. Exit: ``drain()`` makes it draining.
        case running
        /// A thread empties the inbox without the engine. Exit: retired, when the inbox is empty.
        case draining
        /// No thread. Exit: draining, when something arrives.
        case retired
    }

    private struct Inbox: Sendable {
        var mode: Mode = .running
        var jobs: [UnownedJob] = []
        var orders: [TransferOrder] = []
        var lastTransfer: UInt64 = 0
        /// Whether the thread waits for descriptors, so that only the eventfd brings it back.
        var isAsleep = false
        /// When the first of what waits was posted.
        var waitingSince: MonotonicInstant?
        var delays = Histogram(bounds: [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5])

        mutating func noteServed() {
            guard let since = waitingSince else { return }
            waitingSince = nil
            delays.record(.now() - since)
        }
    }

    /// What a poster has to do once the lock is open again.
    private enum Call {
        case nothing
        case wake
        case startDraining
    }

    /// Readable when another thread wants the loop's attention (eventfd).
    let wakeup: Int32
    private let name: String
    private let inbox = NIOLockedValueBox(Inbox())
    /// The thread that runs jobs now; 0 means none.
    private let owner = Atomic<UInt>(0)

    init(name: String) throws(CurlTransportError) {
        let wakeup = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard wakeup >= 0 else { throw .system(call: "eventfd", errorNumber: errno) }
        self.wakeup = wakeup
        self.name = name
    }

    deinit {
        close(wakeup)
    }

    // MARK: From any thread

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        post { $0.jobs.append(job) }
    }

    func submit(_ order: TransferOrder) {
        post { $0.orders.append(order) }
    }

    /// Submits an order that means nothing once the transport has shut down.
    func submitUnlessShut(_ order: TransferOrder) {
        let isShut = inbox.withLockedValue { $0.mode != .running }
        // A loop that is shut in between refuses the order, which is as good.
        if !isShut { submit(order) }
    }

    /// Submits the start of a transfer. Names rise in the order in which the loop sees them.
    func submitStart(_ order: (TransferID) -> TransferOrder) -> TransferID {
        post { inbox in
            inbox.lastTransfer += 1
            let transfer = TransferID(inbox.lastTransfer)
            inbox.orders.append(order(transfer))
            return transfer
        }
    }

    func isIsolatingCurrentContext() -> Bool? {
        owner.load(ordering: .acquiring) == UInt(pthread_self())
    }

    func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "this code belongs on the transfer loop '\(name)'")
    }

    private func post<Result>(_ change: (inout Inbox) -> Result) -> Result {
        let (result, call) = inbox.withLockedValue { inbox in
            let result = change(&inbox)
            // A clock that is read once per round, not once per post.
            if inbox.waitingSince == nil { inbox.waitingSince = .now() }
            switch inbox.mode {
            case .running:
                defer { inbox.isAsleep = false }
                return (result, inbox.isAsleep ? Call.wake : .nothing)
            case .draining:
                return (result, .nothing)
            case .retired:
                inbox.mode = .draining
                return (result, .startDraining)
            }
        }
        switch call {
        case .nothing: break
        case .wake: eventfd_write(wakeup, 1)
        case .startDraining: startDraining()
        }
        return result
    }

    private func startDraining() {
        do {
            try LoopThread.start(named: name) { self.drain() }
        } catch {
            // Without a thread nothing can run; the next one to post tries again.
            inbox.withLockedValue { $0.mode = .retired }
        }
    }

    // MARK: From the loop's thread

    /// Makes the calling thread the one that ``isIsolatingCurrentContext()`` means.
    func adoptCurrentThread() {
        owner.store(UInt(pthread_self()), ordering: .releasing)
    }

    /// Whether nothing waits in the inbox; from then on whoever posts writes to ``wakeup``.
    func mayFallAsleep() -> Bool {
        inbox.withLockedValue { inbox in
            inbox.isAsleep = inbox.jobs.isEmpty && inbox.orders.isEmpty
            return inbox.isAsleep
        }
    }

    /// Swaps `orders`, which must be empty, with those that have arrived.
    func takeOrders(_ orders: inout [TransferOrder]) {
        inbox.withLockedValue { inbox in
            inbox.isAsleep = false
            inbox.noteServed()
            swap(&inbox.orders, &orders)
        }
    }

    /// How long what was posted waited until the loop turned to it, in seconds: the time the rest of the loop's work took, or the thread's
    /// way out of its sleep. Counted as it happens: an idle loop is not woken for it.
    var delays: Histogram { inbox.withLockedValue(\.delays) }

    /// Runs the jobs that have arrived so far, not those that they add.
    func runJobs(reusing jobs: inout [UnownedJob]) {
        inbox.withLockedValue { inbox in
            // Also what arrived since the orders were taken: a mark that stayed over a sleep would count the sleep.
            inbox.noteServed()
            swap(&inbox.jobs, &jobs)
        }
        for job in jobs {
            job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
        jobs.removeAll(keepingCapacity: jobs.capacity <= Self.keptCapacity)
    }

    /// Works the inbox off without an engine, and retires the loop when it is empty. The thread must end then.
    func drain() {
        adoptCurrentThread()
        inbox.withLockedValue { $0.mode = .draining }
        var orders: [TransferOrder] = []
        var jobs: [UnownedJob] = []
        repeat {
            runJobs(reusing: &jobs)
            takeOrders(&orders)
            for order in orders { refuse(order) }
            orders.removeAll()
        } while !retireIfEmpty()
    }

    private func refuse(_ order: TransferOrder) {
        switch order {
        case .start(_, _, let box): box.handler.transferEnded(.closed, summary: TransferSummary())
        case .refuse(let error, let box): box.handler.transferEnded(error, summary: TransferSummary())
        case .shutDown(let continuation): continuation?.resume()
        case .cancel, .resume, .resolved: break
        }
    }

    private func retireIfEmpty() -> Bool {
        inbox.withLockedValue { inbox in
            guard inbox.jobs.isEmpty && inbox.orders.isEmpty else { return false }
            // The next thread may be started as soon as the lock is open, so the name on the door goes first.
            owner.store(0, ordering: .releasing)
            inbox.mode = .retired
            return true
        }
    }

    /// A batch larger than this gives its memory back.
    static let keptCapacity = 1024
}
