import ResponsesAPI
import RingbackCore
import Transport

/// Reads one stream on the transport's loop and tells the engine what matters: most deltas are only counted.
final class StreamListener: TransferHandler {
    private enum Answer {
        case awaited
        case events
        /// The upstream ignored the wish for a stream; the body is collected.
        case json(TransferHead, AnswerBody)
        /// The upstream refused; its words are collected.
        case refused(status: Int)
    }

    private let engine: WatchEngine
    private let watch: WatchID
    private let token: RequestToken
    /// Whether events of the response were seen before this stream.
    private let isResumed: Bool
    private var reader: ResponseStreamReader
    private var answer = Answer.awaited
    private let limit: Int
    /// The words of a refusal.
    private var refusal: [UInt8] = []
    private var hasBytes = false
    /// Whether the stream was to begin after an event, and its first number was not told yet.
    private var awaitsFirstNumber: Bool
    /// How the stream ended, when that is known before the transfer's last word.
    private var end: StreamEnd?

    /// - Parameters:
    ///   - cursor: The last event that is known.
    ///   - isResumed: Whether the stream was asked for what comes after it.
    ///   - limit: The largest answer to hold that is no stream.
    init(engine: WatchEngine, watch: Watch, token: RequestToken, cursor: Int64?, isResumed: Bool, limit: Int) {
        self.engine = engine
        self.watch = watch.id
        self.token = token
        self.isResumed = isResumed
        awaitsFirstNumber = isResumed
        reader = ResponseStreamReader(response: watch.response, cursor: cursor)
        self.limit = limit
    }

    func transferReceived(_ head: TransferHead) -> TransferVerdict {
        switch StreamAnswer(head: head, now: engine.time.wallNow) {
        case .events:
            answer = .events
            let watch = watch
            let token = token
            let renewal = RateLimitHint.renewal(head)
            engine.assumeIsolated { $0.streamOpened(watch, token, renewal: renewal) }
            return .proceed
        case .json:
            answer = .json(head, AnswerBody(limit: limit))
            return .proceed
        case .refused(let status):
            answer = .refused(status: status)
            return .proceed
        case .notFound: return finish(.notFound)
        case .unauthorized(let status): return finish(.unauthorized(status: status))
        case .rateLimited(let retryAfter): return finish(.rateLimited(retryAfter: retryAfter))
        case .unavailable(let status, let retryAfter): return finish(.unavailable(status: status, retryAfter: retryAfter))
        }
    }

    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict {
        switch answer {
        case .awaited: return .proceed
        case .events: return read(bytes)
        case .json(_, let body):
            return body.receive(bytes) ? .proceed : .finish
        case .refused(let status):
            guard refusal.count + bytes.count <= Self.maximumRefusalBytes else { return finish(.refused(status: status)) }
            refusal.append(copying: bytes)
            return .proceed
        }
    }

    /// An error body that says more has nothing to say.
    private static let maximumRefusalBytes = 16 * 1024

    func transferEnded(_ error: TransportError?, summary: TransferSummary) {
        let end = end ?? judge(error)
        let watch = watch
        let token = token
        let reason = StreamRefusal(body: refusal)
        engine.assumeIsolated { $0.streamEnded(watch, token, end, refusal: reason) }
    }

    private func read(_ bytes: Span<UInt8>) -> TransferVerdict {
        let watch = watch
        let token = token
        if !hasBytes, bytes.count > 0 {
            hasBytes = true
            engine.assumeIsolated { $0.streamSpoke(watch, token) }
        }
        let before = reader.eventCount
        let findings = reader.receive(bytes)
        let events = reader.eventCount - before
        let cursor = reader.cursor
        if awaitsFirstNumber, let first = reader.firstNumber {
            awaitsFirstNumber = false
            engine.assumeIsolated { $0.streamBegan(watch, token, at: first) }
        }
        // The progress is told first, so that what a finding leads to knows the last cursor.
        let verdict = events > 0 ? engine.assumeIsolated { $0.streamProgressed(watch, token, cursor: cursor, events: events) } : .proceed
        for finding in findings {
            switch finding {
            case .status(let status): engine.assumeIsolated { $0.streamReported(watch, token, status: status) }
            case .terminal(let response):
                let verdict = engine.assumeIsolated { $0.streamConcluded(watch, token, response: response) }
                if verdict == .finish { return finish(.closed) }
            case .end: engine.assumeIsolated { $0.streamAnnouncedEnd(watch, token) }
            case .done: return finish(.announced)
            case .violation(let detail): return finish(.tooLarge(detail))
            }
        }
        return verdict
    }

    private func finish(_ end: StreamEnd) -> TransferVerdict {
        self.end = end
        return .finish
    }

    /// What the transfer's last word means for a stream that has not told its end itself.
    private func judge(_ error: TransportError?) -> StreamEnd {
        switch answer {
        case .awaited: .failed(error ?? .protocolViolation(detail: "the answer had no status line"))
        // An empty stream shows that an upstream does not stream such responses, as with vLLM; but not one that was asked for what comes
        // after a known event: there may have been nothing.
        case .events: hasBytes || isResumed || error == .idleTimeout ? .closed : .empty
        case .refused(let status): .refused(status: status)
        case .json(let head, let body):
            // What is not held may have told enough before a failure.
            .json(
                error == nil || body.held == nil
                    ? RetrieveAnswer(head: head, body: body, endedBy: error, now: engine.time.wallNow) : nil)
        }
    }
}
