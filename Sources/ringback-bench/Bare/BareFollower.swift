import ResponsesAPI
import RingbackCore
import Transport

/// Opens streams and waits for their terminal events. A stream that breaks off is lost.
final class BareFollower: Sendable {
    private let client: ResponsesClient
    private let journal: BareJournal

    init(upstream: String, transport: any Transport, journal: BareJournal) {
        let upstream = Upstream(name: UpstreamName(trusted: "bare"), baseURL: upstream, streamIdleTimeout: Contenders.streamIdleTimeout)
        client = ResponsesClient(upstream: upstream, transport: transport)
        self.journal = journal
    }

    func follow(_ numbers: Range<Int>) {
        for number in numbers {
            let id = ResponseID(trusted: ResponseName.id(of: number))
            let stream = BareStream(number: number, journal: journal)
            _ = client.transport.start(client.streamRequest(id, startingAfter: nil, headers: []), handler: stream)
        }
    }
}

private final class BareStream: TransferHandler {
    private let number: Int
    private let journal: BareJournal
    private var reader = ResponseStreamReader(response: nil, cursor: nil)

    init(number: Int, journal: BareJournal) {
        self.number = number
        self.journal = journal
    }

    func transferReceived(_ head: TransferHead) -> TransferVerdict {
        head.status == 200 ? .proceed : .finish
    }

    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict {
        for finding in reader.receive(bytes) {
            switch finding {
            case .terminal:
                journal.ended(number)
                return .finish
            case .end, .done, .violation: return .finish
            case .status: continue
            }
        }
        return .proceed
    }

    func transferEnded(_ error: TransportError?, summary: TransferSummary) {}
}
