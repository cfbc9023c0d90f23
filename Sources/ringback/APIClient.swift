import Control
import Curl
import RingbackCore
import Transport

/// Talks to a bridge over its HTTP API.
struct APIClient: Sendable {
    private static let requestTimeout = Duration.seconds(90)

    private let server: HTTPURL
    private let token: Secret?
    private let transport: any Transport

    /// Lends a client to `body`.
    static func with<Result>(_ options: ServerOptions, _ body: (APIClient) async throws -> Result) async throws -> Result {
        let address = try options.address()
        let transport = try CurlTransport(options: CurlTransportOptions(name: "ringback-cli"))
        do {
            let result = try await body(APIClient(server: address, token: options.secret, transport: transport))
            await transport.shutdown()
            return result
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    /// - Returns: The answer's head and body; only for a 2xx.
    /// - Throws: ``APIError``.
    func send(
        _ method: TransferRequest.Method, _ path: String, query: [(name: String, value: String?)] = [],
        headers: [(name: String, value: String)] = [], body: [UInt8]? = nil
    ) async throws(APIError) -> TransferAnswer {
        var headers = headers
        if let token { headers.append(("Authorization", "Bearer \(token.reveal())")) }
        if body != nil { headers.append(("Content-Type", "application/json")) }
        let request = TransferRequest(
            method: method, url: url(path, query), headers: headers, body: body, version: .http1,
            limits: TransferLimits(total: Self.requestTimeout)
        )
        let answer: TransferAnswer
        do {
            answer = try await transport.perform(request)
        } catch {
            throw .unreachable(error.error, server: server.redacted)
        }
        guard (200...299).contains(answer.head.status) else { throw .refused(Refusal(answer)) }
        return answer
    }

    func get(_ path: String, query: [(name: String, value: String?)] = []) async throws(APIError) -> [UInt8] {
        try await send(.get, path, query: query).body
    }

    func post(_ path: String, body: [UInt8] = []) async throws(APIError) -> [UInt8] {
        try await send(.post, path, body: body).body
    }

    func delete(_ path: String) async throws(APIError) -> [UInt8] {
        try await send(.delete, path).body
    }

    /// - Throws: ``CommandFailure`` when the server is not one of ours.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws(CommandFailure) -> Value {
        do {
            return try APICoding.decode(type, from: bytes)
        } catch {
            throw CommandFailure("the server's answer is not what this version expects: is it a Ringback of the same version?")
        }
    }

    private func url(_ path: String, _ query: [(name: String, value: String?)]) -> String {
        var base = server.redacted
        while base.hasSuffix("/") { base.removeLast() }
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(PercentEncoding.encode($0))" } }
        return pairs.isEmpty ? base + path : "\(base)\(path)?\(pairs.joined(separator: "&"))"
    }
}

extension APIClient {
    /// The path of one thing below a collection.
    static func path(_ collection: String, _ id: String, _ action: String? = nil) -> String {
        "\(collection)/\(PercentEncoding.encode(id))\(action.map { "/\($0)" } ?? "")"
    }
}
