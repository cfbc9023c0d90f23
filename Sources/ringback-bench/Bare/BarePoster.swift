import NIOConcurrencyHelpers
import RingbackCore
import Transport
import WebhookSignature

/// Signs and posts callbacks, each once, so many at a time.
final class BarePoster: Sendable {
    private struct State {
        var waiting: [Int] = []
        /// How many of `waiting` are on their way already.
        var taken = 0
        var inFlight = 0
        var limit: Int

        mutating func next() -> Int? {
            guard taken < waiting.count, inFlight < limit else { return nil }
            defer { if taken == waiting.count { forget() } }
            inFlight += 1
            taken += 1
            return waiting[taken - 1]
        }

        private mutating func forget() {
            waiting.removeAll(keepingCapacity: true)
            taken = 0
        }
    }

    private let hook: String
    private let key: SigningKey
    private let transport: any Transport
    private let time = SystemTime()
    private let state: NIOLockedValueBox<State>

    init(hook: String, key: SigningKey, inFlight: Int, transport: any Transport) {
        self.hook = hook
        self.key = key
        self.transport = transport
        state = NIOLockedValueBox(State(limit: inFlight))
    }

    /// - Parameter inFlight: From now on; `nil` leaves the limit as it is.
    func post(_ numbers: [Int], inFlight: Int? = nil) {
        state.withLockedValue { state in
            if let inFlight { state.limit = inFlight }
            state.waiting += numbers
        }
        sendNext()
    }

    private func sendNext() {
        while let number = state.withLockedValue({ $0.next() }) {
            _ = transport.start(request(number), handler: BarePost { [self] in ended() })
        }
    }

    private func ended() {
        state.withLockedValue { $0.inFlight -= 1 }
        sendNext()
    }

    private func request(_ number: Int) -> TransferRequest {
        let response = ResponseName.id(of: number)
        let id = "evt_\(response.dropFirst(5))"
        let now = time.wallNow
        let text =
            #"{"id":"\#(id)","object":"event","created_at":\#(now.unixSeconds),"type":"response.completed","data":{"id":"\#(response)"}}"#
        let body = Array(text.utf8)
        let headers =
            [(name: "Content-Type", value: "application/json"), (name: "User-Agent", value: "ringback-bench")]
            + WebhookSigner.headers(id: id, timestamp: now, body: body, keys: [key])
        return TransferRequest(method: .post, url: hook, headers: headers, body: body, version: .http1)
    }
}

private final class BarePost: TransferHandler {
    private let done: () -> Void

    init(done: @escaping () -> Void) {
        self.done = done
    }

    func transferReceived(_ head: TransferHead) -> TransferVerdict { .proceed }

    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict { .proceed }

    func transferEnded(_ error: TransportError?, summary: TransferSummary) {
        done()
    }
}
