import NIOConcurrencyHelpers
import ResponsesAPI
import RingbackCore
import Transport

/// Opens streams and waits for their terminal events. A stream that breaks off is lost.
final class BareFollower: Sendable {
    private let client: ResponsesClient
    private let journal: BareJournal
    private let lost = NIOLockedValueBox(0)

    init(upstream: String, transport: any Transport, journal: BareJournal) {
        let upstream = Upstream(name: UpstreamName(trusted: "bare"), baseURL: upstream, streamIdleTimeout: Contenders.streamIdleTimeout)
        client = ResponsesClient(upstream: upstream, transport: transport)
        self.journal = journal
    }

    var streamsLost: Int { lost.withLockedValue { $0 } }

    func follow(_ numbers: Range<Int>) {
        for number in numbers {
            let id = ResponseID(trusted: ResponseName.id(of: number))
            let stream = BareStream(number: number, journal: journal, lost: lost)
            _ = client.transport.start(client.streamRequest(id, startingAfter: nil, headers: []), handler: stream)
        }
    }
}

private final class BareStream: TransferHandler {
    private let number: Int
    private let journal: BareJournal
    private let lost: NIOLockedValueBox<Int>
    private var reader = ResponseStreamReader(cursor: nil)
    private var hasEnded = false

    init(number: Int, journal: BareJournal, lost: NIOLockedValueBox<Int>) {
        self.number = number
        self.journal = journal
        self.lost = lost
    }

    func transferReceived(_ head: TransferHead) -> TransferVerdict {
        head.status == 200 ? .proceed : .finish
    }

    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict {
        for finding in reader.receive(bytes) {
            switch finding {
            case .terminal:
                hasEnded = true
                journal.ended(number)
                return .finish
            case .end, .violation: return .finish
            case .status: continue
            }
        }
        return .proceed
    }

    func transferEnded(_ error: TransportError?, summary: TransferSummary) {
        if !hasEnded { lost.withLockedValue { $0 += 1 } }
    }
}
