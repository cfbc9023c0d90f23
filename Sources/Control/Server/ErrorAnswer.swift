import HTTPTypes
import Logging
import RawJSON
import Store

/// A problem as an answer, in the form its route speaks.
enum ErrorAnswer {
    /// Marks an error as Ringback's own: errors of an upstream pass without it (contract, section 5).
    static let marker = HTTPField.Name("Ringback-Error")

    /// Whatever a route threw, as an answer. What nobody foresaw is told to the log.
    static func make(_ error: any Error, by route: Route, logger: Logger) -> Answer {
        make(problem(of: error, route: route, logger: logger), form: route.errorForm)
    }

    private static func problem(of error: any Error, route: Route, logger: Logger) -> Problem {
        switch error {
        case let problem as Problem:
            return problem
        case let error as StoreError:
            logger.warning("the store failed a request", metadata: ["http.route": "\(route.path)", "error": "\(error)"])
            return Problem(error)
        default:
            logger.error(
                "a request failed for a reason nobody foresaw",
                metadata: ["http.route": "\(route.path)", "error.type": "\(type(of: error))"]
            )
            return Problem(.internalTrouble, "something went wrong inside Ringback; its log says more")
        }
    }

    static func make(_ problem: Problem, form: Route.ErrorForm) -> Answer {
        var answer = Answer(status: HTTPResponse.Status(code: problem.status))
        switch form {
        case .problem:
            answer.headers[.contentType] = Problem.mediaType
            answer.body = problemBody(problem)
        case .openAI:
            answer.headers[.contentType] = "application/json"
            if let marker { answer.headers[marker] = "true" }
            answer.body = openAIBody(problem)
        }
        if let seconds = problem.retryAfter { answer.headers[.retryAfter] = "\(seconds)" }
        if problem.kind == .unauthenticated { answer.headers[.wwwAuthenticate] = "Bearer realm=\"ringback\"" }
        if !problem.allowedMethods.isEmpty { answer.headers[.allow] = problem.allowedMethods.joined(separator: ", ") }
        return answer
    }

    private static func problemBody(_ problem: Problem) -> [UInt8] {
        var members: [JSON.Member] = [
            .init("type", .string(problem.type)), .init("title", .string(problem.title)), .init("status", .integer(Int64(problem.status))),
            .init("detail", .string(problem.detail)),
        ]
        if let errors = problem.errors {
            let list = errors.map { error -> JSON in ["pointer": .string(error.pointer), "detail": .string(error.detail)] }
            members.append(.init("errors", .array(list)))
        }
        return JSON.object(members).bytes
    }

    private static func openAIBody(_ problem: Problem) -> [UInt8] {
        let kind =
            switch problem.status {
            case 401: "authentication_error"
            case 403: "permission_error"
            case 400..<500: "invalid_request_error"
            default: "server_error"
            }
        // OpenAI names a nested field as "a.b"; a header's problem is named by the header.
        let parameter = problem.errors?.first.map { $0.pointer.split(separator: "/").filter { $0 != "#" }.joined(separator: ".") }
        let code = problem.kind?.rawValue.split(separator: "-").joined(separator: "_") ?? "error"
        let error: JSON = [
            "message": .string("Ringback: \(problem.detail)"), "type": .string(kind), "param": parameter.map { .string($0) } ?? .null,
            "code": .string(code),
        ]
        return JSON.object([.init("error", error)]).bytes
    }
}
