import NIOConcurrencyHelpers

/// A whole answer in memory.
package struct TransferAnswer: Sendable {
    package var head: TransferHead
    package var body: [UInt8]
    /// Whether the body was cut at the caller's `keeping` limit.
    package var isCut: Bool
    package var summary: TransferSummary
}

/// A failed request together with what was measured until then.
package struct TransferFailure: Error, Sendable {
    package let error: TransportError
    package let summary: TransferSummary
    /// Status and headers, when they had come before the failure.
    package let head: TransferHead?
    /// What had come of the body, up to the caller's `keeping` limit.
    package let body: [UInt8]

    package init(
        error: TransportError, summary: TransferSummary = TransferSummary(), head: TransferHead? = nil, body: [UInt8] = []
    ) {
        self.error = error
        self.summary = summary
        self.head = head
        self.body = body
    }

    /// A request that was never sent.
    package init(_ error: TransportError) {
        self.init(error: error, summary: TransferSummary(), head: nil, body: [])
    }
}

extension Transport {
    /// Sends a request and collects the whole answer.
    ///
    /// - Parameter keeping: Stop reading after so many bytes of the body and call the answer cut, without error; `nil` reads it whole,
    ///   up to the request's own limit, which is an error.
    /// - Throws: ``TransferFailure``; when the task is cancelled, with ``TransportError/cancelled``.
    package func perform(_ request: TransferRequest, keeping: Int? = nil) async throws(TransferFailure) -> TransferAnswer {
        let cancellation = TransferCancellation(transport: self)
        let result: Result<TransferAnswer, TransferFailure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let collector = AnswerCollector(keeping: keeping) { continuation.resume(returning: $0) }
                cancellation.started(start(request, handler: collector))
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }
}

/// Joins "the task was cancelled" and "the transfer has a name", which may come in either order and on any thread.
private final class TransferCancellation: Sendable {
    private struct State {
        var transfer: TransferID?
        var isCancelled = false
    }

    private let transport: any Transport
    private let state = NIOLockedValueBox(State())

    init(transport: any Transport) {
        self.transport = transport
    }

    func started(_ transfer: TransferID) {
        let isCancelled = state.withLockedValue { state in
            state.transfer = transfer
            return state.isCancelled
        }
        if isCancelled { transport.cancel(transfer) }
    }

    func cancel() {
        let transfer = state.withLockedValue { state in
            state.isCancelled = true
            return state.transfer
        }
        if let transfer { transport.cancel(transfer) }
    }
}

/// Collects one answer in memory.
private final class AnswerCollector: TransferHandler {
    private let keeping: Int?
    private let done: (Result<TransferAnswer, TransferFailure>) -> Void
    private var head: TransferHead?
    private var body: [UInt8] = []
    private var isCut = false

    init(keeping: Int?, done: @escaping (Result<TransferAnswer, TransferFailure>) -> Void) {
        self.keeping = keeping
        self.done = done
    }

    func transferReceived(_ head: TransferHead) -> TransferVerdict {
        self.head = head
        return .proceed
    }

    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict {
        let room = keeping.map { $0 - body.count } ?? bytes.count
        body.append(copying: bytes.extracting(first: room))
        guard bytes.count <= room else {
            isCut = true
            return .finish
        }
        return .proceed
    }

    func transferEnded(_ error: TransportError?, summary: TransferSummary) {
        if let error {
            done(.failure(TransferFailure(error: error, summary: summary, head: head, body: body)))
        } else if let head {
            done(.success(TransferAnswer(head: head, body: body, isCut: isCut, summary: summary)))
        } else {
            let error = TransportError.protocolViolation(detail: "the answer had no status line")
            done(.failure(TransferFailure(error: error, summary: summary, head: nil, body: [])))
        }
    }
}
