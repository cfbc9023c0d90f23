import Foundation
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import Sandbox
import ServiceLifecycle

/// A vendor with paths of its own, an `api-version`, and a memory of every request it saw. Its one response runs until it is told to end.
final class RecordingUpstream: Sendable {
    struct Request: Sendable {
        let method: String
        let path: String
        let query: String
        /// Names in lower case.
        let headers: [String: String]
    }

    static let base = "/openai/v1"

    private let state = NIOLockedValueBox<(requests: [Request], isFinished: Bool)>(([], false))

    var requests: [Request] { state.withLockedValue(\.requests) }

    /// From now on the response is completed.
    func finish() {
        state.withLockedValue { $0.isFinished = true }
    }

    /// Lends the vendor, and the port it listens on, to `body`.
    static func lend(_ body: (RecordingUpstream, Int) async throws -> Void) async throws {
        let upstream = RecordingUpstream()
        try await LocalServer.lend(upstream.router(), name: "vendor") { try await body(upstream, $0) }
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.post("\(Self.base)/agent") { request, _ in
            self.note(request)
            return self.answer(#"{"id":"resp_made","object":"response","status":"queued","background":true}"#)
        }
        router.get("\(Self.base)/responses/:id") { request, context in
            let isFinished = self.note(request)
            let id = context.parameters.get("id") ?? ""
            let status = isFinished ? "completed" : "in_progress"
            let object = #"{"id":"\#(id)","object":"response","status":"\#(status)","output":[]}"#
            guard request.uri.query?.contains("stream=true") == true else { return self.answer(object) }
            // One event and the end: the stream has to be resumed or given up for polls.
            let kind = isFinished ? "response.completed" : "response.in_progress"
            let event = "event: \(kind)\ndata: {\"type\":\"\(kind)\",\"sequence_number\":7,\"response\":\(object)}\n\n"
            return self.answer(event, type: "text/event-stream")
        }
        router.post("\(Self.base)/responses/:id/cancel") { request, context in
            self.note(request)
            return self.answer(#"{"id":"\#(context.parameters.get("id") ?? "")","object":"response","status":"in_progress"}"#)
        }
        return router
    }

    /// - Returns: Whether the response is completed.
    @discardableResult
    private func note(_ request: Hummingbird.Request) -> Bool {
        let headers = Dictionary(request.headers.map { ($0.name.canonicalName, $0.value) }, uniquingKeysWith: { "\($0), \($1)" })
        let seen = Request(
            method: request.method.rawValue, path: request.uri.path, query: request.uri.query ?? "", headers: headers)
        return state.withLockedValue { state in
            state.requests.append(seen)
            return state.isFinished
        }
    }

    private func answer(_ text: String, type: String = "application/json") -> Response {
        Response(status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
