import APIDescriptionTesting
import Curl
import Foundation
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import RawJSON
import RingbackCore
import Sandbox
import ServiceLifecycle
import Testing
import Transport
import WebhookSignature

/// What surrounds the bridge in a whole-service test: a sandbox vendor and a verifying receiver in this process, and a client.
struct Surroundings: Sendable {
    let upstreamURL: String
    let receiverURL: String
    let secret: Secret
    let received: ReceivedCallbacks
    let client: TestClient
    let directory: URL

    /// Lends the surroundings to `body` and takes them down afterwards.
    static func lend(dialect: Dialect = .mka1, _ body: @escaping @Sendable (Surroundings) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "ringback-service-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        // A directory left behind harms no test; the system cleans its temporary files.
        defer { try? FileManager.default.removeItem(at: directory) }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let secret = SigningKey.generate()
        let received = ReceivedCallbacks()
        let receiver = Receiver(keys: [try VerifyingKey(validating: secret)]) { callback in received.take(callback) }
        let (ports, announcement) = AsyncStream<(name: String, port: Int)>.makeStream()
        let sandbox = LocalServer(
            router: SandboxRoutes(upstream: SandboxUpstream(dialect: dialect)).router(), name: "sandbox", logger: logger
        ) { announcement.yield(("sandbox", $0)) }
        let listener = LocalServer(router: receiver.router(), name: "receiver", logger: logger) { announcement.yield(("receiver", $0)) }
        let transport = try CurlTransport(options: CurlTransportOptions(name: "test-client"), logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let services = ServiceGroup(services: [sandbox, listener], logger: logger)
            group.addTask { try await services.run() }
            var known: [String: Int] = [:]
            for await (name, port) in ports {
                known[name] = port
                if known.count == 2 { break }
            }
            let surroundings = Surroundings(
                upstreamURL: "http://127.0.0.1:\(known["sandbox"] ?? 0)/v1", receiverURL: "http://127.0.0.1:\(known["receiver"] ?? 0)/hook",
                secret: secret, received: received, client: TestClient(transport: transport), directory: directory
            )
            let result = await Swift.Result { try await body(surroundings) }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            await transport.shutdown()
            try result.get()
        }
    }
}

extension Swift.Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}

/// Every callback the receiver got, and what it answers.
final class ReceivedCallbacks: Sendable {
    private struct State {
        var callbacks: [ReceivedCallback] = []
        var status = 204
    }

    private let state = NIOLockedValueBox(State())

    /// What the receiver answers from now on.
    func answer(_ status: Int) {
        state.withLockedValue { $0.status = status }
    }

    func take(_ callback: ReceivedCallback) -> Int {
        state.withLockedValue { state in
            if state.status < 300 { state.callbacks.append(callback) }
            return state.status
        }
    }

    /// The callbacks that were answered with success.
    var all: [ReceivedCallback] { state.withLockedValue(\.callbacks) }

    /// The distinct webhook ids by response id.
    func webhookIDs() throws -> [String: Set<String>] {
        var ids: [String: Set<String>] = [:]
        for callback in all {
            let response = try #require(JSON(parsing: callback.body)["data"]?["id"]?.string)
            ids[response, default: []].insert(try #require(callback.webhookID))
        }
        return ids
    }
}

/// Plain calls to whatever listens on loopback.
struct TestClient: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: [(name: String, value: String)]
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        func json() throws -> JSON { try JSON(parsing: body) }
    }

    let transport: any Transport

    func get(_ url: String, headers: [(name: String, value: String)] = []) async throws -> Answer {
        try await send(TransferRequest(method: .get, url: url, headers: headers))
    }

    func post(_ url: String, _ body: String, headers: [(name: String, value: String)] = []) async throws -> Answer {
        let all = [(name: "Content-Type", value: "application/json")] + headers
        return try await send(TransferRequest(method: .post, url: url, headers: all, body: Array(body.utf8)))
    }

    func patch(_ url: String, _ body: String) async throws -> Answer {
        let headers = [(name: "Content-Type", value: "application/json")]
        return try await send(TransferRequest(method: .patch, url: url, headers: headers, body: Array(body.utf8)))
    }

    private func send(_ request: TransferRequest) async throws -> Answer {
        var request = request
        // A call that hangs must not use up the patience of whoever asks again and again.
        request.limits.total = .seconds(15)
        let answer = try await transport.perform(request)
        hold(answer, to: request)
        return Answer(status: answer.head.status, headers: answer.head.headers, body: answer.body)
    }

    /// Whatever a test is about: no answer of the API may be one that its description does not describe.
    private func hold(_ answer: TransferAnswer, to request: TransferRequest) {
        guard let start = request.url.range(of: "/v1/"), !request.url[start.lowerBound...].hasPrefix("/v1/responses") else { return }
        let type = answer.head.headers.first { $0.name.lowercased() == "content-type" }?.value
        let problems = DescribedAPI.shared.problems(
            method: request.method.rawValue, target: String(request.url[start.lowerBound...]), status: answer.head.status,
            contentType: type,
            body: answer.body)
        for problem in problems { Issue.record("the API's description does not hold: \(problem)") }
    }
}
