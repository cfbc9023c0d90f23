import RingbackCore
import Transport

/// The shards of one transport, and which of them carries which request.
struct ShardTable {
    /// The tag of the loop's own wake-up descriptor among the events.
    static let wakeupTag = UInt32.max

    /// Kinds beside the ordinary one that have shards of their own.
    static let kindLimit = 16

    /// Requests that may share connections.
    ///
    /// - What one policy let through is not judged again when it is reused, so another policy's requests must not meet it.
    /// - libcurl keeps one parsed store of authorities per multi handle: requests with different CA files in one shard would parse theirs
    ///   anew again and again.
    /// - A way that a proxy opened for one pair of credentials is not for another one; libcurl does not tell these apart.
    private struct Kind: Hashable {
        let trafficClass: String?
        let trust: TransferTrust
        let proxy: EgressProxy?

        init(_ request: TransferRequest) {
            trafficClass = request.addressPolicy?.trafficClass
            trust = request.trust
            proxy = request.proxy
        }

        init() {
            trafficClass = nil
            trust = TransferTrust()
            proxy = nil
        }

        func mayShare(with other: Kind) -> Bool {
            trafficClass == other.trafficClass && proxy == other.proxy
        }
    }

    private(set) var all: [Shard] = []
    private let shardsPerKind: Int
    private let maxConnects: Int
    private let poller: Poller
    /// The shards of each kind, by their place in ``all``.
    private var groups: [Kind: [Int]] = [:]
    /// Kinds beside the ordinary one, in the order in which they came.
    private var arrivals: [Kind] = []

    /// - Parameter count: Shards of each kind without certificates of its own.
    init(count: Int, maxConnects: Int, poller: Poller) throws(CurlTransportError) {
        shardsPerKind = count
        self.maxConnects = maxConnects
        self.poller = poller
        try addGroup(Kind(), count: count)
    }

    /// When the first shard wants its timer to be looked at.
    var nextDeadline: MonotonicInstant? {
        all.lazy.compactMap(\.deadline).min()
    }

    subscript(tag: UInt32) -> Shard {
        all[Int(tag)]
    }

    mutating func shard(for request: PreparedRequest) throws(TransportError) -> Shard {
        let group = try group(for: Kind(request.request))
        return all[group[Int(UInt(bitPattern: request.origin.hashValue) % UInt(group.count))]]
    }

    /// Closes all connections. No transfer may be left.
    func close() {
        for shard in all { shard.close() }
    }

    private mutating func group(for kind: Kind) throws(TransportError) -> [Int] {
        if let group = groups[kind] { return group }
        do {
            if arrivals.count < Self.kindLimit {
                let group = try addGroup(kind, count: kind.trust == TransferTrust() ? shardsPerKind : 1)
                arrivals.append(kind)
                return group
            }
            if let idle = arrivals.firstIndex(where: { isIdle($0) }) {
                return try replaceGroup(at: idle, by: kind)
            }
        } catch {
            throw .internalTrouble(error.description)
        }
        // Where all are at work, the authorities are parsed again and again; but policies are never mixed.
        if let near = arrivals.first(where: { $0.mayShare(with: kind) }), let group = groups[near] { return group }
        throw .internalTrouble("requests of more than \(Self.kindLimit) kinds are under way: the next one waits for one of them to end")
    }

    private func isIdle(_ kind: Kind) -> Bool {
        (groups[kind] ?? []).allSatisfy { all[$0].isIdle }
    }

    @discardableResult
    private mutating func addGroup(_ kind: Kind, count: Int) throws(CurlTransportError) -> [Int] {
        let group = Array(all.count..<(all.count + count))
        for index in group { all.append(try makeShard(index)) }
        groups[kind] = group
        return group
    }

    /// Gives a kind that nobody uses up for another one: its connections are closed, its places are taken by new shards.
    private mutating func replaceGroup(at place: Int, by kind: Kind) throws(CurlTransportError) -> [Int] {
        let old = arrivals.remove(at: place)
        let group = groups.removeValue(forKey: old) ?? []
        for index in group {
            all[index].close()
            all[index] = try makeShard(index)
        }
        arrivals.append(kind)
        groups[kind] = group
        return group
    }

    private func makeShard(_ index: Int) throws(CurlTransportError) -> Shard {
        try Shard(tag: UInt32(index), maxConnects: maxConnects, poller: poller)
    }
}
