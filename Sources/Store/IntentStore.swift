package import RingbackCore

/// What the proxy has to remember beside watches.
package protocol IntentStore: Sendable {
    /// Puts a create on record that `node` is about to send.
    ///
    /// - Parameter maximum: How many intents there may be in all.
    /// - Returns: `false` when there are that many already: nothing was changed.
    func open(_ intent: CreateIntent, by node: NodeID, atMost maximum: Int) async throws(StoreError) -> Bool

    /// Forgets an intent: the upstream has refused the create, or what became of it will not be found out.
    func close(_ intent: IntentID) async throws(StoreError)

    /// Registers the response that a create has made and forgets its intent, in one transaction.
    ///
    /// - Returns: `nil` when the intent is not on record any longer, since somebody else has resolved it: nothing was changed.
    func register(_ watch: NewWatch, resolving intent: IntentID, now: Timestamp) async throws(StoreError) -> Registration?

    /// The intents of `node`, and those of nodes that no longer live, oldest first.
    func intents(of node: NodeID, now: Timestamp, limit: Int) async throws(StoreError) -> [CreateIntent]

    /// Keeps the proxy from serving the kept response of a watch from now on: a client has deleted it. Deliveries are not touched.
    ///
    /// Does nothing when there is no such watch.
    func withholdResponse(of watch: WatchID) async throws(StoreError)

    func isResponseWithheld(of watch: WatchID) async throws(StoreError) -> Bool
}
