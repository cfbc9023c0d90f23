import Dispatch
import NIOConcurrencyHelpers
package import Transport

/// A transport whose answers a test gives by hand, on an executor of its own as the real one has.
///
/// The code under test starts requests; the test takes them one by one with ``nextCall()`` and answers each through its ``ScriptedCall``.
/// Handlers are called on ``loop`` only, never before `start` has returned, and each hears its last word exactly once.
package final class ScriptedTransport: Transport {
    private struct State {
        var lastID: UInt64 = 0
        var untaken: [ScriptedCall] = []
        var taker: CheckedContinuation<ScriptedCall, Never>?
        var calls: [TransferID: ScriptedCall] = [:]
    }

    private let queue: LoopQueue
    private let state = NIOLockedValueBox(State())

    package init() {
        queue = LoopQueue()
    }

    package var loop: any (SerialExecutor & TaskExecutor) { queue }

    package func start(_ request: TransferRequest, handler: sending any TransferHandler) -> TransferID {
        let confined = Confined(handler: handler)
        let (call, taker) = state.withLockedValue { state in
            state.lastID += 1
            let call = ScriptedCall(id: TransferID(state.lastID), request: request, handler: confined, queue: queue)
            state.calls[call.id] = call
            defer { state.taker = nil }
            if state.taker == nil { state.untaken.append(call) }
            return (call, state.taker)
        }
        taker?.resume(returning: call)
        return call.id
    }

    package func cancel(_ transfer: TransferID) {
        guard let call = state.withLockedValue({ $0.calls.removeValue(forKey: transfer) }) else { return }
        call.end(.cancelled)
    }

    package func resume(_ transfer: TransferID) {
        state.withLockedValue { $0.calls[transfer] }?.resumed()
    }

    /// The oldest request nobody has taken yet; suspends until there is one. One task may wait at a time.
    ///
    /// A cancelled task gets a call that has ended and that nobody made: a test that waits in vain comes to its end.
    package func nextCall() async -> ScriptedCall {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let call: ScriptedCall? = state.withLockedValue { state in
                    precondition(state.taker == nil, "two tasks wait for the next call")
                    guard !Task.isCancelled else { return ScriptedCall.nobodys(queue) }
                    guard state.untaken.isEmpty else { return state.untaken.removeFirst() }
                    state.taker = continuation
                    return nil
                }
                if let call { continuation.resume(returning: call) }
            }
        } onCancel: {
            let taker = state.withLockedValue { state in
                defer { state.taker = nil }
                return state.taker
            }
            taker?.resume(returning: ScriptedCall.nobodys(queue))
        }
    }

    /// The oldest request nobody has taken yet, if there is one now.
    package func takeCall() -> ScriptedCall? {
        state.withLockedValue { $0.untaken.isEmpty ? nil : $0.untaken.removeFirst() }
    }

    /// How many requests were started so far.
    package var startedCount: Int { state.withLockedValue { Int($0.lastID) } }
}

