import Foundation
import RawJSON
import Transport

/// `ringback serve` as it ships, on a fresh store, spoken to through its API.
final class BridgeHandle: Contender {
    private static let endpoint = "bench"
    private static let readyLimit: Duration = .seconds(30)
    /// Clients that register watches at the same time.
    private static let clients = 16

    private let child: Child
    private let log: String
    private var server = ""
    private let transport: any Transport

    /// - Parameter scratch: A directory of its own.
    init(program: String, scratch: String, world: WorldHandle, inFlight: Int, neighbours: [String] = [], transport: any Transport)
        async throws
    {
        self.transport = transport
        let configuration = scratch + "/ringback.yaml"
        log = scratch + "/ringback.log"
        try Self.configuration(store: scratch + "/ringback.db", world: world, inFlight: inFlight, neighbours: neighbours)
            .write(toFile: configuration, atomically: true, encoding: .utf8)
        child = try Child("ringback", program: program, arguments: ["serve", "--config", configuration], log: log)
        do {
            try await waitUntil("ringback to be ready", within: Self.readyLimit) { [self] in
                guard child.isRunning else { throw BenchError("ringback serve ended at once. Its last words:\n\(lastWords)") }
                server = listenAddress.map { "http://\($0)" } ?? ""
                return !server.isEmpty
            }
            try await send(.get, "/readyz")
        } catch {
            end()
            throw error
        }
    }

    /// As it ships, except for what a benchmark needs: the vendor may be asked as often as we like.
    private static func configuration(store: String, world: WorldHandle, inFlight: Int, neighbours: [String]) -> String {
        let others = neighbours.enumerated().map { index, path in
            "\n  - { name: neighbour-\(index), url: \"\(world.url(path))\", secret: \(world.secret), max_in_flight: \(inFlight) }"
        }
        return """
            listen: 127.0.0.1:0
            store: "sqlite:\(store)"
            upstreams:
              - name: default
                base_url: \(world.baseURL)
                api_key: bench
                stream_idle_timeout: \(Contenders.streamIdleTimeout.components.seconds)s
                requests_per_second: 100000
                max_streams: 20000
                manners: { stream: yes, stream_unrequested: yes, stream_window: unlimited }
            endpoints:
              - name: \(endpoint)
                url: \(world.hook)
                secret: \(world.secret)
                max_in_flight: \(inFlight)\(others.joined())
            """
    }

    var id: Int32 { child.id }
    /// What an SDK would be given.
    var baseURL: String { "\(server)/v1" }

    func follow(_ numbers: Range<Int>) async throws {
        let send = Sender(server: server, transport: transport)
        try await withThrowingTaskGroup(of: Void.self) { clients in
            for client in 0..<Self.clients {
                clients.addTask {
                    for number in stride(from: numbers.lowerBound + client, to: numbers.upperBound, by: Self.clients) {
                        let body: JSON = ["response_id": .string(ResponseName.id(of: number))]
                        _ = try await send(.post, "/v1/watches", body: body.bytes)
                    }
                }
            }
            try await clients.waitForAll()
        }
    }

    func disableEndpoint() async throws {
        try await send(.post, "/v1/endpoints/\(Self.endpoint)/disable", body: [])
    }

    func enableEndpoint() async throws {
        try await send(.post, "/v1/endpoints/\(Self.endpoint)/enable", body: [])
    }

    /// Makes all dead letters due again; returns when that is done. Can run beside everything else.
    var redrive: @Sendable () async throws -> Void {
        let send = Sender(server: server, transport: transport)
        return { _ = try await send(.post, "/v1/dead-letters/redrive", body: []) }
    }

    /// Whether the store knows of no watch that still runs.
    func hasNothingToFollow() async throws -> Bool {
        for status in ["queued", "in_progress"] {
            let list = try JSON(parsing: try await send(.get, "/v1/watches?limit=1&status=\(status)"))
            guard list["data"]?.elements?.isEmpty == true else { return false }
        }
        return true
    }

    func end() {
        child.end(bySignal: true)
    }

    @discardableResult
    private func send(_ method: TransferRequest.Method, _ path: String, body: [UInt8]? = nil) async throws -> [UInt8] {
        try await Sender(server: server, transport: transport)(method, path, body: body)
    }

    /// The system chose the port; the bridge's log tells it when connections are accepted.
    private var listenAddress: String? {
        logLines.lazy.compactMap { line in
            // A line of which only the beginning is there yet is no JSON; it is whole the next time.
            (try? JSON(parsing: String(line)))?["listen"]?.string
        }.first
    }

    private var lastWords: String {
        logLines.suffix(5).joined(separator: "\n")
    }

    private var logLines: [Substring] {
        // A log that cannot be read says nothing, which is noticed by whoever waits for its words.
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n")
    }
}

/// One call of the API.
private struct Sender: Sendable {
    let server: String
    let transport: any Transport

    func callAsFunction(_ method: TransferRequest.Method, _ path: String, body: [UInt8]? = nil) async throws(BenchError) -> [UInt8] {
        let request = TransferRequest(
            method: method, url: server + path, headers: body == nil ? [] : [(name: "Content-Type", value: "application/json")], body: body,
            version: .http1
        )
        let answer: TransferAnswer
        do {
            answer = try await transport.perform(request)
        } catch {
            throw BenchError("ringback did not answer \(method.rawValue) \(path): \(error.error)")
        }
        guard 200...299 ~= answer.head.status else {
            throw BenchError(
                "ringback answered \(method.rawValue) \(path) with \(answer.head.status): \(String(decoding: answer.body, as: UTF8.self))")
        }
        return answer.body
    }
}
