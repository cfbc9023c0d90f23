import Foundation
import Logging
import NIOConcurrencyHelpers
import RingbackCore
import RingbackTesting
import Store
import StoreSQLite

@testable import Delivering

/// A sender's surroundings: a real store, a clock that a test moves, and scripted receivers.
struct Workbench: Sendable {
    let time: ManualTime
    /// A real one, without faults.
    let sqlite: any Store
    let store: FaultyStore
    let directory: EndpointDirectory
    let receivers: [EndpointName: Receiver]
    /// The definitions by which destinations were made.
    let made = Journal<Endpoint>()
    var needsResponse = false

    static let upstream = UpstreamName(trusted: "default")
    /// No jitter: waits are exact.
    static let retry = RetryPolicy(schedule: [.seconds(5), .seconds(30), .seconds(300)], jitter: 0)

    static func endpoint(
        _ name: EndpointName, places: Int = 16, events: [EventPattern] = [.responses], retry: RetryPolicy = retry
    ) -> Endpoint {
        Endpoint(
            name: name, origin: .configuration, target: .webhook(WebhookTarget(url: "https://\(name).example", secrets: [])),
            events: events, retry: retry, maximumInFlight: places)
    }

    /// The engine's bounds in tests: attempts under way at the end are cut short at once.
    static let options = DeliveryEngineOptions(drainLimit: .zero)

    func engine(
        node: String = "node-1", options: DeliveryEngineOptions = options, store: FaultyStore? = nil,
        make: (@Sendable (Endpoint) throws -> any Destination)? = nil
    ) -> DeliveryEngine {
        let receivers = receivers
        let made = made
        let needsResponse = needsResponse
        return DeliveryEngine(
            node: NodeID(node), store: store ?? self.store, directory: directory, time: time, dice: Dice(SeededGenerator(seed: 1)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, options: options,
            makeDestination: make ?? { endpoint in
                made.append(endpoint)
                let name: EndpointName = endpoint.origin == .callback ? "callback" : endpoint.name
                guard let receiver = receivers[name] else { throw InvalidIdentifierForTest() }
                return ScriptedDestination(endpoint: endpoint, receiver: receiver, needsResponse: needsResponse)
            })
    }

    /// Writes an event about a response with one waiting delivery per endpoint.
    @discardableResult
    func raise(_ response: String, to endpoints: EndpointName...) async throws -> [DeliveryID] {
        let event = event(response)
        _ = try await sqlite.record(event, recipients: endpoints.map { Recipient(endpoint: $0) }, now: time.wallNow)
        return endpoints.map { DeliveryID(event: event.id, endpoint: $0) }
    }

    func event(_ response: String) -> Event {
        let id = ResponseID(trusted: response)
        return Event(
            id: EventID(upstream: Self.upstream, response: id, type: .responseCompleted), type: .responseCompleted, createdAt: time.wallNow,
            watch: nil, upstream: Self.upstream, response: id, data: Array(#"{"id":"\#(response)"}"#.utf8))
    }

    func status(of delivery: DeliveryID) async throws -> Delivery.Status? {
        try await sqlite.delivery(delivery)?.status
    }
}

struct InvalidIdentifierForTest: Error {}

extension EndpointName: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self.init(trusted: value) }
}

/// Sets up a store in a temporary directory with endpoints and their receivers.
func withWorkbench(
    _ endpoints: [Endpoint], _ receivers: [EndpointName: Receiver], needsResponse: Bool = false, _ body: (Workbench) async throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        let time = ManualTime(wall: start)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let sqlite = try SQLiteStore(path: directory.appending(path: "ringback.db").path, time: time, logger: logger)
        let bench = Workbench(
            time: time, sqlite: sqlite, store: FaultyStore(sqlite), directory: EndpointDirectory(endpoints), receivers: receivers,
            needsResponse: needsResponse)
        do {
            try await body(bench)
        } catch {
            await sqlite.close()
            throw error
        }
        await sqlite.close()
    }
}

/// Lets an engine work while `body` runs, then stops it and waits until nothing of it is left.
func running(_ engine: DeliveryEngine, _ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await engine.run() }
        // Leaving this closure in either way cancels nothing by itself: a sender must be told.
        defer { group.cancelAll() }
        try await body()
    }
}
