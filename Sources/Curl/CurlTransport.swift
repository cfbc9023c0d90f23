package import Logging
package import RingbackCore
package import Transport

/// HTTP by libcurl: one thread, one epoll set, as many transfers as there are descriptors.
///
/// The thread is ``loop``. An idle transfer costs it nothing, and a wake-up costs the same with ten thousand transfers as with ten.
///
/// Beyond what ``Transport`` promises:
/// - A request without a total limit is a *stream*: it gets a small receive buffer.
/// - The headers `Content-Length`, `Transfer-Encoding` and `Expect` of a request are left out; libcurl frames the body itself.
/// - A handler's pause holds back bytes, not the end: ``TransferHandler/transferEnded(_:summary:)`` may come while it pauses, after the
///   last byte was taken. The idle limit rests meanwhile. Over HTTP/1 the sender has to wait; over HTTP/2 up to 4 MiB are kept, and more
///   end the transfer as ``TransportError/connectionLost(detail:)``.
/// - `CURLE_OK` on HTTP/2 is no proof that the answer is complete: a peer's RST_STREAM(NO_ERROR) looks the same to libcurl 7.88.
package final class CurlTransport: Transport {
    private let transferLoop: TransferLoop
    private let counters = TransferCounters()

    /// Starts the thread.
    ///
    /// - Throws: When libcurl is too old or lacks something, or the system gives no descriptor or thread.
    package init(options: CurlTransportOptions = CurlTransportOptions(), logger: Logger? = nil) throws(CurlTransportError) {
        let version = try CurlLibrary.prepare()
        let loop = try TransferLoop(name: options.name)
        let engine = try TransferEngine(loop: loop, options: options, counters: counters)
        transferLoop = loop
        try LoopThread.start(named: options.name) { Self.run(engine, on: loop) }
        logger?.debug("Transfer loop started", metadata: ["transport.name": "\(options.name)", "curl.version": "\(version)"])
    }

    deinit {
        // A transport that is let go without a word still ends its transfers; after `shutdown` this is without effect.
        transferLoop.submitUnlessShut(.shutDown(nil))
    }

    // MARK: Transport

    package var loop: any (SerialExecutor & TaskExecutor) { transferLoop }

    package func start(_ request: TransferRequest, handler: sending any TransferHandler) -> TransferID {
        let box = HandedOver(handler: handler)
        do {
            let prepared = try PreparedRequest(request)
            return transferLoop.submitStart { .start($0, prepared, box) }
        } catch {
            return transferLoop.submitStart { _ in .refuse(error, box) }
        }
    }

    package func cancel(_ transfer: TransferID) {
        transferLoop.submitUnlessShut(.cancel(transfer))
    }

    package func resume(_ transfer: TransferID) {
        transferLoop.submitUnlessShut(.resume(transfer))
    }

    // MARK: Life cycle

    /// Ends all transfers as ``TransportError/closed`` and the thread with them.
    ///
    /// Returns when every handler has heard of its end and all connections are closed. Transfers started later end as closed too. May be
    /// called more than once. Jobs of actors that live on ``loop`` go on being run.
    package func shutdown() async {
        await withCheckedContinuation { transferLoop.submit(.shutDown($0)) }
    }

    package var statistics: CurlTransportStatistics { counters.statistics }

    /// How long what other threads asked of the loop waited until the loop turned to it, in seconds.
    package var loopDelays: Histogram { transferLoop.delays }

    /// The thread's whole life.
    private static func run(_ engine: TransferEngine, on loop: TransferLoop) {
        loop.adoptCurrentThread()
        var jobs: [UnownedJob] = []
        while engine.assumeIsolated({ $0.turn() }) { loop.runJobs(reusing: &jobs) }
        let waiting = engine.assumeIsolated { $0.close() }
        loop.drain()
        for continuation in waiting { continuation.resume() }
    }
}