/// One request of the code under test, waiting for the test's answer.
package final class ScriptedCall: Sendable {
    private struct State {
        var isEnded = false
        var isPaused = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    package let id: TransferID
    package let request: TransferRequest
    private let handler: Confined
    private let queue: LoopQueue
    private let state = NIOLockedValueBox(State())

    fileprivate init(id: TransferID, request: TransferRequest, handler: Confined, queue: LoopQueue) {
        self.id = id
        self.request = request
        self.handler = handler
        self.queue = queue
    }

    fileprivate static func nobodys(_ queue: LoopQueue) -> ScriptedCall {
        let request = TransferRequest(method: .get, url: "")
        let call = ScriptedCall(id: TransferID(0), request: request, handler: Confined(handler: Deaf()), queue: queue)
        call.state.withLockedValue { $0.isEnded = true }
        return call
    }

    /// Whether the request is a stream's, by its `stream=true`.
    package var isStream: Bool { request.url.contains("stream=true") }

    package var isEnded: Bool { state.withLockedValue(\.isEnded) }

    /// Whether the handler asked for a pause and was not let go on.
    package var isPaused: Bool { state.withLockedValue(\.isPaused) }

    /// Sends status line and headers. Returns when the handler has heard them; a transfer that has ended hears nothing more.
    package func head(_ status: Int, _ headers: [(name: String, value: String)] = []) async {
        await hear { $0.transferReceived(TransferHead(status: status, headers: headers)) }
    }

    /// Sends a piece of the body.
    package func send(_ text: String) async {
        await send(Array(text.utf8))
    }

    package func send(_ bytes: [UInt8]) async {
        await hear { $0.transferReceived(bytes.span) }
    }

    /// Ends the transfer regularly.
    package func finish() async {
        await fail(nil)
    }

    /// Ends the transfer with an error.
    package func fail(_ error: TransportError?) async {
        end(error)
        await queue.settle()
    }

    /// Sends a whole answer.
    package func answer(_ status: Int, _ headers: [(name: String, value: String)] = [], body: String = "") async {
        await head(status, headers)
        if !body.isEmpty { await send(body) }
        await finish()
    }

    /// Returns when the transfer has ended, by whomever, or when the task is cancelled.
    package func ended() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLockedValue { state in
                    if state.isEnded || Task.isCancelled { return true }
                    state.waiters.append(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            for waiter in takeWaiters() { waiter.resume() }
        }
    }

    private func takeWaiters() -> [CheckedContinuation<Void, Never>] {
        state.withLockedValue { state in
            defer { state.waiters = [] }
            return state.waiters
        }
    }

    fileprivate func resumed() {
        state.withLockedValue { $0.isPaused = false }
    }

    /// Gives the handler its last word, on the loop, unless it had one.
    fileprivate func end(_ error: TransportError?) {
        queue.run { [self] in
            guard !isEnded else { return }
            handler.handler.transferEnded(error, summary: TransferSummary())
            state.withLockedValue { $0.isEnded = true }
            for waiter in takeWaiters() { waiter.resume() }
        }
    }

    private func hear(_ word: @escaping @Sendable (any TransferHandler) -> TransferVerdict) async {
        queue.run { [self] in
            guard !isEnded else { return }
            switch word(handler.handler) {
            case .proceed: break
            case .pause: state.withLockedValue { $0.isPaused = true }
            case .finish: end(nil)
            }
        }
        await queue.settle()
    }
}

private final class Deaf: TransferHandler {
    func transferReceived(_ head: TransferHead) -> TransferVerdict { .finish }
    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict { .finish }
    func transferEnded(_ error: TransportError?, summary: TransferSummary) {}
}

/// A handler on its way to the loop.
///
/// `@unchecked Sendable`: it was sent to the transport, nobody else has it, and it is touched on the loop only.
private struct Confined: @unchecked Sendable {
    let handler: any TransferHandler
}

/// A serial queue as an executor: the stand-in for a transport's loop thread.
private final class LoopQueue: SerialExecutor, TaskExecutor {
    private let queue = DispatchQueue(label: "scripted-transport")
    private let key = DispatchSpecificKey<Bool>()

    init() {
        queue.setSpecific(key: key, value: true)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            unsafe job.runSynchronously(isolatedTo: self.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
        }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

    func asUnownedTaskExecutor() -> UnownedTaskExecutor { unsafe UnownedTaskExecutor(ordinary: self) }

    func checkIsolated() {
        precondition(DispatchQueue.getSpecific(key: key) == true, "a handler of a scripted transport was called outside its loop")
    }

    func isIsolatingCurrentContext() -> Bool? {
        DispatchQueue.getSpecific(key: key) == true
    }

    func run(_ work: @escaping @Sendable () -> Void) {
        queue.async(execute: work)
    }

    /// Returns when everything that was on the loop so far has run, and what that put there, and what that put there in turn.
    func settle() async {
        for _ in 0..<3 {
            await withCheckedContinuation { continuation in
                queue.async { continuation.resume() }
            }
        }
    }
}
