package import Transport

/// The bounds of one ``CurlTransport``.
package struct CurlTransportOptions: Sendable {
    /// The name of the thread, cut at 15 bytes by the kernel.
    package var name: String

    /// Over how many multi handles hosts are spread: 1 where all requests go to a few hosts, 4 to 8 where they go to many, since libcurl
    /// walks its connection and name caches at every end of a transfer.
    package var shards: Int

    /// Idle connections kept by each shard (libcurl: CURLMOPT_MAXCONNECTS).
    package var maxConnectsPerShard: Int

    /// Receive buffer of a request with a total time limit, in bytes (libcurl: CURLOPT_BUFFERSIZE, 1 KiB to 512 KiB).
    package var bufferSize: Int

    /// Receive buffer of a stream, that is of a request without a total time limit, in bytes. Small, since ten thousand are open at once.
    package var streamBufferSize: Int

    /// Transfers that libcurl works on at the same time; further ones wait.
    package var maxTransfers: Int

    /// Transfers that may wait for a place; further ones end at once as ``TransportError/internalTrouble(_:)``.
    package var maxQueued: Int

    /// Transfers to one host (scheme, name and port) that may be resolving, connecting or shaking hands at the same time.
    ///
    /// It bounds the threads libcurl starts for name resolution, and lets requests of a burst find an HTTP/2 connection to join.
    package var maxOpeningPerHost: Int

    /// How long a transfer may wait for a place before it ends as ``TransportError/internalTrouble(_:)``.
    package var maxQueueWait: Duration

    /// Resolves the names of transfers with an address policy; other names are left to libcurl.
    package var resolver: any NameResolver

    /// Names that are looked up at the same time, each on a thread of its own; further ones wait. Many, since a stranger's name server may
    /// be slow on purpose.
    package var maxResolverThreads: Int

    /// How long what a name resolved to is good for; zero asks for every transfer anew.
    package var resolutionLifetime: Duration

    package init(
        name: String = "transfers",
        shards: Int = 1,
        maxConnectsPerShard: Int = 256,
        bufferSize: Int = 16 * 1024,
        streamBufferSize: Int = 1024,
        maxTransfers: Int = 12_000,
        maxQueued: Int = 50_000,
        maxOpeningPerHost: Int = 48,
        maxQueueWait: Duration = .seconds(60),
        resolver: any NameResolver = SystemResolver(),
        maxResolverThreads: Int = 32,
        resolutionLifetime: Duration = .seconds(30)
    ) {
        precondition(
            shards > 0 && maxTransfers > 0 && maxOpeningPerHost > 0 && maxResolverThreads > 0,
            "a transport without any place can carry nothing")
        self.name = name
        self.shards = shards
        self.maxConnectsPerShard = maxConnectsPerShard
        self.bufferSize = bufferSize
        self.streamBufferSize = streamBufferSize
        self.maxTransfers = maxTransfers
        self.maxQueued = maxQueued
        self.maxOpeningPerHost = maxOpeningPerHost
        self.maxQueueWait = maxQueueWait
        self.resolver = resolver
        self.maxResolverThreads = maxResolverThreads
        self.resolutionLifetime = resolutionLifetime
    }
}
