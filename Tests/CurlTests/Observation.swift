import Curl
import NIOConcurrencyHelpers
import Testing
import Transport

/// What a handler was told.
enum TransferEvent: Sendable {
    case head(TransferHead)
    case body([UInt8])
    case ended(TransportError?, TransferSummary)
}

/// One transfer as a test sees it.
struct Observation: Sendable {
    let id: TransferID
    let events: AsyncStream<TransferEvent>

    /// The final head, when one comes first.
    func head() async -> TransferHead? {
        for await event in events {
            if case .head(let head) = event { return head }
            return nil
        }
        return nil
    }

    /// The next piece of the body; passes over the head.
    func body() async -> [UInt8]? {
        for await event in events {
            switch event {
            case .head: continue
            case .body(let bytes): return bytes
            case .ended: return nil
            }
        }
        return nil
    }

    /// Everything from now to the end.
    func end() async -> (head: TransferHead?, body: [UInt8], error: TransportError?, summary: TransferSummary) {
        var head: TransferHead?
        var body: [UInt8] = []
        for await event in events {
            switch event {
            case .head(let received): head = received
            case .body(let bytes): body += bytes
            case .ended(let error, let summary): return (head, body, error, summary)
            }
        }
        Issue.record("the transfer has no end")
        return (head, body, nil, TransferSummary())
    }

    func error() async -> TransportError? {
        await end().error
    }
}

extension Transport {
    func observe(
        _ request: TransferRequest, verdict: @escaping @Sendable (TransferEvent) -> TransferVerdict = { _ in .proceed }
    ) -> Observation {
        let (events, continuation) = AsyncStream.makeStream(of: TransferEvent.self)
        return Observation(id: start(request, handler: Observer(continuation, verdict)), events: events)
    }
}

/// Lets a transfer's own verdicts cancel or resume it, which may happen before the test knows the transfer's name.
final class Remote: Sendable {
    private struct State {
        var transfer: TransferID?
        var pending: [@Sendable (TransferID) -> Void] = []
    }

    private let transport: any Transport
    private let state = NIOLockedValueBox(State())

    init(_ transport: any Transport) {
        self.transport = transport
    }

    func connect(to observation: Observation) {
        let pending = state.withLockedValue { state in
            state.transfer = observation.id
            defer { state.pending = [] }
            return state.pending
        }
        for order in pending { order(observation.id) }
    }

    func cancel() {
        perform { [transport] in transport.cancel($0) }
    }

    func resume() {
        perform { [transport] in transport.resume($0) }
    }

    private func perform(_ order: @escaping @Sendable (TransferID) -> Void) {
        let transfer = state.withLockedValue { state in
            if state.transfer == nil { state.pending.append(order) }
            return state.transfer
        }
        if let transfer { order(transfer) }
    }
}

private final class Observer: TransferHandler {
    private let continuation: AsyncStream<TransferEvent>.Continuation
    private let verdict: @Sendable (TransferEvent) -> TransferVerdict
    private var hasEnded = false

    init(_ continuation: AsyncStream<TransferEvent>.Continuation, _ verdict: @escaping @Sendable (TransferEvent) -> TransferVerdict) {
        self.continuation = continuation
        self.verdict = verdict
    }

    func transferReceived(_ head: TransferHead) -> TransferVerdict {
        note(.head(head))
    }

    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict {
        note(.body(bytes.withUnsafeBufferPointer { Array($0) }))
    }

    func transferEnded(_ error: TransportError?, summary: TransferSummary) {
        _ = note(.ended(error, summary))
        hasEnded = true
        continuation.finish()
    }

    private func note(_ event: TransferEvent) -> TransferVerdict {
        if hasEnded { Issue.record("the handler was called after its end: \(event)") }
        continuation.yield(event)
        return verdict(event)
    }
}

/// Starts a transport for `body`, and shuts it down.
func withTransport<Result>(
    _ options: CurlTransportOptions = CurlTransportOptions(name: "test"), _ body: (CurlTransport) async throws -> Result
) async throws -> Result {
    let transport = try CurlTransport(options: options)
    do {
        let result = try await body(transport)
        await transport.shutdown()
        return result
    } catch {
        await transport.shutdown()
        throw error
    }
}

extension TransferLimits {
    /// A stream: neither total nor body limit.
    static func stream(idle: Duration? = nil) -> TransferLimits {
        TransferLimits(total: nil, idle: idle, bodyBytes: nil)
    }
}
