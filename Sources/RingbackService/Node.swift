import AddressGuard
import Control
import Cryptography
import Curl
import Delivering
import Destinations
import Hummingbird
package import Logging
import ResponsesAPI
package import RingbackCore
import Sealing
import ServiceLifecycle
package import Settings
import Store
import StoreSQLite
import Transport
import Watching

/// One running Ringback: the store, the two transfer loops, the two engines and the API, built from settings.
///
/// The parts meet in the store. What this root adds between them are shortcuts that may fail without harm: new deliveries are handed to the
/// sender in memory, and the API asks the engine for progress that is not written back yet.
package struct Node: Service {
    private let settings: Settings
    private let store: SQLiteStore
    private let upstreamTransport: CurlTransport
    private let deliveryTransport: CurlTransport
    private let directory: EndpointDirectory
    private let watching: WatchEngine
    private let delivering: DeliveryEngine
    private let heartbeat: Heartbeat
    private let clients: [UpstreamName: ResponsesClient]
    private let intents: IntentLedger
    private let reconciler: IntentReconciler
    private let nodeMetrics: NodeMetrics
    private let ingestCounts = IngestCounts()
    private let time: any TimeSource
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// Opens the store and starts the transfer loops; nothing is claimed and nobody is served before ``run()``.
    ///
    /// - Parameter onListening: Called once with the port of the API, when it accepts connections.
    /// - Throws: ``NodeError`` with what to do about it.
    package init(
        settings: Settings, time: any TimeSource = SystemTime(), logger: Logger,
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
        do {
            upstreamTransport = try CurlTransport(options: Self.upstreamOptions(settings), logger: logger)
            deliveryTransport = try CurlTransport(options: Self.deliveryOptions, logger: logger)
        } catch {
            throw NodeError("the transfer loops cannot start: \(error)")
        }
        do {
            directory = EndpointDirectory(try await Self.endpoints(settings, store: store, logger: logger))
        } catch {
            throw NodeError("the endpoints cannot be read: \(error)")
        }
        let deliveryTransport = deliveryTransport
        let callbackGuard = CallbackGuard(settings.security)
        delivering = DeliveryEngine(
            node: node, store: store, directory: directory, time: time, dice: dice, logger: logger,
            options: DeliveryEngineOptions(drainLimit: settings.shutdownTimeout), loop: deliveryTransport.loop
        ) { endpoint in
            try DestinationFactory.make(endpoint, transport: deliveryTransport, callbackGuard: { callbackGuard }, time: time)
        }
        watching = WatchEngine(
            node: node, upstreams: settings.upstreams, transport: upstreamTransport, store: store, directory: directory,
            intake: delivering.places, time: time, dice: dice, logger: logger, options: Self.watchOptions(settings)
        )
        heartbeat = Heartbeat(node: node, store: store, time: time, logger: logger)
        let clients = Dictionary(
            settings.upstreams.map { [upstreamTransport] in ($0.name, ResponsesClient(upstream: $0, transport: upstreamTransport)) },
            uniquingKeysWith: { first, _ in first })
        self.clients = clients
        intents = IntentLedger(node: node, store: store, time: time)
        reconciler = IntentReconciler(ledger: intents, store: store, client: { clients[$0] }, time: time, logger: logger)
        nodeMetrics = NodeMetrics(
            startedAt: time.wallNow, store: store, watching: watching, delivering: delivering, ingestCounts: ingestCounts,
            reconciler: reconciler)
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
        await prepareInboxes()
        // Shutdown runs from the end of the list to its beginning: first no more requests, then no more events, then the last deliveries.
        let services: [any Service] = [
            heartbeat,
            Janitor(retention: settings.retention, store: store, time: time, logger: logger),
            EngineService { [delivering] in await delivering.run() },
            EngineService { [watching] in await watching.run() },
            EngineService { [reconciler] in await reconciler.run() },
            application(),
        ]
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

    /// Makes the inboxes, so that scripts can wait at them before the first file, and so that an operator hears of trouble at once.
    private func prepareInboxes() async {
        for endpoint in directory.all {
            guard case .inbox(let target) = endpoint.target else { continue }
            do {
                let inbox = try InboxDestination(target, timeout: endpoint.timeout, time: time)
                try await inbox.prepare()
                for warning in inbox.warnings {
                    logger.warning(
                        "An inbox is not as it should be.", metadata: ["endpoint.name": "\(endpoint.name)", "warning": "\(warning)"])
                }
            } catch {
                // Every delivery tries again; until then it is a failed attempt with this reason.
                logger.error(
                    "An inbox cannot be used; deliveries to it are tried again.",
                    metadata: ["endpoint.name": "\(endpoint.name)", "error": "\(error)"])
            }
        }
    }

    private func close() async {
        await upstreamTransport.shutdown()
        await deliveryTransport.shutdown()
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

    /// The configuration's endpoints and the store's, each enabled or disabled as was last decided.
    private static func endpoints(_ settings: Settings, store: SQLiteStore, logger: Logger) async throws(StoreError) -> [Endpoint] {
        let disabled = try await store.disabledEndpoints()
        let configured = Set(settings.endpoints.map(\.name))
        var endpoints = settings.endpoints
        for endpoint in try await store.storedEndpoints() {
            if configured.contains(endpoint.name) {
                // The operator's word counts; the API's endpoint of that name comes back when the file no longer has it.
                logger.warning(
                    "the configuration hides an endpoint of the same name that the API made",
                    metadata: ["endpoint.name": "\(endpoint.name)"])
            } else {
                endpoints.append(endpoint)
            }
        }
        return endpoints.map { endpoint in
            var endpoint = endpoint
            endpoint.isEnabled = endpoint.isEnabled && disabled[endpoint.name] == nil
            endpoint.disabledReason = disabled[endpoint.name] ?? endpoint.disabledReason
            return endpoint
        }
    }

    private func application() -> some Service {
        let upstreams = settings.upstreams
        let tokens = settings.tokens.map(AccessToken.init)
        let places = delivering.places
        let callbackGuard = CallbackGuard(settings.security)
        let explainer = CallbackExplainer(callbackGuard: { callbackGuard }, transport: deliveryTransport)
        let dependencies = ControlDependencies(
            store: store, directory: directory, upstreams: { upstreams }, client: { [clients] in clients[$0] }, tokens: { tokens },
            intents: intents, time: time, logger: logger,
            testEndpoint: { [delivering] endpoint, event, response in await delivering.test(endpoint, event: event, response: response) },
            upstreamStates: { [watching, time] in
                let now = time.wallNow
                return Dictionary(
                    await watching.snapshot().upstreams.map { ($0.name, UpstreamState($0, now: now)) },
                    uniquingKeysWith: { first, _ in first })
            },
            liveProgress: { [watching] id in await watching.liveProgress(of: id).map(LiveProgress.init) },
            breaker: { places.breakerStatus($0) },
            readiness: { [readiness] in await readiness() },
            metrics: { [nodeMetrics] in await nodeMetrics.collect() },
            endpointsChanged: { [delivering] in await delivering.endpointsChanged() },
            callbackGuard: { callbackGuard },
            explain: { await explainer.explain($0) },
            ingestCounts: ingestCounts,
            responseRetention: settings.retention.responses
        )
        return makeApplication(
            router: makeRouter(dependencies), listener: ControlListener(host: settings.listen.host, port: settings.listen.port),
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

extension CallbackGuard {
    fileprivate init(_ security: Settings.Security) {
        self.init(exceptions: security.allowNetworks, httpsOnly: security.httpsOnly)
    }
}

extension AccessToken {
    fileprivate init(_ token: APIToken) {
        self.init(name: token.name, token: token.token, scopes: Set(token.scopes.map(AccessScope.init)))
    }
}

extension AccessScope {
    fileprivate init(_ scope: APIToken.Scope) {
        switch scope {
        case .admin: self = .admin
        case .submit: self = .submit
        case .read: self = .read
        }
    }
}

extension LiveProgress {
    fileprivate init(_ progress: FollowingProgress) {
        self.init(status: progress.status, following: progress.following, sequenceNumber: progress.sequenceNumber)
    }
}
