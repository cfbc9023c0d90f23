import ResponsesAPI
import RingbackCore
import Transport

/// A GET's answer and the upstream's wish when to be asked next.
struct Retrieved: Sendable {
    let answer: RetrieveAnswer
    let pollAfter: Duration?
}

/// Collects the answer to one GET, on the transport's loop. The body is bounded by the request's own limit.
final class RetrievalListener: TransferHandler {
    private let engine: WatchEngine
    private let watch: WatchID
    private let token: RequestToken
    private var head: TransferHead?
    private var body: [UInt8] = []

    init(engine: WatchEngine, watch: WatchID, token: RequestToken) {
        self.engine = engine
        self.watch = watch
        self.token = token
    }

    func transferReceived(_ head: TransferHead) -> TransferVerdict {
        self.head = head
        return .proceed
    }

    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict {
        body.append(copying: bytes)
        return .proceed
    }

    func transferEnded(_ error: TransportError?, summary: TransferSummary) {
        let result = result(error)
        let watch = watch
        let token = token
        engine.assumeIsolated { $0.retrievalEnded(watch, token, result) }
    }

    private func result(_ error: TransportError?) -> Result<Retrieved, TransportError> {
        if let error { return .failure(error) }
        guard let head else { return .failure(.protocolViolation(detail: "the answer had no status line")) }
        let answer = RetrieveAnswer(head: head, body: body, now: engine.time.wallNow)
        return .success(Retrieved(answer: answer, pollAfter: PollHint.pollAfter(head)))
    }
}
