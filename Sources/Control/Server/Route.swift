package import HTTPTypes

/// One line of the API's table: which request, who may send it, how large it may be, and who answers.
package struct Route: Sendable {
    /// In whose words errors are told.
    enum ErrorForm: Sendable {
        /// `application/problem+json` (RFC 9457).
        case problem
        /// OpenAI's error object, which the SDKs that use the proxy can read.
        case openAI
    }

    /// Who may call.
    enum Access: Sendable {
        case open
        case scope(AccessScope)
        /// For the proxy: who has the scope, or whoever brings a key, where the upstream is to judge it.
        case relay(AccessScope)
    }

    static let ordinaryBodyBytes = 1024 * 1024
    static let formBytes = 64 * 1024
    static let relayBodyBytes = 32 * 1024 * 1024

    package let method: HTTPRequest.Method
    /// Segments that begin with `:` are parameters; `**` at the end takes the rest.
    package let path: String
    let access: Access
    var bodyLimit = Route.ordinaryBodyBytes
    var errorForm = ErrorForm.problem
    /// Whether `Idempotency-Key` is honoured: for what creates or changes something by POST.
    var isIdempotent = false
    /// Whether a body may be said to be something else than JSON: for senders that are not the API's clients.
    var takesAnyContentType = false
    /// Whether its answers may take so long that it matters whether the client is still there.
    private(set) var isLong = false
    let answer: @Sendable (Call) async throws -> Answer

    /// A page for people, which says itself who may see it. What it takes are forms.
    ///
    /// - Parameter isLong: Whether its answer may go on until its client leaves.
    package static func page(
        _ method: HTTPRequest.Method, _ path: String, isLong: Bool = false, answer: @escaping @Sendable (Call) async throws -> Answer
    ) -> Route {
        var route = Route(method: method, path: path, access: .open, answer: answer)
        route.bodyLimit = Self.formBytes
        route.takesAnyContentType = true
        route.isLong = isLong
        return route
    }

    static func get(_ path: String, _ access: Access = .scope(.read), answer: @escaping @Sendable (Call) async throws -> Answer) -> Route {
        Route(method: .get, path: path, access: access, answer: answer)
    }

    static func post(_ path: String, _ scope: AccessScope, answer: @escaping @Sendable (Call) async throws -> Answer) -> Route {
        Route(method: .post, path: path, access: .scope(scope), isIdempotent: true, answer: answer)
    }

    static func patch(_ path: String, _ scope: AccessScope, answer: @escaping @Sendable (Call) async throws -> Answer) -> Route {
        Route(method: .patch, path: path, access: .scope(scope), answer: answer)
    }

    static func delete(_ path: String, _ scope: AccessScope, answer: @escaping @Sendable (Call) async throws -> Answer) -> Route {
        Route(method: .delete, path: path, access: .scope(scope), answer: answer)
    }

    /// A feed that goes on until its client leaves.
    static func stream(_ path: String, answer: @escaping @Sendable (Call) async throws -> Answer) -> Route {
        var route = get(path, answer: answer)
        route.isLong = true
        return route
    }

    /// A route of the proxy: a larger body, and errors as the upstream's SDKs expect them.
    static func relay(
        _ method: HTTPRequest.Method, _ path: String, _ scope: AccessScope, answer: @escaping @Sendable (Call) async throws -> Answer
    ) -> Route {
        var route = Route(method: method, path: path, access: .relay(scope), isIdempotent: method == .post, answer: answer)
        route.bodyLimit = Self.relayBodyBytes
        route.errorForm = .openAI
        route.isLong = true
        return route
    }
}
