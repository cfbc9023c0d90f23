import AddressGuard
import Control
import Curl
import Foundation
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import RawJSON
import ResponsesAPI
import RingbackCore
import RingbackTesting
import Store
import StoreSQLite
import Testing

/// The real API on a real socket with a real store; only the clock, the test sender and the engine's live word are a test's.
struct ControlUnderTest: Sendable {
    struct Options {
        var tokens: [AccessToken] = []
        var endpoints: [Endpoint] = [.app, .audit]
        /// The fake upstream's port; the upstream of the other name has nobody listening.
        var upstreamPort: Int?
        var upstream: (inout Upstream) -> Void = { _ in }
        var problems: [String] = []
        var idleTimeout: Duration = .seconds(75)
        var metrics: [MetricFamily] = []
        var states: [UpstreamName: UpstreamState] = [:]
        var live: LiveProgress?
        var breaker: BreakerStatus?
        var testOutcome: Attempt.Outcome = .succeeded
        var callbackGuard = CallbackGuard()
        /// What every name resolves to.
        var addresses = [IPAddress("93.184.216.34")].compactMap { $0 }
    }

    static let node = NodeID("node-1")

    let store: SQLiteStore
    let directory: EndpointDirectory
    let time: ManualTime
    let probe: HTTPProbe
    /// Looks into creates whose answers got lost; a test runs it.
    let reconciler: IntentReconciler
    /// The events that were sent to be tested, with the endpoint and the response object.
    let tested: NIOLockedValueBox<[(Endpoint, Event, [UInt8]?)]>
    /// How often the rest of the node heard that the endpoints changed.
    let changes: NIOLockedValueBox<Int>
    let ingestCounts: IngestCounts
    let dependencies: ControlDependencies
    /// What the router itself says it serves.
    let registered: [(method: String, path: String)]

    var routes: [Route] { routeTable(dependencies) }

    /// Lends a running API to `body`.
    static func with(_ options: Options = Options(), _ body: @escaping @Sendable (ControlUnderTest) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            let time = ManualTime()
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let store = try SQLiteStore(path: folder.appending(path: "ringback.db").path(percentEncoded: false), time: time, logger: logger)
            let transport = try CurlTransport()
            let directory = EndpointDirectory(options.endpoints)
            let tested = NIOLockedValueBox<[(Endpoint, Event, [UInt8]?)]>([])
            let changes = NIOLockedValueBox(0)
            let ingestCounts = IngestCounts()
            var upstreams = [
                Upstream(name: .main, baseURL: "http://127.0.0.1:\(options.upstreamPort ?? 1)/v1", apiKey: Secret("upstream-key"))
            ]
            options.upstream(&upstreams[0])
            upstreams.append(Upstream(name: .other, baseURL: "http://127.0.0.1:1/v1"))
            let known = upstreams
            let (callbackGuard, addresses) = (options.callbackGuard, options.addresses)
            let (live, outcome, tokens, problems) = (options.live, options.testOutcome, options.tokens, options.problems)
            let (metrics, states, breaker) = (options.metrics, options.states, options.breaker)
            let client: @Sendable (UpstreamName) -> ResponsesClient? = { name in
                known.first { $0.name == name }.map { ResponsesClient(upstream: $0, transport: transport) }
            }
            let intents = IntentLedger(node: node, store: store, time: time)
            let reconciler = IntentReconciler(ledger: intents, store: store, client: client, time: time, logger: logger)
            let feed = ChangeFeed(store: store, time: time, logger: logger)
            let dependencies = ControlDependencies(
                store: store, feed: feed, directory: directory, upstreams: { known },
                client: client,
                tokens: { tokens }, intents: intents,
                time: time, logger: logger,
                testEndpoint: { endpoint, event, response in
                    tested.withLockedValue { $0.append((endpoint, event, response)) }
                    return .sample(outcome)
                },
                upstreamStates: { states }, liveProgress: { _ in live }, breaker: { _ in breaker }, readiness: { problems },
                metrics: { metrics },
                endpointsChanged: { changes.withLockedValue { $0 += 1 } },
                callbackGuard: { callbackGuard },
                explain: { text in
                    do throws(GuardRefusal) {
                        return GuardExplanation(callbackGuard, of: try callbackGuard.judge(text), leadingTo: addresses)
                    } catch {
                        return GuardExplanation(.refused(error), of: nil)
                    }
                },
                ingestCounts: ingestCounts
            )
            let router = makeRouter(dependencies)
            let registered = router.routes.map { (method: $0.method.rawValue, path: "\($0.path)") }
            try await serving(router, feed: feed, idleTimeout: options.idleTimeout, logger: logger) { port in
                try await body(
                    ControlUnderTest(
                        store: store, directory: directory, time: time, probe: HTTPProbe(port: port), reconciler: reconciler,
                        tested: tested, changes: changes, ingestCounts: ingestCounts, dependencies: dependencies, registered: registered
                    )
                )
            }
            await transport.shutdown()
            await store.close()
        }
    }

    private static func serving(
        _ router: Router<ControlContext>, feed: ChangeFeed, idleTimeout: Duration, logger: Logger,
        _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let application = makeApplication(router: router, listener: ControlListener(port: 0, idleTimeout: idleTimeout), logger: logger) {
            port in
            bound.yield(port)
            bound.finish()
        }
        // A child of its own, which ends with the body: the server does not wait for it.
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await feed.run() }
            try await running(application, ports: ports, body)
            group.cancelAll()
        }
    }

    // MARK: Rows

    /// A watch that completed with a response object that was not kept.
    func oversized(_ response: String, _ oversized: OversizedResponse) async throws {
        try await finished(response, for: [], oversized: oversized)
    }

    /// A watch that ended, with one delivery for each endpoint.
    @discardableResult
    func finished(
        _ response: String, as status: TerminalStatus = .completed, for endpoints: [EndpointName] = [.app],
        body: String = #"{"id":"x","status":"completed"}"#, oversized: OversizedResponse? = nil
    ) async throws -> Event {
        let id = ResponseID(trusted: response)
        _ = try await store.register(NewWatch(upstream: .main, response: id), now: time.wallNow)
        try await store.heartbeat(Self.node, now: time.wallNow, until: time.wallNow + .seconds(60))
        let claimed = try await store.claimWatches(for: Self.node, now: time.wallNow, limit: 10).first { $0.watch.response == id }
        let watch = try #require(claimed)
        let event = Event(
            id: EventID(upstream: .main, response: id, type: status.eventType), type: status.eventType, createdAt: time.wallNow,
            watch: watch.watch.id, upstream: .main, response: id, data: JSON(dictionaryLiteral: ("id", .string(response))).bytes
        )
        let ending = WatchEnding(
            id: watch.watch.id, lease: watch.lease, status: status.watchStatus, event: event,
            response: oversized == nil ? Array(body.utf8) : nil, model: "gpt-x",
            usage: Array(#"{"total_tokens":7}"#.utf8), sequenceNumber: 9, lastError: nil,
            recipients: endpoints.map { Recipient(endpoint: $0) }, oversized: oversized
        )
        _ = try #require(try await store.end(ending))
        return event
    }

    /// A delivery that was given up after one attempt.
    func dead(_ response: String, endpoint: EndpointName = .app, reason: DeadReason = .exhausted) async throws -> DeliveryID {
        let event = try await finished(response, for: [endpoint])
        try await attempt(endpoint, next: .dead(reason))
        return DeliveryID(event: event.id, endpoint: endpoint)
    }

    /// One attempt at the endpoint's due delivery.
    func attempt(_ endpoint: EndpointName, next: AttemptResultRow.Next) async throws {
        let job = try #require(try await claim(endpoint))
        let outcome: Attempt.Outcome = next == .delivered ? .succeeded : .failed
        let row = AttemptResultRow(
            delivery: job.delivery.id, lease: job.lease, attempt: .sample(outcome), next: next, deathNotice: nil, now: time.wallNow
        )
        _ = try #require(try await store.record(row))
    }

    func claim(_ endpoint: EndpointName) async throws -> DeliveryJob? {
        let lane = DeliveryClaim.Lane(endpoint: endpoint, limit: 1, reservedForRetries: 0)
        return try await store.claimDeliveries(
            DeliveryClaim(node: Self.node, lanes: [lane], now: time.wallNow, until: time.wallNow + .seconds(60))
        ).first
    }
}

