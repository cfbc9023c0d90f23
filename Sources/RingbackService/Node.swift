import AddressGuard
import Control
import Cryptography
import Curl
import Dashboard
import Delivering
import Destinations
import Hummingbird
package import Logging
import ResponsesAPI
package import RingbackCore
import Sealing
import ServiceLifecycle
package import Settings
import SpanExport
import Spans
import Store
import StoreSQLite
import Transport
import Watching

/// One running Ringback: the store, the two transfer loops, the two engines and the API, built from settings.
///
/// The parts meet in the store. What this root adds between them are shortcuts that may fail without harm: new deliveries are handed to the
/// sender in memory, and the API asks the engine for progress that is not written back yet.
package struct Node: Service {
    /// The settings the process was started with; what a reload can change is read from ``live``.
    private let settings: Settings
    private let live: LiveSettings
    private let reloader: Reloader
    private let endpointLoader: EndpointLoader
    private let store: SQLiteStore
    private let upstreamTransport: CurlTransport
    private let deliveryTransport: CurlTransport
    /// Both `nil` when nobody wants spans.
    private let exporter: SpanExporter?
    private let traceTransport: CurlTransport?
    private let directory: EndpointDirectory
    private let watching: WatchEngine
    private let delivering: DeliveryEngine
    private let heartbeat: Heartbeat
    private let intents: IntentLedger
    private let reconciler: IntentReconciler
    private let nodeMetrics: NodeMetrics
    private let feed: ChangeFeed
    private let ingestCounts = IngestCounts()
    private let time: any TimeSource
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// Opens the store and starts the transfer loops; nothing is claimed and nobody is served before ``run()``.
    ///
    /// - Parameters:
    ///   - source: Reads the configuration once more, for a reload; `nil` where it came from nowhere.
    ///   - logLevel: What a reload turns; `nil` where the level is not the configuration's to say.
    ///   - onListening: Called once with the port of the API, when it accepts connections.
    /// - Throws: ``NodeError`` with what to do about it.
    package init(
        settings: Settings, source: (@Sendable () async throws(SettingsErrors) -> Settings)? = nil, time: any TimeSource = SystemTime(),
        logger: Logger, logLevel: LogLevelSwitch? = nil,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) async throws(NodeError) {
        self.settings = settings
        self.time = time
        self.logger = logger
        self.onListening = onListening
        let node = NodeID(Hex.encode(SecureRandom.bytes(8)))
        let dice = Dice()
        let store = try Self.openStore(settings, time: time, logger: logger)
        self.store = store
        let mailTransport: CurlMailTransport
        do {
            mailTransport = try CurlMailTransport()
            upstreamTransport = try CurlTransport(options: Self.upstreamOptions(settings), logger: logger)
            deliveryTransport = try CurlTransport(options: Self.deliveryOptions, logger: logger)
            traceTransport = settings.tracing == nil ? nil : try CurlTransport(options: Self.traceOptions, logger: logger)
        } catch {
            throw NodeError("the transfer loops cannot start: \(error)")
        }
        exporter = settings.tracing.flatMap { [traceTransport] target in
            traceTransport.map { SpanExporter(target, transport: $0, time: time, logger: logger) }
        }
        let spans = exporter?.source
        let endpointLoader = EndpointLoader(store: store, time: time, logger: logger)
        self.endpointLoader = endpointLoader
        let directory: EndpointDirectory
        do {
            directory = EndpointDirectory(try await endpointLoader.endpoints(of: settings))
        } catch {
            throw NodeError("the endpoints cannot be read: \(error)")
        }
        self.directory = directory
        let deliveryTransport = deliveryTransport
        let upstreamTransport = upstreamTransport
        let live = LiveSettings(LiveSettings.Snapshot(settings, upstreamTransport: upstreamTransport))
        self.live = live
        let surroundings = DestinationFactory.Surroundings(
            transport: deliveryTransport, callbackGuard: { live.now.callbackGuard },
            egressProxy: { live.now.settings.security.egressProxy }, presets: { live.now.settings.presets },
            publicURL: { live.now.settings.publicURL }, records: store, mail: mailTransport, time: time)
        delivering = DeliveryEngine(
            node: node, store: store, directory: directory, time: time, dice: dice, logger: logger, spans: spans,
            options: DeliveryEngineOptions(drainLimit: settings.shutdownTimeout), loop: deliveryTransport.loop
        ) { endpoint in
            try DestinationFactory.make(endpoint, in: surroundings)
        }
        watching = WatchEngine(
            node: node, upstreams: settings.upstreams, transport: upstreamTransport, store: store, directory: directory,
            intake: delivering.places, time: time, dice: dice, logger: logger, spans: spans, options: Self.watchOptions(settings)
        )
        feed = ChangeFeed(store: store, time: time, logger: logger)
        heartbeat = Heartbeat(node: node, store: store, time: time, logger: logger)
        let (watching, delivering) = (watching, delivering)
        reloader = Reloader(
            source: source, live: live,
            parts: Reloader.Parts(
                build: { LiveSettings.Snapshot($0, upstreamTransport: upstreamTransport) },
                check: { endpoint, new in
                    var surroundings = surroundings
                    surroundings.callbackGuard = { new.callbackGuard }
                    surroundings.presets = { new.settings.presets }
                    _ = try DestinationFactory.make(endpoint, in: surroundings)
                },
                readEndpoints: { settings throws(StoreError) in try await endpointLoader.endpoints(of: settings) },
                setLogLevel: { logLevel?.level = Logger.Level($0) }, directory: directory,
                replaceUpstreams: { await watching.replaceUpstreams($0) },
                endpointsChanged: {
                    await delivering.endpointsChanged()
                    await endpointLoader.prepareInboxes(of: directory.all)
                }
            ),
            time: time, logger: logger)
        intents = IntentLedger(node: node, store: store, time: time)
        reconciler = IntentReconciler(
            ledger: intents, store: store, client: { live.now.clients[$0] }, time: time, logger: logger)
        nodeMetrics = NodeMetrics(
            startedAt: time.wallNow, store: store, watching: watching, delivering: delivering, ingestCounts: ingestCounts,
            reconciler: reconciler, reloader: reloader, upstreamTransport: upstreamTransport, deliveryTransport: deliveryTransport,
            exporter: exporter)
    }

    /// Reads the configuration again and takes it over whole, or not at all. What came of it is in the log and in the metrics.
    package func reload() async {
        // A refusal is told where operators look for it; a signal has nobody else to tell.
        _ = try? await reloader.reload()
    }

    /// Returns when both engines, and the loops they live on, have answered.
    package func answers() async {
        _ = await delivering.snapshot()
        _ = await watching.snapshot()
    }

    /// Works until cancelled or shut down gracefully; then drains, closes the store and returns when nothing is left.
    ///
    /// - Throws: ``NodeError`` when the address cannot be listened on or the store does not work.
    package func run() async throws {
        do {
            try await heartbeat.announce()
        } catch {
            await close()
            throw NodeError("the store does not take a row: \(error)")
        }
        await endpointLoader.prepareInboxes(of: directory.all)
        // Shutdown runs from the end of the list to its beginning: first the live feed, then no more requests, then no more events, then the last deliveries.
        var services: [any Service] = [
            heartbeat,
            Janitor(retention: { [live] in live.now.settings.retention }, store: store, time: time, logger: logger),
            EngineService { [delivering] in await delivering.run() },
            EngineService { [watching] in await watching.run() },
            EngineService { [reconciler] in await reconciler.run() },
            application(),
            // Before the server: it waits for the requests under way, and whoever listens stays until the feed ends.
            EngineService { [feed] in await feed.run() },
        ]
        // Shut down last: what the others do until their end has spans, too.
        if let exporter { services.insert(EngineService { await exporter.run() }, at: 0) }
        let result: Swift.Result<Void, any Error>
        do {
            try await ServiceGroup(services: services, logger: logger).run()
            result = .success(())
        } catch {
            result = .failure(NodeError(serving: settings.listen, error))
        }
        await close()
        try result.get()
    }

    private func close() async {
        await upstreamTransport.shutdown()
        await deliveryTransport.shutdown()
        await traceTransport?.shutdown()
        await store.close()
    }

    // MARK: Parts

    private static func openStore(_ settings: Settings, time: any TimeSource, logger: Logger) throws(NodeError) -> SQLiteStore {
        switch settings.store {
        case .sqlite(let path):
            do {
                let keys = SealingKeys(master: settings.masterKey, previous: settings.previousMasterKeys, besideStore: path)
                return try SQLiteStore(path: path, keys: keys, time: time, logger: logger)
            } catch {
                throw NodeError("\(path): \(error)")
            }
        case .postgres:
            throw NodeError("this version keeps its store in SQLite only: write store: sqlite:./data/ringback.db")
        }
    }

    private static func upstreamOptions(_ settings: Settings) -> CurlTransportOptions {
        // Every stream, the polls and confirming calls beside them, and what the proxy relays, with a client or after it.
        let streams = settings.upstreams.map(\.maximumStreams).reduce(0, +)
        return CurlTransportOptions(name: "upstreams", maxTransfers: min(streams + 5000, 60_000))
    }

    private static func watchOptions(_ settings: Settings) -> WatchEngineOptions {
        var options = WatchEngineOptions()
        options.maximumResponseBytes = settings.retention.maximumResponseSize.bytes
        return options
    }

    private static let deliveryOptions = CurlTransportOptions(name: "deliveries", shards: 4, maxConnectsPerShard: 256, maxTransfers: 2000)

    private static let traceOptions = CurlTransportOptions(name: "traces", maxTransfers: 16)

    private func application() -> some Service {
        let places = delivering.places
        let live = live
        let explainer = CallbackExplainer(
            callbackGuard: { live.now.callbackGuard }, egressProxy: { live.now.settings.security.egressProxy }, transport: deliveryTransport
        )
        let dependencies = ControlDependencies(
            store: store, feed: feed, directory: directory, upstreams: { live.now.settings.upstreams }, client: { live.now.clients[$0] },
            tokens: { live.now.tokens }, intents: intents, time: time, logger: logger, spans: exporter?.source,
            testEndpoint: { [delivering] endpoint, event, response in await delivering.test(endpoint, event: event, response: response) },
            upstreamStates: { [watching, time] in
                let now = time.wallNow
                return Dictionary(
                    await watching.upstreamSnapshots().map { ($0.name, UpstreamState($0, now: now)) },
                    uniquingKeysWith: { first, _ in first })
            },
            liveProgress: { [watching] id in await watching.liveProgress(of: id).map(LiveProgress.init) },
            breaker: { places.breakerStatus($0) },
            history: { [delivering] in await delivering.history(of: $0) },
            readiness: { [readiness] in await readiness() },
            metrics: { [nodeMetrics] in await nodeMetrics.collect() },
            endpointsChanged: { [delivering] in await delivering.endpointsChanged() },
            callbackGuard: { live.now.callbackGuard },
            egressProxy: { live.now.settings.security.egressProxy },
            presets: { live.now.settings.presets },
            explain: { await explainer.explain($0) },
            ingestCounts: ingestCounts,
            responseRetention: { live.now.settings.retention.responses },
            reload: { [reloader] () async throws(ReloadRefusal) in try await reloader.reload() }
        )
        return makeApplication(
            router: makeRouter(dependencies, pages: Dashboard(dependencies).routes),
            listener: ControlListener(host: settings.listen.host, port: settings.listen.port),
            logger: logger
        ) { [settings, onListening, logger] port in
            logger.info(
                "Ringback is ready", metadata: ["listen": "\(settings.listen.host):\(port)", "version": "\(RingbackVersion.current)"])
            await onListening(port)
        }
    }

    /// Why the node is not ready, in sentences for an operator.
    @Sendable private func readiness() async -> [String] {
        var problems: [String] = []
        do {
            try await store.checkReadiness()
        } catch {
            problems.append("\(error)")
        }
        if let trouble = await delivering.snapshot().storeTrouble { problems.append("deliveries cannot be recorded: \(trouble)") }
        if await watching.snapshot().storeIsFailing {
            problems.append("the ends of watches cannot be written: the store does not take them")
        }
        return problems
    }
}

/// An engine as a service: it ends by cancellation, which a graceful shutdown turns into.
private struct EngineService: Service {
    let body: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown { await body() }
    }
}

extension LiveProgress {
    fileprivate init(_ progress: FollowingProgress) {
        self.init(status: progress.status, following: progress.following, sequenceNumber: progress.sequenceNumber)
    }
}
