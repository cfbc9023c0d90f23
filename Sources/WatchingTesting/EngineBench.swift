package import Foundation
package import Logging
package import RingbackCore
package import RingbackTesting
package import Store
import StoreSQLite
import Transport
package import Watching

/// An engine that runs on a real store, a scripted upstream and a clock that stands still.
package struct EngineBench {
    package static let upstreamName = UpstreamName(trusted: "vendor")
    package static let endpointName = EndpointName(trusted: "app")

    package let time: ManualTime
    package let transport: ScriptedTransport
    package let store: FaultyStore
    package let directory: EndpointDirectory
    package let intake: RecordingIntake
    package let engine: WatchEngine

    package static func upstream(_ change: (inout Upstream) -> Void = { _ in }) -> Upstream {
        var upstream = Upstream(name: upstreamName, baseURL: "http://127.0.0.1:1/v1", apiKey: Secret("sk-test"))
        change(&upstream)
        return upstream
    }

    /// An endpoint that asks for everything.
    package static let endpoint = Endpoint(
        name: endpointName, origin: .api, target: .webhook(WebhookTarget(url: "http://127.0.0.1:2/", secrets: [])),
        events: ["response.*", "watch.*"].compactMap(EventPattern.init)
    )

    /// Registers a watch, as the API does.
    @discardableResult
    package func register(_ response: String = "resp_1", _ change: (inout NewWatch) -> Void = { _ in }) async throws -> WatchID {
        var watch = NewWatch(upstream: Self.upstreamName, response: ResponseID(trusted: response))
        change(&watch)
        _ = try await store.register(watch, now: time.wallNow)
        return watch.id
    }

    /// Moves the clock from deadline to deadline until the engine sends a request.
    package func callLater() async throws -> ScriptedCall {
        while true {
            if let call = transport.takeCall() { return call }
            try await moveToNextDeadline()
        }
    }

    /// Moves the clock from deadline to deadline until `condition` holds.
    package func moveClock(until condition: () async throws -> Bool) async throws {
        while try await !condition() { try await moveToNextDeadline() }
    }

    /// Two of the engine's loops always sleep for a few seconds at most. Only when both do, the clock moves: else it would run away from an
    /// engine that waits for its disk.
    private func moveToNextDeadline() async throws {
        repeat {
            try Task.checkCancellation()
            _ = await engine.snapshot()
        } while time.sleeperCount < 2
        time.advanceToNextDeadline()
    }

    package func watch(_ id: WatchID) async throws -> Watch? {
        try await store.watch(id)
    }
}

/// Runs `body` beside an engine, then stops the engine and checks that nothing of it is left.
package func withEngine(
    _ upstream: Upstream? = EngineBench.upstream(), options: WatchEngineOptions = WatchEngineOptions(),
    endpoints: [Endpoint] = [EngineBench.endpoint],
    _ body: (EngineBench) async throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        let time = ManualTime()
        let store = try openStore(in: directory, time: time)
        try await withEngine(on: store, time: time, upstream: upstream, options: options, endpoints: endpoints, body)
        await store.close()
    }
}

/// Runs `body` beside an engine on a given store.
package func withEngine(
    on store: any Store, node: String = "node-1", time: ManualTime, upstream: Upstream? = EngineBench.upstream(),
    options: WatchEngineOptions = WatchEngineOptions(), endpoints: [Endpoint] = [EngineBench.endpoint],
    _ body: (EngineBench) async throws -> Void
) async throws {
    let node = NodeID(node)
    let faulty = FaultyStore(store)
    let intake = RecordingIntake(node: node)
    let transport = ScriptedTransport()
    let directory = EndpointDirectory(endpoints)
    let engine = WatchEngine(
        node: node, upstreams: upstream.map { [$0] } ?? [], transport: transport, store: faulty, directory: directory, intake: intake,
        time: time,
        dice: Dice(SeededGenerator(seed: 1)), logger: silentLogger, options: options
    )
    let bench = EngineBench(time: time, transport: transport, store: faulty, directory: directory, intake: intake, engine: engine)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await engine.run() }
        defer { group.cancelAll() }
        try await body(bench)
    }
}

package func openStore(in directory: URL, time: any TimeSource) throws -> any Store {
    try SQLiteStore(path: directory.appending(path: "ringback.db").path, time: time, logger: silentLogger)
}

package let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension ScriptedCall {
    /// Answers with the head of an event stream.
    package func openStream() async {
        await head(200, [(name: "content-type", value: "text/event-stream; charset=utf-8")])
    }

    package func event(_ data: String) async {
        await send("data: \(data)\n\n")
    }

    package func event(_ type: String, _ data: String) async {
        await send("event: \(type)\ndata: \(data)\n\n")
    }

    /// Answers with JSON.
    package func json(_ status: Int = 200, _ body: String) async {
        await answer(status, [(name: "content-type", value: "application/json")], body: body)
    }

    /// Answers with a response object.
    package func respond(_ status: String, more: String = "") async {
        await json(200, #"{"id":"resp_1","status":"\#(status)"\#(more)}"#)
    }
}
