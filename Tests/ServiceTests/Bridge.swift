import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RawJSON
import RingbackCore
import Testing

/// A bridge under test: its configuration file, its fixed port, and the process that runs it, if any.
struct Bridge: Sendable {
    let surroundings: Surroundings
    let port: Int
    let configuration: URL
    let storeDirectory: URL
    let inbox: URL

    var url: String { "http://127.0.0.1:\(port)" }

    /// Waits short enough for a test, and enough of them that no delivery dies.
    static let patientSchedule = Array(repeating: "500ms", count: 100)

    /// - Parameters:
    ///   - upstreamURL: The base URL of the upstream; `nil` for the sandbox.
    ///   - schedule: The waits of the endpoint `app`.
    ///   - notFoundGrace: How long a 404 of the upstream may be creation lag.
    ///   - events: Those of the endpoint `app`; so is the payload.
    ///   - upstreamLines: How the upstream is followed, and more about it, indented by four.
    init(
        _ surroundings: Surroundings, storeDirectory: URL? = nil, inbox: URL? = nil, upstreamURL: String? = nil,
        schedule: [String] = Bridge.patientSchedule, notFoundGrace: String = "30s", events: String = "[response.*]",
        payload: String = "thin", retention: String = "{}", upstreamLines: String = "poll: { interval: 200ms, max_interval: 1s }"
    ) throws {
        self.surroundings = surroundings
        port = try Self.freePort()
        self.storeDirectory = storeDirectory ?? surroundings.directory.appending(path: "data")
        self.inbox = inbox ?? surroundings.directory.appending(path: "inbox")
        configuration = surroundings.directory.appending(path: "ringback.yaml")
        let text = """
            listen: 127.0.0.1:\(port)
            store: sqlite:\(self.storeDirectory.path)/ringback.db
            upstreams:
              - name: default
                base_url: \(upstreamURL ?? surroundings.upstreamURL)
                \(upstreamLines)
                stream_idle_timeout: 5s
                requests_per_second: 500
                not_found_grace: \(notFoundGrace)
            endpoints:
              - name: app
                url: \(surroundings.receiverURL)
                secret: \(surroundings.secret.reveal())
                events: \(events)
                payload: \(payload)
                retry: { schedule: [\(schedule.joined(separator: ", "))], jitter: 0.2 }
              - name: scripts
                inbox: \(self.inbox.path)
                retry: { schedule: [\(Self.patientSchedule.joined(separator: ", "))], jitter: 0.2 }
            retention: \(retention)
            security: { allow_networks: [127.0.0.0/8] }
            """
        try text.write(to: configuration, atomically: true, encoding: .utf8)
    }

    /// Below the range the system hands out to outgoing connections, one of which could otherwise sit on the port while the bridge is down.
    static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 18_000..<30_000)
            guard handedOut.withLockedValue({ $0.insert(port).inserted }) else { continue }
            let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            guard let channel = try? bootstrap.bind(host: "127.0.0.1", port: port).wait() else { continue }
            try channel.close().wait()
            return port
        }
        throw BridgeError("no free port found")
    }

    /// No port is given to two tests: one of them may be down at the moment the other looks.
    private static let handedOut = NIOLockedValueBox<Set<Int>>([])

    func start(environment: [String: String] = [:], logLevel: String = "info") throws -> RingbackProcess {
        try RingbackProcess(
            ["serve", "--config", configuration.path, "--log-level", logLevel], environment: environment,
            directory: surroundings.directory, log: surroundings.directory.appending(path: "bridge.log")
        )
    }

    /// Waits until the bridge answers `/readyz` with 200.
    func waitUntilReady(within limit: Duration = .seconds(120)) async throws {
        try await eventually(within: limit, "the bridge is ready") {
            try await surroundings.client.get(url + "/readyz").status == 200
        }
    }

    /// Lends a running bridge to `body`. Afterwards SIGTERM has to end it cleanly.
    func lend(logLevel: String = "info", _ body: (RingbackProcess) async throws -> Void) async throws {
        let process = try start(logLevel: logLevel)
        do {
            try await waitUntilReady()
            try await body(process)
        } catch {
            await process.kill()
            throw error
        }
        let exit = await process.terminate()
        // Without an exit the test's time is up: the process must not outlive it.
        if exit == nil { await process.kill() }
        #expect(exit == RingbackProcess.Exit(status: 0, wasSignalled: false))
    }

    /// Registers a watch until the bridge acknowledges it, however often it is killed meanwhile.
    func register(_ response: String, within limit: Duration = .seconds(120)) async throws {
        try await eventually(within: limit, "the registration of \(response) is acknowledged") {
            let status = try await surroundings.client.post(url + "/v1/watches", "{\"response_id\": \"\(response)\"}").status
            return status == 200 || status == 201
        }
    }

    /// The names of the files in the inbox's `new`.
    func inboxFiles() throws -> [String] {
        let new = inbox.appending(path: "new").path
        guard FileManager.default.fileExists(atPath: new) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: new)
    }
}

struct BridgeError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Looks again and again until `condition` holds. Real processes give no signal that a test could wait for instead.
///
/// An error of the condition counts as "not yet": the bridge may be down at that moment.
func eventually(within limit: Duration, _ what: String, _ condition: () async throws -> Bool) async throws {
    let time = SystemTime()
    let deadline = time.now + limit
    while time.now < deadline {
        if (try? await condition()) == true { return }
        try await time.sleep(until: time.now + .milliseconds(20))
    }
    throw BridgeError("not within \(limit.text): \(what)")
}

extension Surroundings {
    /// Creates a background response in the sandbox, as a client that talks to the vendor itself would.
    func createResponse(_ script: [String: String]) async throws -> String {
        let metadata = script.map { "\"sandbox.\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
        let answer = try await client.post(
            upstreamURL + "/responses",
            "{\"model\": \"test\", \"input\": \"hi\", \"background\": true, \"stream_events\": true, \"metadata\": {\(metadata)}}"
        )
        return try #require(answer.json()["id"]?.string, "the sandbox answered \(answer.status): \(answer.text)")
    }
}

extension Surroundings {
    /// Responses that end at once with one outcome.
    func createResponses(_ count: Int, _ outcome: String) async throws -> [String] {
        var responses: [String] = []
        for _ in 0..<count { responses.append(try await createResponse(["duration": "0s", "outcome": outcome])) }
        return responses
    }
}
