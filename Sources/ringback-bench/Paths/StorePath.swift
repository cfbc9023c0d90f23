import Logging
import ResponsesAPI
import RingbackCore
import Store
import StoreSQLite

/// The store's part of a response's life, on a fresh SQLite file with the durability it ships with.
struct StorePath {
    /// How many go into one commit: what piles up behind a flush on a busy day.
    private static let together = 50
    private static let endpoint = EndpointName(trusted: "hook")
    private static let upstream = UpstreamName(trusted: "default")
    private static let node = NodeID("bench")

    private let store: SQLiteStore
    private let time = SystemTime()

    init(scratch: String) throws {
        store = try SQLiteStore(
            path: "\(scratch)/paths.db", time: time, logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    func register(_ count: Int) async throws {
        guard try await watches(count).count == count else { throw BenchError("not all watches were claimed") }
        await store.close()
    }

    func end(_ count: Int) async throws {
        try await end(try await watches(count))
        await store.close()
    }

    func claim(_ count: Int) async throws {
        try await end(try await watches(count))
        guard try await claimAll().count == count else { throw BenchError("not all deliveries were claimed") }
        await store.close()
    }

    func record(_ count: Int) async throws {
        try await end(try await watches(count))
        try await inGroups(try await claimAll()) { job in
            let attempt = Attempt(
                number: 1, startedAt: time.wallNow, outcome: .succeeded, httpStatus: 200, error: nil, detail: nil, retryAfter: nil,
                responseHeaders: [ResponseHeader(name: "content-length", value: "0")], responseBody: [], timing: AttemptTiming(),
                address: "127.0.0.1")
            let row = AttemptResultRow(
                delivery: job.delivery.id, lease: job.lease, attempt: attempt, next: .delivered, deathNotice: nil, now: time.wallNow)
            guard try await store.record(row) != nil else { throw BenchError("an attempt was not recorded") }
        }
        await store.close()
    }

    private func watches(_ count: Int) async throws -> [ClaimedWatch] {
        try await inGroups(Array(0..<count)) { number in
            let watch = NewWatch(upstream: Self.upstream, response: ResponseID(trusted: ResponseName.id(of: number)))
            _ = try await store.register(watch, now: time.wallNow)
        }
        try await store.heartbeat(Self.node, now: time.wallNow, until: time.wallNow + .seconds(3600))
        return try await store.claimWatches(for: Self.node, now: time.wallNow, limit: count)
    }

    private func end(_ watches: [ClaimedWatch]) async throws {
        try await inGroups(watches) { claimed in
            let watch = claimed.watch
            let response = try terminalResponse(of: watch.response)
            let now = time.wallNow
            let event = Event(
                id: EventID(upstream: watch.upstream, response: watch.response, type: .responseCompleted), type: .responseCompleted,
                createdAt: now, watch: watch.id, upstream: watch.upstream, response: watch.response,
                data: Array("{\"id\":\"\(watch.response)\"}".utf8))
            let ending = WatchEnding(
                id: watch.id, lease: claimed.lease, status: .completed, event: event, response: response.bytes, model: response.model,
                usage: response.usage, sequenceNumber: 42, lastError: nil, recipients: [Recipient(endpoint: Self.endpoint)])
            guard try await store.end(ending) != nil else { throw BenchError("a watch did not end") }
        }
    }

    private func terminalResponse(of id: ResponseID) throws -> ResponseObject {
        var reader = ResponseStreamReader(response: id, cursor: nil)
        let piece = Array(ResponseBytes.terminalEvent(id.rawValue, sequenceNumber: 42).utf8)
        guard case .terminal(let response)? = reader.receive(piece.span).first else { throw BenchError("an end was not recognized") }
        return response
    }

    private func claimAll() async throws -> [DeliveryJob] {
        var jobs: [DeliveryJob] = []
        while true {
            let lane = DeliveryClaim.Lane(endpoint: Self.endpoint, limit: Self.together, reservedForRetries: 0)
            let claim = DeliveryClaim(node: Self.node, lanes: [lane], now: time.wallNow, until: time.wallNow + .seconds(600))
            let claimed = try await store.claimDeliveries(claim)
            guard !claimed.isEmpty else { return jobs }
            jobs += claimed
        }
    }

    private func inGroups<Element: Sendable>(_ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Void) async throws
    {
        for start in stride(from: 0, to: elements.count, by: Self.together) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for element in elements[start..<min(start + Self.together, elements.count)] { group.addTask { try await body(element) } }
                try await group.waitForAll()
            }
        }
    }
}
