import HTTPTypes
package import Hummingbird
import NIOCore
import RawJSON
package import RingbackCore
import ServiceLifecycle

/// The sandbox's HTTP face: the Responses API of contract section 2, at `/responses` and at `/v1/responses`.
package struct SandboxRoutes: Sendable {
    static let maximumRequestBytes = 32 * 1024 * 1024

    private let upstream: SandboxUpstream
    private let dialect: Dialect
    /// When set, every call must bring it as a bearer token.
    private let apiKey: Secret?

    package init(upstream: SandboxUpstream, apiKey: Secret? = nil) {
        self.upstream = upstream
        dialect = upstream.dialect
        self.apiKey = apiKey
    }

    package func router() -> Router<BasicRequestContext> {
        let router = Router()
        for base in ["", "/v1"] {
            router.post("\(base)/responses") { request, context in try await respond(request) { try await create(request, context) } }
            router.get("\(base)/responses") { request, _ in try await respond(request) { try await list(request) } }
            if let path = dialect.extraCreatePath {
                router.post("\(base)/\(path)") { request, context in try await respond(request) { try await create(request, context) } }
            }
            router.get("\(base)/responses/:id") { request, context in try await respond(request) { try await retrieve(request, context) } }
            router.delete("\(base)/responses/:id") { request, context in try await respond(request) { try await delete(context) } }
            router.post("\(base)/responses/:id/cancel") { request, context in try await respond(request) { try await cancel(context) } }
            router.get("\(base)/responses/:id/input_items") { request, context in
                try await respond(request) { try await inputItems(request, context) }
            }
        }
        return router
    }

    private func respond(_ request: Request, _ body: () async throws -> Response) async throws -> Response {
        if let apiKey, request.headers[.authorization] != "Bearer \(apiKey.reveal())" {
            return failure(.unauthorized, code: "invalid_api_key", "The key is missing or wrong.")
        }
        return try await body()
    }

    // MARK: Create

    private func create(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.maximumRequestBytes)
        let parsed: CreateRequest
        do {
            parsed = try CreateRequest(json: Array(body.readableBytesView))
        } catch {
            return failure(.badRequest, code: error.code, error.message)
        }
        let response: SandboxResponse
        do {
            let key = dialect.honoursIdempotencyKeys ? HTTPField.Name("Idempotency-Key").flatMap { request.headers[$0] } : nil
            response = try await upstream.create(parsed, idempotencyKey: key)
        } catch {
            return failure(.badRequest, code: "invalid_value", error.description)
        }
        if parsed.stream { return events(of: response, from: 0) }
        if parsed.background { return json(response.document(now: await upstream.now())) }
        guard let ended = try await upstream.ended(response.id) else { return notFound(response.id) }
        return json(ended.document(now: await upstream.now()))
    }

    // MARK: Look

    private func retrieve(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let id = try context.parameters.require("id")
        guard let response = await upstream.response(id) else { return notFound(id) }
        if await upstream.takesRateLimit(id) {
            var answer = failure(.tooManyRequests, code: "rate_limit_exceeded", "Rate limit reached.")
            answer.headers[.retryAfter] = "1"
            return answer
        }
        let now = await upstream.now()
        guard request.uri.queryParameters["stream"] == "true" else { return json(response.document(now: now)) }
        switch response.script.refuseStream {
        case .badRequest: return streamRefused
        case .json: return json(response.document(now: now))
        case .empty: return nothing
        case nil: break
        }
        if dialect.streamsOnlyIfCreatedStreaming && !response.request.stream { return streamRefused }
        switch dialect.streamAnswer {
        case .json: return json(response.document(now: now))
        case .nothing where !response.request.stream: return nothing
        case .nothing, .events: break
        }
        var first = 0
        if let after = request.uri.queryParameters["starting_after"] {
            guard let number = Int(after), number >= 0 else {
                return failure(.badRequest, code: "invalid_value", "'starting_after' must be a sequence number.")
            }
            first = number + 1
        }
        // A finished response gives its terminal event alone.
        if response.end(now: now) != nil { first = max(first, response.timeline.entries.count - 1) }
        return events(of: response, from: first)
    }

    private var streamRefused: Response {
        failure(.badRequest, code: "invalid_request_error", "This response cannot be streamed because it was not created with stream=true.")
    }

    /// The head of an event stream, then the end of the connection without a byte.
    private var nothing: Response {
        Response(status: .ok, headers: [.contentType: "text/event-stream"], body: ResponseBody { _ in throw StreamCut() })
    }

    private func events(of response: SandboxResponse, from first: Int) -> Response {
        let events = ResponseEvents(upstream: upstream, id: response.id, first: first, limit: response.script.dropStreamAfter)
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache"],
            // A server that shuts down must not wait for a silent stream.
            body: ResponseBody(asyncSequence: events.cancelOnGracefulShutdown())
        )
    }

    // MARK: Change

    private func cancel(_ context: BasicRequestContext) async throws -> Response {
        let id = try context.parameters.require("id")
        switch await upstream.cancel(id) {
        case .unknown:
            return notFound(id)
        case .finishedBefore(let status):
            return failure(.badRequest, code: "invalid_request_error", "Cannot cancel a \(status.rawValue) response.")
        case .cancelled(let response):
            if dialect.cancelAnswersBriefly { return json(["response_id": .string(id), "status": "cancelling"]) }
            return json(response.document(now: await upstream.now()))
        }
    }

    private func delete(_ context: BasicRequestContext) async throws -> Response {
        let id = try context.parameters.require("id")
        guard await upstream.delete(id) else { return notFound(id) }
        return json(["id": .string(id), "object": "response", "deleted": true])
    }

    // MARK: Lists

    private func inputItems(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let id = try context.parameters.require("id")
        guard let response = await upstream.response(id) else { return notFound(id) }
        return list(response.inputItems.map { (id: $0["id"]?.string ?? "", item: $0) }, request) { $0 }
    }

    private func list(_ request: Request) async throws -> Response {
        guard dialect.listsResponses else {
            return failure(.methodNotAllowed, code: "method_not_supported", "There is no list of responses.")
        }
        let now = await upstream.now()
        return list(await upstream.known().map { (id: $0.id, item: $0) }, request) { $0.document(now: now) }
    }

    private func list<Item>(_ items: [(id: String, item: Item)], _ request: Request, json element: (Item) -> JSON) -> Response {
        let query = request.uri.queryParameters
        do {
            let page = try ListPage(
                of: items.map(\.id),
                ListPage.Query(
                    limit: query["limit"].map(String.init), order: query["order"].map(String.init),
                    after: query["after"].map(String.init), before: query["before"].map(String.init)))
            let elements = Dictionary(items.map { ($0.id, $0.item) }, uniquingKeysWith: { first, _ in first })
            return json(page.json(page.ids.compactMap { elements[$0] }.map(element)))
        } catch {
            return failure(.badRequest, code: "invalid_value", "'\(error.parameter)' has to be \(error.expected).")
        }
    }

    // MARK: Answers

    private func json(_ value: JSON, status: HTTPResponse.Status = .ok) -> Response {
        let body = ResponseBody(byteBuffer: ByteBuffer(bytes: value.bytes))
        return Response(status: status, headers: [.contentType: "application/json"], body: body)
    }

    private func notFound(_ id: String) -> Response {
        failure(.notFound, code: "not_found", "Response with id '\(id.prefix(100))' not found.")
    }

    private func failure(_ status: HTTPResponse.Status, code: String, _ message: String) -> Response {
        if dialect.hasDetailErrors { return json(["detail": .string(message)], status: status) }
        return json(
            ["error": ["message": .string(message), "type": "invalid_request_error", "param": nil, "code": .string(code)]], status: status)
    }
}
