import Cryptography
import HTTPTypes
package import Hummingbird
import RawJSON
package import RingbackCore

/// The sandbox's HTTP face: the Responses API of contract section 2, at `/responses` and at `/v1/responses`.
package struct SandboxRoutes: Sendable {
    static let maximumRequestBytes = 32 * 1024 * 1024

    let upstream: SandboxUpstream
    let dialect: Dialect
    let answers: SandboxAnswers
    let webhooks: NativeWebhooks?
    /// When set, every call must bring it as a bearer token.
    private let apiKey: Secret?

    /// - Parameter webhooks: Sends what `webhook_url` of a create call asks for. It has to run as long as the routes are served; without
    ///   it such calls are refused.
    package init(upstream: SandboxUpstream, apiKey: Secret? = nil, webhooks: NativeWebhooks? = nil) {
        self.upstream = upstream
        self.apiKey = apiKey
        self.webhooks = webhooks
        dialect = upstream.dialect
        answers = SandboxAnswers(dialect: dialect, dice: upstream.dice)
    }

    package func router() -> Router<BasicRequestContext> {
        let router = Router()
        for base in ["", "/v1"] {
            let responses = "\(base)/responses"
            for path in [responses] + (dialect.calls.alsoCreatesAt.map { ["\(base)/\($0)"] } ?? []) {
                router.post(RouterPath(path)) { request, _ in try await respond(request) { try await create(request) } }
            }
            router.get(RouterPath(responses)) { request, _ in try await respond(request) { try await list(request) } }
            let one = "\(responses)/:id"
            router.get(RouterPath(one)) { request, context in
                try await respond(to: request, context) { try await retrieve($0, request) }
            }
            router.delete(RouterPath(one)) { request, context in
                try await respond(to: request, context) { await delete($0) }
            }
            router.post(RouterPath("\(one)/cancel")) { request, context in
                try await respond(to: request, context) { try await cancel($0) }
            }
            router.get(RouterPath("\(one)/input_items")) { request, context in
                try await respond(to: request, context) { try await inputItems($0, request) }
            }
        }
        return router
    }

    /// Answers a call that names a response.
    private func respond(
        to request: Request, _ context: BasicRequestContext, _ body: (SandboxResponse) async throws -> Response
    ) async throws -> Response {
        try await respond(request) {
            let id = try context.parameters.require("id")
            guard let response = await upstream.response(id, for: user(of: request)) else { return answers.unknown(id) }
            return try await body(response)
        }
    }

    private func respond(_ request: Request, _ body: () async throws -> Response) async throws -> Response {
        if let refusal = gate(request) { return answers.complete(refusal) }
        return answers.complete(try await body())
    }

    /// What stands before every call; `nil` when it may pass.
    private func gate(_ request: Request) -> Response? {
        if dialect.answers.redirectsSlashes, request.uri.path.hasSuffix("/") {
            let query = request.uri.query.map { "?\($0)" } ?? ""
            return Response(status: .temporaryRedirect, headers: [.location: request.uri.path.dropLast() + query])
        }
        if dialect.requiresAPIVersion, request.uri.queryParameters["api-version"] == nil {
            return answers.refusal(Refusal(404, "Resource not found: the query parameter api-version is missing.", code: "404"))
        }
        guard let apiKey, !brings(apiKey, request) else { return nil }
        return answers.refusal(dialect.answers.wrongKey)
    }

    private func brings(_ apiKey: Secret, _ request: Request) -> Bool {
        let expected = Array(apiKey.reveal().utf8)
        let bearer = request.headers[.authorization].flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil }
        let other = dialect.answers.takesAPIKeyHeader ? header("api-key", of: request) : nil
        return [bearer, other].contains { $0.map { ConstantTime.equals(Array($0.utf8), expected) } ?? false }
    }

    func user(of request: Request) -> String? { header("X-On-Behalf-Of", of: request) }

    func header(_ name: String, of request: Request) -> String? {
        HTTPField.Name(name).flatMap { request.headers[$0] }
    }
}
