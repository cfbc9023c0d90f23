import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import NIOCore
import RawJSON
import RingbackCore
import RingbackTesting
import Sandbox
import ServiceLifecycle
import Testing

/// A vendor that accepts creates and keeps its answer to itself until told otherwise: the moment at which a proxy can be killed between the
/// vendor's acceptance and its own record of it.
final class WithholdingUpstream: Sendable {
    /// How it can be asked afterwards.
    enum Manner: String, Sendable, CaseIterable, CustomTestStringConvertible {
        case lists
        case isIdempotent
        case neither

        var testDescription: String { rawValue }
    }

    private struct State {
        var accepted: [Accepted] = []
        var isWithholding = true
        var withheld: [CheckedContinuation<Void, Never>] = []
    }

    struct Accepted: Sendable {
        let id: String
        let key: String?
        let body: JSON
        let createdAt: Int64
    }

    private let manner: Manner
    private let state = NIOLockedValueBox(State())

    private init(_ manner: Manner) {
        self.manner = manner
    }

    /// The responses it has made, whether or not anybody was told of them.
    var accepted: [Accepted] { state.withLockedValue(\.accepted) }

    /// From now on it answers.
    func answer() {
        let withheld = state.withLockedValue { state in
            state.isWithholding = false
            defer { state.withheld = [] }
            return state.withheld
        }
        for answer in withheld { answer.resume() }
    }

    /// Lends a running one and its base URL.
    static func lend(_ manner: Manner, _ body: @escaping @Sendable (WithholdingUpstream, String) async throws -> Void) async throws {
        let upstream = WithholdingUpstream(manner)
        try await LocalServer.lend(upstream.router(), name: "withholding") { port in
            // The server ends when everything is answered.
            defer { upstream.answer() }
            try await body(upstream, "http://127.0.0.1:\(port)/v1")
        }
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.post("/v1/responses") { request, _ in
            let body = try await request.body.collect(upTo: 1024 * 1024)
            let key = HTTPField.Name("Idempotency-Key").flatMap { request.headers[$0] }
            let response = self.accept(try JSON(parsing: Array(body.readableBytesView)), key: key)
            await self.withhold()
            return Self.json(Self.object(response, status: "queued"))
        }
        router.get("/v1/responses") { _, _ in
            guard self.manner == .lists else { return Self.json(["detail": "Method Not Allowed"], status: .methodNotAllowed) }
            let data = self.accepted.reversed().map { Self.object($0, status: "completed") }
            return Self.json(["object": "list", "data": .array(data), "has_more": false])
        }
        router.get("/v1/responses/:id") { _, context in
            let id = try context.parameters.require("id")
            guard let response = self.accepted.first(where: { $0.id == id }) else {
                return Self.json(["detail": "Not Found"], status: .notFound)
            }
            return Self.json(Self.object(response, status: "completed"))
        }
        return router
    }

    private func accept(_ body: JSON, key: String?) -> Accepted {
        state.withLockedValue { state in
            if manner == .isIdempotent, let key, let known = state.accepted.first(where: { $0.key == key }) { return known }
            let response = Accepted(
                id: "resp_\(state.accepted.count + 1)", key: key, body: body, createdAt: SystemTime().wallNow.unixSeconds)
            state.accepted.append(response)
            return response
        }
    }

    private func withhold() async {
        await withCheckedContinuation { continuation in
            let isWithholding = state.withLockedValue { state in
                if state.isWithholding { state.withheld.append(continuation) }
                return state.isWithholding
            }
            if !isWithholding { continuation.resume() }
        }
    }

    private static func object(_ response: Accepted, status: String) -> JSON {
        [
            "id": .string(response.id), "object": "response", "created_at": .integer(response.createdAt), "status": .string(status),
            "model": response.body["model"] ?? .null, "metadata": response.body["metadata"] ?? [:], "output": [],
        ]
    }

    private static func json(_ value: JSON, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.bytes)))
    }
}
