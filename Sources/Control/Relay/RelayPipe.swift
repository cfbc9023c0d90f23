import NIOConcurrencyHelpers
import NIOCore
import Transport

/// One answer of an upstream on its way through the proxy: the transfer loop fills it, the client's connection empties it.
///
/// Bytes stay as they came. When ``RelayLimits/waitingBytes`` wait, the transfer pauses until they are taken, so that a slow client slows
/// the upstream down and never fills the memory.
///
/// One task reads. Cancelling it breaks the transfer off, and so does ``abandon()``, unless the pipe may read on by itself.
final class RelayPipe: Sendable {
    private enum Awaited {
        case head
        case bytes
    }

    private struct State {
        var transfer: TransferID?
        var head: TransferHead?
        var waiting: [UInt8] = []
        var isPaused = false
        /// `nil` while the transfer runs; then how it ended.
        var ending: Result<Void, TransferFailure>?
        /// Where to read on without a reader; `nil`: the transfer ends with its reader.
        var detached: DetachedStreams?
        /// Whether that has happened: what comes is thrown away.
        var isDetached = false
        var reader: (awaited: Awaited, continuation: CheckedContinuation<Void, Never>)?

        func has(_ awaited: Awaited) -> Bool {
            if ending != nil || isDetached { return true }
            return switch awaited {
            case .head: head != nil
            case .bytes: !waiting.isEmpty
            }
        }

        /// The reader, when what it waits for has come.
        mutating func takeReader() -> CheckedContinuation<Void, Never>? {
            guard let reader, has(reader.awaited) else { return nil }
            self.reader = nil
            return reader.continuation
        }

        /// Why there is nothing to read.
        var failure: TransferFailure {
            if case .failure(let failure) = ending { return failure }
            return TransferFailure(error: .cancelled, head: head)
        }
    }

    private let transport: any Transport
    private let state = NIOLockedValueBox(State())

    /// Sends the request.
    init(_ request: TransferRequest, by transport: any Transport) {
        self.transport = transport
        let transfer = transport.start(request, handler: RelayHandler(self))
        state.withLockedValue { $0.transfer = transfer }
    }

    // MARK: Reading

    /// Waits for status and headers.
    ///
    /// - Throws: ``TransferFailure`` when none came.
    func head() async throws(TransferFailure) -> TransferHead {
        await wait(for: .head)
        let (head, failure) = state.withLockedValue { ($0.head, $0.failure) }
        guard let head else { throw failure }
        return head
    }

    /// Waits for the next bytes of the body: all that have come since the last call.
    ///
    /// - Returns: `nil` at the body's proper end.
    /// - Throws: ``TransferFailure`` when the body broke off; what came before was returned before.
    func next() async throws(TransferFailure) -> ByteBuffer? {
        await wait(for: .bytes)
        let (bytes, resumed, ending) = state.withLockedValue { state in
            defer {
                state.waiting = []
                state.isPaused = false
            }
            return (state.waiting, state.isPaused ? state.transfer : nil, state.ending ?? .failure(state.failure))
        }
        if let resumed { transport.resume(resumed) }
        if !bytes.isEmpty { return ByteBuffer(bytes: bytes) }
        try ending.get()
        return nil
    }

    /// Reads on until the body's end or until there are more than `limit` bytes.
    ///
    /// - Returns: The bytes, and whether they are the whole body.
    func collect(upTo limit: Int) async throws(TransferFailure) -> (bytes: ByteBuffer, isWhole: Bool) {
        var collected = ByteBuffer()
        while var bytes = try await next() {
            collected.writeBuffer(&bytes)
            if collected.readableBytes > limit { return (collected, false) }
        }
        return (collected, true)
    }

    private func wait(for awaited: Awaited) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isMet = state.withLockedValue { state in
                    precondition(state.reader == nil, "two tasks read from one relayed answer")
                    guard !state.has(awaited) else { return true }
                    state.reader = (awaited, continuation)
                    return false
                }
                if isMet { continuation.resume() }
            }
        } onCancel: {
            breakOff()
        }
    }

    // MARK: Letting go

    /// From now on the transfer may outlive its reader, as long as there is a place for it.
    func mayReadOn(in streams: DetachedStreams) {
        state.withLockedValue { $0.detached = streams }
    }

    /// Nobody reads any longer. May be called at any time, and again.
    func abandon() {
        let (isOver, resumed, reader) = state.withLockedValue { state -> (Bool, TransferID?, CheckedContinuation<Void, Never>?) in
            guard state.ending == nil, !state.isDetached else { return (false, nil, nil) }
            guard let detached = state.detached, detached.enter() else { return (true, nil, nil) }
            state.isDetached = true
            state.waiting = []
            defer { state.isPaused = false }
            return (false, state.isPaused ? state.transfer : nil, state.takeReader())
        }
        if isOver { breakOff() }
        if let resumed { transport.resume(resumed) }
        reader?.resume()
    }

    /// Ends the transfer; its reader hears ``TransportError/cancelled``.
    func breakOff() {
        if let transfer = state.withLockedValue({ $0.transfer }) { transport.cancel(transfer) }
    }

    // MARK: From the transfer loop

    fileprivate func take(_ head: TransferHead) -> TransferVerdict {
        change { $0.head = head }
        return .proceed
    }

    fileprivate func take(_ bytes: Span<UInt8>) -> TransferVerdict {
        var isFull = false
        change { state in
            guard !state.isDetached else { return }
            state.waiting.append(copying: bytes)
            isFull = state.waiting.count >= RelayLimits.waitingBytes
            state.isPaused = isFull
        }
        return isFull ? .pause : .proceed
    }

    fileprivate func end(_ error: TransportError?, _ summary: TransferSummary) {
        var detached: DetachedStreams?
        change { state in
            state.ending = error.map { .failure(TransferFailure(error: $0, summary: summary, head: state.head)) } ?? .success(())
            if state.isDetached { detached = state.detached }
        }
        detached?.leave()
    }

    private func change(_ body: (inout State) -> Void) {
        let reader = state.withLockedValue { state in
            body(&state)
            return state.takeReader()
        }
        reader?.resume()
    }
}

/// What the loop calls. It only passes on: a handler belongs to the loop, the pipe to both sides.
private final class RelayHandler: TransferHandler {
    private let pipe: RelayPipe

    init(_ pipe: RelayPipe) {
        self.pipe = pipe
    }

    func transferReceived(_ head: TransferHead) -> TransferVerdict { pipe.take(head) }
    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict { pipe.take(bytes) }
    func transferEnded(_ error: TransportError?, summary: TransferSummary) { pipe.end(error, summary) }
}
