import NIOConcurrencyHelpers
package import RingbackCore
package import Store

/// The creates that are under way in this process. Every other intent that the store has of this node is left over: its create ended without
/// anybody knowing how, or an earlier process died over it.
package final class IntentLedger: Sendable {
    /// Intents in all, those of other nodes included. Each is a create whose answer has not come.
    static let maximumIntents = 10_000

    package let node: NodeID
    private let store: any Store
    private let underWay = NIOLockedValueBox<[IntentID: CreateIntent]>([:])
    private let bell: Alarm

    package init(node: NodeID, store: any Store, time: any TimeSource) {
        self.node = node
        self.store = store
        bell = Alarm(time: time)
    }

    /// Puts a create on record; to be followed by ``letGo(_:isResolved:)``.
    ///
    /// - Throws: ``Problem`` when there are too many, ``StoreError``.
    func open(_ intent: CreateIntent) async throws {
        // First in memory: what is on record and not here would be taken for left over.
        underWay.withLockedValue { $0[intent.id] = intent }
        do {
            guard try await store.open(intent, by: node, atMost: Self.maximumIntents) else {
                throw Problem(.busy, "too many creates are under way or left to be looked into: try again later", retryAfter: 5)
            }
        } catch {
            letGo(intent.id, isResolved: true)
            throw error
        }
    }

    /// The create is over. What is on record of it now is left over.
    ///
    /// - Parameter isResolved: Whether nothing is.
    func letGo(_ intent: IntentID, isResolved: Bool) {
        underWay.withLockedValue { $0[intent] = nil }
        if !isResolved { bell.ring() }
    }

    /// All that are under way right now.
    var current: [CreateIntent] { underWay.withLockedValue { Array($0.values) } }

    /// Returns when a create was let go unresolved, or at the deadline.
    func waitForChange(until deadline: Moment?) async {
        await bell.wait(until: deadline)
    }
}
