package import AddressGuard
package import Logging
package import Presets
package import ResponsesAPI
package import RingbackCore
package import Spans
package import Store

/// Everything the API needs from the rest of the node. It writes rows and reads rows; the closures are the only other way out.
package struct ControlDependencies: Sendable {
    package var store: any Store
    /// What changes, for those who listen.
    package var feed: ChangeFeed
    /// The API keeps it in step with the endpoints it changes in the store.
    package var directory: EndpointDirectory
    /// The upstreams as they are configured now; the first one is the default.
    package var upstreams: @Sendable () -> [Upstream]
    package var client: @Sendable (UpstreamName) -> ResponsesClient?
    /// The tokens as they are configured now. With none, every caller on this machine may do everything.
    package var tokens: @Sendable () -> [AccessToken]
    /// The creates that the proxy has under way.
    package var intents: IntentLedger
    package var time: any TimeSource
    package var logger: Logger
    /// `nil`: nobody wants spans.
    package var spans: SpanSource?
    /// Sends an event, and the response object it is about, to an endpoint by the very way deliveries go, and tells what came of it. Nothing
    /// is recorded.
    package var testEndpoint: @Sendable (Endpoint, Event, [UInt8]?) async -> Attempt
    /// What the engine knows about the upstreams it follows.
    package var upstreamStates: @Sendable () async -> [UpstreamName: UpstreamState]
    package var liveProgress: @Sendable (WatchID) async -> LiveProgress?
    /// How an endpoint does; `nil` when it was not sent anything yet.
    package var breaker: @Sendable (EndpointName) -> BreakerStatus?
    /// How the attempts at an endpoint went lately.
    package var history: @Sendable (EndpointName) async -> AttemptHistory
    /// Why the node is not ready, in sentences for an operator; empty when it is.
    package var readiness: @Sendable () async -> [String]
    /// The node's figures, for `/metrics`. Each family comes once.
    package var metrics: @Sendable () async -> [MetricFamily]
    /// Called after the directory has changed, before the API answers.
    package var endpointsChanged: @Sendable () async -> Void
    /// The judge of callbacks' URLs as it is configured now.
    package var callbackGuard: @Sendable () -> CallbackGuard
    /// The proxy for all callbacks as it is configured now.
    package var egressProxy: @Sendable () -> EgressProxy?
    /// The presets there are now.
    package var presets: @Sendable () -> PresetLibrary
    /// Says what the guard thinks of a URL and of where it leads.
    package var explain: @Sendable (String) async -> GuardExplanation
    /// What became of vendors' webhooks; for metrics.
    package var ingestCounts: IngestCounts
    /// How long final response objects are kept; for people.
    package var responseRetention: @Sendable () -> Duration
    /// Reads the configuration again and takes it over, or changes nothing.
    package var reload: @Sendable () async throws(ReloadRefusal) -> ReloadObject

    package init(
        store: any Store,
        feed: ChangeFeed,
        directory: EndpointDirectory,
        upstreams: @escaping @Sendable () -> [Upstream],
        client: @escaping @Sendable (UpstreamName) -> ResponsesClient?,
        tokens: @escaping @Sendable () -> [AccessToken],
        intents: IntentLedger,
        time: any TimeSource,
        logger: Logger,
        spans: SpanSource? = nil,
        testEndpoint: @escaping @Sendable (Endpoint, Event, [UInt8]?) async -> Attempt,
        upstreamStates: @escaping @Sendable () async -> [UpstreamName: UpstreamState] = { [:] },
        liveProgress: @escaping @Sendable (WatchID) async -> LiveProgress? = { _ in nil },
        breaker: @escaping @Sendable (EndpointName) -> BreakerStatus? = { _ in nil },
        history: @escaping @Sendable (EndpointName) async -> AttemptHistory = { _ in AttemptHistory() },
        readiness: @escaping @Sendable () async -> [String] = { [] },
        metrics: @escaping @Sendable () async -> [MetricFamily] = { [] },
        endpointsChanged: @escaping @Sendable () async -> Void = {},
        callbackGuard: @escaping @Sendable () -> CallbackGuard,
        egressProxy: @escaping @Sendable () -> EgressProxy? = { nil },
        presets: @escaping @Sendable () -> PresetLibrary = { .empty },
        explain: @escaping @Sendable (String) async -> GuardExplanation,
        ingestCounts: IngestCounts = IngestCounts(),
        responseRetention: @escaping @Sendable () -> Duration = { .seconds(7 * 86_400) },
        reload: @escaping @Sendable () async throws(ReloadRefusal) -> ReloadObject = { () async throws(ReloadRefusal) in
            throw ReloadRefusal(problems: ["this server has no configuration to read again"])
        }
    ) {
        self.store = store
        self.feed = feed
        self.directory = directory
        self.upstreams = upstreams
        self.client = client
        self.tokens = tokens
        self.intents = intents
        self.time = time
        self.logger = logger
        self.spans = spans
        self.testEndpoint = testEndpoint
        self.upstreamStates = upstreamStates
        self.liveProgress = liveProgress
        self.breaker = breaker
        self.history = history
        self.readiness = readiness
        self.metrics = metrics
        self.endpointsChanged = endpointsChanged
        self.callbackGuard = callbackGuard
        self.egressProxy = egressProxy
        self.presets = presets
        self.explain = explain
        self.ingestCounts = ingestCounts
        self.responseRetention = responseRetention
        self.reload = reload
    }

    /// The names that requests may use now.
    var knownNames: KnownNames {
        KnownNames(upstreams: upstreams().map(\.name), endpoints: directory.all.map(\.name), presets: presets())
    }

    /// The upstream a path of the proxy means: the one it names, or the default; `nil` when there is none.
    func upstream(relayedBy parameters: [String: String]) -> Upstream? {
        guard let name = parameters["upstream"] else { return upstreams().first }
        return upstreams().first { $0.name.rawValue == name }
    }
}