/// Runs a server while `body` runs, and returns when nothing of it is left.
func running(
    _ application: some ApplicationProtocol, ports: AsyncStream<Int>, _ body: @escaping @Sendable (Int) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await application.run() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        do {
            try await body(port)
        } catch {
            group.cancelAll()
            throw error
        }
        group.cancelAll()
        do {
            try await group.waitForAll()
        } catch is CancellationError {
            // The server was ended on purpose.
        }
    }
}

extension UpstreamName {
    static let main = UpstreamName(trusted: "main")
    static let other = UpstreamName(trusted: "other")
}

extension EndpointName {
    static let app = EndpointName(trusted: "my-app")
    static let audit = EndpointName(trusted: "audit")
}

extension Endpoint {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    static let app = Endpoint(
        name: .app, origin: .configuration,
        target: .webhook(
            WebhookTarget(
                url: "https://app.example.com/hooks?key=hidden-in-query", secrets: [SigningSecret(Secret(secret))],
                headers: [HeaderField("X-Env", Secret("hidden-in-header"))]
            )
        )
    )
    static let audit = Endpoint(name: .audit, origin: .configuration, target: .inbox(InboxTarget(directory: "/var/lib/inbox")))
}

extension Attempt {
    static func sample(_ outcome: Outcome) -> Attempt {
        let status = outcome == .succeeded ? 204 : 500
        return Attempt(
            number: 1, startedAt: Timestamp(milliseconds: 1_790_000_000_123), outcome: outcome, httpStatus: status,
            error: outcome == .succeeded ? nil : .httpStatus, detail: nil, retryAfter: .seconds(2),
            responseHeaders: [ResponseHeader(name: "server", value: "test")], responseBody: Array("ok".utf8),
            timing: AttemptTiming(connect: .microseconds(1500), total: .milliseconds(12)), address: "127.0.0.1"
        )
    }
}
