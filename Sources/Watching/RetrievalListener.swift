import ResponsesAPI
import RingbackCore
import Transport

/// A GET's answer and when to ask next.
struct Retrieved: Sendable {
    let answer: RetrieveAnswer
    /// The upstream's wish.
    let pollAfter: Duration?
    /// The answer was so large that no GET may follow sooner.
    let rest: Duration?
    /// When the credential may ask again, where this answer used up its allowance.
    let renewal: Duration?
}

/// Collects the answer to one GET, on the transport's loop.
final class RetrievalListener: TransferHandler {
    private let engine: WatchEngine
    private let watch: WatchID
    private let token: RequestToken
    private var head: TransferHead?
    private let body: AnswerBody

    /// - Parameter limit: The largest body that is held whole.
    init(engine: WatchEngine, watch: WatchID, token: RequestToken, limit: Int) {
        self.engine = engine
        self.watch = watch
        self.token = token
        body = AnswerBody(limit: limit)
    }

    func transferReceived(_ head: TransferHead) -> TransferVerdict {
        self.head = head
        return .proceed
    }

    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict {
        body.receive(bytes) ? .proceed : .finish
    }

    func transferEnded(_ error: TransportError?, summary: TransferSummary) {
        let result = result(error)
        let watch = watch
        let token = token
        engine.assumeIsolated { $0.retrievalEnded(watch, token, result) }
    }

    private func result(_ error: TransportError?) -> Result<Retrieved, TransportError> {
        // Of a body that is not held something may be known although the transfer failed: when not, at least how large it was.
        if let error, body.held != nil { return .failure(error) }
        guard let head else { return .failure(.protocolViolation(detail: "the answer had no status line")) }
        let answer = RetrieveAnswer(head: head, body: body, endedBy: error, now: engine.time.wallNow)
        let rest = body.held == nil ? WatchPace.restAfter(bytes: body.count) : nil
        return .success(Retrieved(answer: answer, pollAfter: PollHint.pollAfter(head), rest: rest, renewal: RateLimitHint.renewal(head)))
    }
}
