package import RingbackCore

/// Where everything that must not be lost lives, and where the floors meet: the API writes rows, the engines read rows.
///
/// Every function that changes something returns only after the change is on disk. Changes that arrive together share one transaction and
/// one flush (group commit), yet each succeeds or fails on its own. A cancelled caller does not undo a change that was handed over.
package protocol Store: WatchStore, DeliveryStore, EventStore, EndpointStore, BreakerStore, IdempotencyStore, IntentStore, MannersStore,
    ReplayStore, ChangeStore, SinkStore
{
    /// Announces that this node is alive until `until`. The leases of nodes whose announcement has passed are free to take.
    func heartbeat(_ node: NodeID, now: Timestamp, until: Timestamp) async throws(StoreError)

    /// Hints about changes, for one listener. A hint may get lost or come twice without harm: it only says "look now".
    func hints() -> AsyncStream<StoreHint>

    /// Passes on the suspicion that these responses are at their end, such as after a cancel or on a vendor's own webhook: whoever follows
    /// them asks by GET soon. Only a hint: nothing is written, and where it gets lost the watches are followed as ever.
    func suggestLook(_ ids: [WatchID])

    /// Checks that the store can be read and written right now; for `/readyz`.
    func checkReadiness() async throws(StoreError)

    /// Deletes what is past its retention, at most `limit` rows of each kind.
    ///
    /// - Parameters:
    ///   - responsesBefore: Response objects of older ends go, unless a delivery that is not delivered may still need them.
    ///   - watchesBefore: Older ended watches go, with their events and responses, when no delivery refers to them any longer; so do events
    ///     that are about no watch.
    /// - Returns: Whether there is more to delete.
    func purge(
        deliveredBefore: Timestamp, deadBefore: Timestamp, responsesBefore: Timestamp, watchesBefore: Timestamp, limit: Int
    ) async throws(StoreError) -> Bool

    /// Finishes what was handed over, then closes. Later calls throw ``StoreError/closed``.
    func close() async
}

/// One running process. A restarted process is another node.
package struct NodeID: Sendable, Hashable, CustomStringConvertible {
    package let rawValue: String

    package init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    package var description: String { rawValue }
}

/// The right of one node to work on one row. Every later change names the epoch; a change under an older epoch changes nothing.
package struct Lease: Sendable, Hashable {
    package let node: NodeID
    /// Grows with each claim of the row.
    package let epoch: Int64

    package init(node: NodeID, epoch: Int64) {
        self.node = node
        self.epoch = epoch
    }
}

package enum StoreHint: Sendable, Hashable {
    /// There may be watches without a lease.
    case watchesRegistered
    /// These watches were stopped or deleted: whoever follows them may let go.
    case watchesStopped([WatchID])
    /// These watches may be at their end: whoever follows them may ask now.
    case watchesWorthALook([WatchID])
    /// There may be deliveries that are due for these endpoints.
    case deliveriesDue([EndpointName])
    /// There may be deliveries that are due for these endpoints, but none that was never tried: what is redriven or replayed by the hundred
    /// thousand is no reason to let new events wait behind it.
    case retriesDue([EndpointName])
    /// The endpoints kept in the store changed.
    case endpointsChanged
}

/// Why the store did not do what it was asked.
package enum StoreError: Error, Sendable, Hashable {
    /// No room on the disk. Nothing was changed; try again when there is room.
    case noSpace
    /// The disk or the database failed for now. Nothing was changed.
    case unavailable(String)
    /// The file is not a Ringback store, is damaged, is newer than this program, or is in use by another process; the text says what to do.
    case unusable(String)
    case closed
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noSpace: "the disk that holds the store is full: make room, Ringback goes on by itself"
        case .unavailable(let detail): "the store is not available: \(detail)"
        case .unusable(let detail): "the store cannot be used: \(detail)"
        case .closed: "the store is closed"
        }
    }
}

/// One page of a list, newest first.
package struct Page<Element: Sendable>: Sendable {
    package var elements: [Element]
    /// Where the next page begins; `nil` on the last one.
    package var nextCursor: PageCursor?

    package init(elements: [Element], nextCursor: PageCursor?) {
        self.elements = elements
        self.nextCursor = nextCursor
    }
}

/// A place in a list: rows strictly older than this one follow. Creation time and id, so that new rows never shift pages.
package struct PageCursor: Sendable, Hashable {
    package let createdAt: Timestamp
    package let id: String

    package init(createdAt: Timestamp, id: String) {
        self.createdAt = createdAt
        self.id = id
    }

    /// Opaque text for clients.
    package var text: String { "\(createdAt.milliseconds)_\(id)" }

    package init?(text: String) {
        guard let separator = text.firstIndex(of: "_"), let milliseconds = Int64(text[..<separator]) else { return nil }
        createdAt = Timestamp(milliseconds: milliseconds)
        id = String(text[text.index(after: separator)...])
    }
}

package struct PageRequest: Sendable, Hashable {
    package static let maximumLimit = 500
    package static let defaultLimit = 50

    /// 1 to ``maximumLimit``.
    package let limit: Int
    package let cursor: PageCursor?

    package init(limit: Int = PageRequest.defaultLimit, cursor: PageCursor? = nil) {
        self.limit = min(max(limit, 1), Self.maximumLimit)
        self.cursor = cursor
    }
}
