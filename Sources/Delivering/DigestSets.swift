import RingbackCore

/// Which deliveries of an endpoint with a digest were sent in one message and failed together: they are tried again together, so that the
/// message stays the same one. Pure.
///
/// The store does not know of sets. After a crash those that wait gather anew, in other sets perhaps: they are sent again, and none is lost.
struct DigestSets: Sendable, Hashable {
    /// Sets kept per endpoint; older ones come apart.
    static let maximumSets = 100

    private var sets: [EndpointName: [Set<DeliveryID>]] = [:]

    /// Chooses the message out of what a claim brought.
    ///
    /// A known set goes as it is, the first one that is complete. What belongs to a set whose rest is still in the store waits for it; only if
    /// there is nothing else is such a set given up, and what is there sent: its rest may have been delivered by hand, or abandoned.
    ///
    /// - Parameter claimed: In the store's order.
    /// - Returns: What to send in one message; the others are to be given back.
    mutating func next(of claimed: [DeliveryID], to endpoint: EndpointName) -> Set<DeliveryID> {
        let there = Set(claimed)
        let known = sets[endpoint] ?? []
        if let complete = known.first(where: { $0.isSubset(of: there) }) { return complete }
        let touched = known.filter { !$0.isDisjoint(with: there) }
        let loose = there.subtracting(touched.reduce(into: []) { $0.formUnion($1) })
        if !loose.isEmpty { return loose }
        // Only pieces of sets: the oldest one gives up its missing members.
        guard let piece = touched.first else { return [] }
        forget(piece, of: endpoint)
        return piece.intersection(there)
    }

    /// A message about these failed, and all of them are to be tried again.
    mutating func failed(_ set: Set<DeliveryID>, to endpoint: EndpointName) {
        guard set.count > 1 else { return }
        var known = (sets[endpoint] ?? []).filter { $0.isDisjoint(with: set) }
        known.append(set)
        sets[endpoint] = known.suffix(Self.maximumSets)
    }

    /// A message about these has come to its end.
    mutating func ended(_ set: Set<DeliveryID>, to endpoint: EndpointName) {
        forget(set, of: endpoint)
    }

    private mutating func forget(_ set: Set<DeliveryID>, of endpoint: EndpointName) {
        let left = (sets[endpoint] ?? []).filter { $0.isDisjoint(with: set) }
        sets[endpoint] = left.isEmpty ? nil : left
    }
}
