package import HTTPTypes
import Logging
import RingbackCore

/// The API for callers inside the process: the same routes, the same checks of scope and of every field, the same answers.
///
/// Whoever shows things to people uses this, so that a person sees and may do exactly what the API would let the same caller see and do.
package struct ControlAPI: Sendable {
    private let routes: [Route]
    private let dependencies: ControlDependencies

    package init(_ dependencies: ControlDependencies) {
        routes = routeTable(dependencies)
        self.dependencies = dependencies
    }

    /// - Parameters:
    ///   - target: The path, encoded, and the query if there is one.
    ///   - call: The request on whose behalf this is asked: who waits for the answer, and since when.
    package func answer(
        _ method: HTTPRequest.Method, _ target: String, body: [UInt8] = [], as caller: Caller, for call: Call
    ) async -> Answer {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        for route in routes where route.method == method {
            guard let parameters = Self.parameters(of: parts[0], route.path) else { continue }
            do {
                if case .scope(let needed) = route.access { try caller.require(needed) }
                return try await route.answer(
                    Call(
                        head: call.head, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : nil, parameters: parameters,
                        body: body, caller: caller, client: call.client, now: call.now))
            } catch {
                return ErrorAnswer.make(error, by: route, logger: dependencies.logger)
            }
        }
        return ErrorAnswer.make(Problem(.notFound, "the API has no such path"), form: .problem)
    }

    /// - Returns: The parameters of a path, decoded; `nil` when it is not the route's.
    private static func parameters(of path: Substring, _ pattern: String) -> [String: String]? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let names = pattern.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count == names.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, name) in zip(segments, names) {
            if name.hasPrefix(":") {
                guard let value = PercentEncoding.decode(segment) else { return nil }
                parameters[String(name.dropFirst())] = value
            } else if segment != name {
                return nil
            }
        }
        return parameters
    }
}
