import Transport

/// The shards of one transport, and which of them carries which request.
struct ShardTable {
    /// The tag of the loop's own wake-up descriptor among the events.
    static let wakeupTag = UInt32.max

    /// Shards for requests that trust a CA file of their own. libcurl keeps one parsed store of authorities per multi handle: requests
    /// with different files in one shard would parse theirs anew again and again. When there are more files, they share.
    static let customTrustLimit = 8

    private(set) var all: [Shard] = []
    private let hostShards: Int
    private let maxConnects: Int
    private let poller: Poller
    private var shardOfFile: [String: Int] = [:]

    init(count: Int, maxConnects: Int, poller: Poller) throws(CurlTransportError) {
        hostShards = count
        self.maxConnects = maxConnects
        self.poller = poller
        for _ in 0..<count { try addShard() }
    }

    /// When the first shard wants its timer to be looked at.
    var nextDeadline: MonotonicInstant? {
        all.lazy.compactMap(\.deadline).min()
    }

    subscript(tag: UInt32) -> Shard {
        all[Int(tag)]
    }

    mutating func shard(for request: PreparedRequest) throws(TransportError) -> Shard {
        guard let file = request.request.trust.caFile else {
            return all[Int(UInt(bitPattern: request.origin.hashValue) % UInt(hostShards))]
        }
        if let index = shardOfFile[file] { return all[index] }
        let customShards = all.count - hostShards
        guard customShards < Self.customTrustLimit else {
            return all[hostShards + Int(UInt(bitPattern: file.hashValue) % UInt(customShards))]
        }
        do {
            try addShard()
        } catch {
            throw .internalTrouble(error.description)
        }
        shardOfFile[file] = all.count - 1
        return all[all.count - 1]
    }

    /// Closes all connections. No transfer may be left.
    func close() {
        for shard in all { shard.close() }
    }

    private mutating func addShard() throws(CurlTransportError) {
        all.append(try Shard(tag: UInt32(all.count), maxConnects: maxConnects, poller: poller))
    }
}
