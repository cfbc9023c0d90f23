import RawJSON
import ResponsesAPI
import RingbackCore
import Store

/// A fact about a watch that waits to be written. Complete in itself, so that writing needs nothing of the engine.
struct Fact: Sendable {
    enum Kind: Sendable {
        /// The watch ended; with the response object where there is one.
        case end(WatchStatus, ResponseObject?)
        /// The watch stalled and goes on.
        case stall
    }

    let kind: Kind
    let watch: Watch
    let lease: Lease
    let event: Event
    let model: String?
    let sequenceNumber: Int64?
    let lastError: String?
    /// The watch's metadata laid over the response's own.
    let metadata: [String: String]

    /// The response ended.
    static func finished(_ response: ResponseObject, as status: TerminalStatus, of followed: Followed, at now: Timestamp) -> Fact {
        let data = [JSON.Member("id", .string(followed.watch.response.rawValue))]
        return Fact(
            .end(status.watchStatus, response), type: status.eventType, of: followed, at: now, lastError: response.errorMessage, data: data)
    }

    /// The bridge gave up: `lost` or `expired`.
    static func givenUp(_ status: WatchStatus, type: EventType, of followed: Followed, at now: Timestamp, reason: String) -> Fact {
        Fact(.end(status, nil), type: type, of: followed, at: now, lastError: reason, data: explanation(of: followed, reason: reason))
    }

    /// There was no progress for long.
    static func stalled(_ followed: Followed, at now: Timestamp, reason: String) -> Fact {
        Fact(
            .stall, type: .watchStalled, of: followed, at: now, lastError: followed.lastError,
            data: explanation(of: followed, reason: reason))
    }

    /// The bytes this keeps in memory until it is written.
    var heldBytes: Int {
        switch kind {
        case .end(_, let response): response?.bytes.count ?? 0
        case .stall: 0
        }
    }

    private static func explanation(of followed: Followed, reason: String) -> [JSON.Member] {
        [
            JSON.Member("id", .string(followed.watch.response.rawValue)),
            JSON.Member("watch", .string(followed.watch.id.rawValue)),
            JSON.Member("reason", .string(reason)),
        ]
    }

    private init(_ kind: Kind, type: EventType, of followed: Followed, at now: Timestamp, lastError: String?, data: [JSON.Member]) {
        let watch = followed.watch
        self.kind = kind
        self.watch = watch
        lease = followed.lease
        event = Event(
            id: EventID(upstream: watch.upstream, response: watch.response, type: type), type: type, createdAt: now, watch: watch.id,
            upstream: watch.upstream, response: watch.response, data: JSON.object(data).bytes
        )
        sequenceNumber = followed.machine.cursor
        self.lastError = lastError
        switch kind {
        case .end(_, let response?):
            model = response.model ?? followed.model
            metadata = response.metadata.merging(watch.metadata) { _, own in own }
        case .end(_, nil), .stall:
            model = followed.model
            metadata = watch.metadata
        }
    }
}
