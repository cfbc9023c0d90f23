import HTTPTypes
package import Hummingbird

/// The routes of the control API and of the proxy (contract, section 5), ready to be served.
///
/// - Parameter pages: Further routes, which are not the API's.
///
/// What the API does not know is answered as a problem too: an unknown path with 404, a known path under an unknown method with 405.
package func makeRouter(_ dependencies: ControlDependencies, pages: [Route] = []) -> Router<ControlContext> {
    let answering = Answering(dependencies)
    let router = Router(context: ControlContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: NotFoundMiddleware())
    let routes = routeTable(dependencies) + pages
    for route in routes {
        register(route, on: router, answering: answering)
    }
    for path in unique(routes.map(\.path)) {
        let known = routes.filter { $0.path == path }
        for method in refusedMethods where !known.contains(where: { $0.method == method }) {
            register(refusal(of: method, at: path, known: known), on: router, answering: answering)
        }
    }
    return router
}

/// Every route of the API there is, chapter by chapter.
package func routeTable(_ dependencies: ControlDependencies) -> [Route] {
    let chapters: [[Route]] = [
        DescriptionRoutes().all,
        HealthRoutes(dependencies).all,
        MetricsRoutes(dependencies).all,
        UpstreamRoutes(dependencies).all,
        ReloadRoutes(dependencies).all,
        WatchRoutes(dependencies).all,
        EventRoutes(dependencies).all,
        EndpointRoutes(dependencies).all,
        DeliveryRoutes(dependencies).all,
        DeadLetterRoutes(dependencies).all,
        ExplainRoutes(dependencies).all,
        StreamRoutes(dependencies).all,
        IngestRoutes(dependencies).all,
        RelayRoutes(dependencies).all,
    ]
    return chapters.flatMap(\.self)
}

private func register(_ route: Route, on router: Router<ControlContext>, answering: Answering) {
    let names = route.path.split(separator: "/").filter { $0.hasPrefix(":") }.map { String($0.dropFirst()) }
    router.on(RouterPath(stringLiteral: route.path), method: route.method) { request, context in
        let parameters = Dictionary(uniqueKeysWithValues: names.map { ($0, context.parameters.get($0)) })
        return await answering.respond(to: request, by: route, parameters: parameters, channel: context.channel)
    }
}

/// The methods a path refuses by name. HEAD is left out: it follows GET.
private let refusedMethods: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete, .options]

private func refusal(of method: HTTPRequest.Method, at path: String, known: [Route]) -> Route {
    let methods = known.map(\.method.rawValue).sorted()
    return Route(method: method, path: path, access: .open, errorForm: known.first?.errorForm ?? .problem) { _ in
        var problem = Problem(
            .methodNotAllowed, "\(method.rawValue) means nothing here: this path knows \(methods.joined(separator: ", "))")
        problem.allowedMethods = methods
        throw problem
    }
}

/// Answers in the API's form what no route took.
private struct NotFoundMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: ControlContext, next: (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let answer = Self.answer(path: request.uri.path)
            return Response(status: answer.status, headers: answer.headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
        }
    }

    private static func answer(path: String) -> Answer {
        if path.hasPrefix("/v1/responses") || path.hasPrefix("/upstreams/") {
            let detail = "only what is below /responses is relayed: call the upstream itself for the rest"
            return ErrorAnswer.make(Problem(.notFound, detail), form: .openAI)
        }
        return ErrorAnswer.make(Problem(.notFound, "the API has no such path: GET /openapi.json tells which paths it has"), form: .problem)
    }
}
