import RawJSON
import ResponsesAPI
import RingbackCore
import Store

/// A fact about a watch that waits to be written. Complete in itself, so that writing needs nothing of the engine.
///
/// A class, since every watch has room for its last one.
final class Fact: Sendable {
    enum Kind: Sendable {
        /// The watch ended; with the response object where there is one, and with the time of a second look where one is worth it.
        case end(WatchStatus, ResponseObject?, lookAgainAt: Timestamp?)
        /// The watch goes on.
        case notice
    }

    let kind: Kind
    let watch: Watch
    let lease: Lease
    let event: Event
    /// The watch's status as the event leaves it.
    let status: WatchStatus
    let model: String?
    let sequenceNumber: Int64?
    let lastError: String?
    /// The watch's metadata laid over the response's own.
    let metadata: [String: String]
    /// Set when the response object is too large to be kept.
    let oversized: OversizedResponse?

    /// The response ended.
    ///
    /// - Parameters:
    ///   - lookAgainAt: When it is looked at once more, if it may still become something else.
    ///   - limit: The largest response object that is kept. The end of a larger one rings all the same; its event says what is missing and
    ///     why, in every form of payload.
    static func finished(
        _ response: ResponseObject, as status: TerminalStatus, lookAgainAt: Timestamp?, of followed: Followed, at now: Timestamp,
        keepingUpTo limit: Int
    ) -> Fact {
        guard !response.isWhole || response.size > limit else {
            return Fact(
                .end(status.watchStatus, response, lookAgainAt: lookAgainAt), type: status.eventType, of: followed, at: now,
                lastError: response.errorMessage, data: [identity(of: followed)], response: response)
        }
        let oversized = OversizedResponse(size: response.size, limit: limit)
        let omitted: JSON = ["reason": "too_large", "bytes": .integer(Int64(oversized.size)), "limit": .integer(Int64(limit))]
        let data = [identity(of: followed), JSON.Member("status", .string(status.rawValue)), JSON.Member("omitted", omitted)]
        let rest = response.withoutBytes
        return Fact(
            .end(status.watchStatus, rest, lookAgainAt: lookAgainAt), type: status.eventType, of: followed, at: now,
            lastError: [rest.errorMessage, oversized.description].compactMap(\.self).joined(separator: "; "), data: data, response: rest,
            oversized: oversized)
    }

    /// The bridge gave up: `lost` or `expired`.
    static func givenUp(_ status: WatchStatus, type: EventType, of followed: Followed, at now: Timestamp, reason: String) -> Fact {
        Fact(
            .end(status, nil, lookAgainAt: nil), type: type, of: followed, at: now, lastError: reason,
            data: explanation(of: followed, reason: reason))
    }

    /// There was no progress for long.
    static func stalled(_ followed: Followed, at now: Timestamp, reason: String) -> Fact {
        Fact(
            .notice, type: .watchStalled, of: followed, at: now, lastError: followed.lastError,
            data: explanation(of: followed, reason: reason))
    }

    /// The response runs, in a way that was not known of it before.
    ///
    /// - Parameter response: The object that told so, where there was one.
    static func running(_ status: RunningStatus, _ response: ResponseObject?, of followed: Followed, at now: Timestamp) -> Fact {
        Fact(
            .notice, type: status.eventType, of: followed, at: now, lastError: followed.lastError, data: [identity(of: followed)],
            response: response)
    }

    /// The bytes this keeps in memory until it is written.
    var heldBytes: Int {
        switch kind {
        case .end(_, let response, _): response?.bytes.count ?? 0
        case .notice: 0
        }
    }

    private static func explanation(of followed: Followed, reason: String) -> [JSON.Member] {
        [
            identity(of: followed),
            JSON.Member("watch", .string(followed.watch.id.rawValue)),
            JSON.Member("reason", .string(reason)),
        ]
    }

    private static func identity(of followed: Followed) -> JSON.Member {
        JSON.Member("id", .string(followed.watch.response.rawValue))
    }

    private init(
        _ kind: Kind, type: EventType, of followed: Followed, at now: Timestamp, lastError: String?, data: [JSON.Member],
        response: ResponseObject? = nil, oversized: OversizedResponse? = nil
    ) {
        let watch = followed.watch
        self.kind = kind
        self.watch = watch
        lease = followed.lease
        event = Event(
            id: EventID(upstream: watch.upstream, response: watch.response, type: type), type: type, createdAt: now, watch: watch.id,
            upstream: watch.upstream, response: watch.response, data: JSON.object(data).bytes
        )
        sequenceNumber = followed.machine.cursor
        self.oversized = oversized
        self.lastError = lastError
        model = response?.model ?? followed.model
        metadata = response.map { $0.metadata.merging(watch.metadata) { _, own in own } } ?? watch.metadata
        switch kind {
        case .end(let status, _, _): self.status = status
        case .notice: status = followed.machine.status
        }
    }
}
