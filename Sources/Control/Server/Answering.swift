import Cryptography
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import RingbackCore
import Store

/// Turns a request into the answer of its route: access, body, idempotency, errors. The one way in for every route.
struct Answering: Sendable {
    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    func respond(to request: Request, by route: Route, parameters: [String: String?], channel: any Channel) async -> Response {
        var answer: Answer
        do {
            let client = route.isLong ? try await ClientConnection.of(channel) : nil
            answer = try await self.answer(request, by: route, parameters: parameters, client: client)
        } catch {
            answer = ErrorAnswer.make(error, by: route, logger: dependencies.logger)
        }
        dependencies.logger.debug(
            "answered a request",
            metadata: [
                // The pattern, not the URI: paths and queries hold ids and what strangers write.
                "http.route": "\(route.path)", "http.method": "\(route.method.rawValue)", "http.status": "\(answer.status.code)",
            ]
        )
        answer.headers[.cacheControl] = answer.headers[.cacheControl] ?? "no-store"
        return Response(status: answer.status, headers: answer.headers, body: answer.responseBody)
    }

    private func answer(
        _ request: Request, by route: Route, parameters: [String: String?], client: ClientConnection?
    ) async throws -> Answer {
        let decoded = try decode(parameters)
        let caller = try identify(request, route: route, parameters: decoded)
        if !route.takesAnyContentType { try checkContentType(request) }
        let body = try await readBody(request, limit: route.bodyLimit)
        let call = Call(
            head: request.head, path: request.uri.path, query: request.uri.query, parameters: decoded, body: body, caller: caller,
            client: client, now: dependencies.time.wallNow
        )
        guard route.isIdempotent, let key = try idempotencyKey(call, request) else { return try await route.answer(call) }
        return try await answerOnce(key, call, by: route)
    }

    private func identify(_ request: Request, route: Route, parameters: [String: String]) throws(Problem) -> Caller {
        let tokens = dependencies.tokens()
        switch route.access {
        case .open:
            return Caller(name: nil, scope: nil)
        case .scope(let needed):
            if tokens.isEmpty { try OpenServerRule.check(request.head) }
            let caller = try Caller.identify(request.headers, tokens: tokens)
            try caller.require(needed)
            return caller
        case .relay(let needed):
            if tokens.isEmpty { try OpenServerRule.check(request.head) }
            let upstream = dependencies.upstream(relayedBy: parameters)
            return try RelayAccess.identify(request.headers, upstream: upstream, tokens: tokens, needed: needed)
        }
    }

    private func decode(_ parameters: [String: String?]) throws(Problem) -> [String: String] {
        var decoded: [String: String] = [:]
        for (name, text) in parameters {
            guard let value = PercentEncoding.decode(text ?? "") else {
                throw Problem(.invalidRequest, "the path holds a broken percent-escape")
            }
            decoded[name] = value
        }
        return decoded
    }

    /// A body without a declared type is taken as JSON; one that says it is something else is not.
    private func checkContentType(_ request: Request) throws(Problem) {
        guard let type = request.headers[.contentType], request.method != .get, request.method != .head else { return }
        let media = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard media != "application/json", !(media.hasPrefix("application/") && media.hasSuffix("+json")), request.hasBody else { return }
        throw Problem(.unsupportedMediaType, "the body is said to be '\(media.prefix(100))': send application/json")
    }

    private func readBody(_ request: Request, limit: Int) async throws -> [UInt8] {
        let tooLarge = Problem(.tooLarge, "the body is larger than the \(limit) bytes this call takes")
        // What is announced as too large is refused before it is read.
        if let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > limit { throw tooLarge }
        do {
            let buffer = try await request.body.collect(upTo: limit)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        }
    }

    private func idempotencyKey(_ call: Call, _ request: Request) throws(Problem) -> IdempotencyKey? {
        guard let text = HTTPField.Name("idempotency-key").flatMap({ call.head.headerFields[$0] }) else { return nil }
        guard (1...Self.maximumKeyBytes).contains(text.utf8.count) else {
            throw Problem(.invalidRequest, "an Idempotency-Key has 1 to \(Self.maximumKeyBytes) bytes")
        }
        return IdempotencyKey(caller: call.caller.name, target: "\(request.method.rawValue) \(request.uri.path)", text: text)
    }

    private static let maximumKeyBytes = 255

    private func answerOnce(_ key: IdempotencyKey, _ call: Call, by route: Route) async throws -> Answer {
        switch try await dependencies.store.admit(key, digest: SHA256.digest(of: call.body), now: call.now) {
        case .proceed:
            do {
                let answer = try await route.answer(call)
                await finish(key, with: KeptAnswer(answer))
                return answer
            } catch {
                await finish(key, with: nil)
                throw error
            }
        case .repeated(let kept):
            return Answer(kept)
        case .underWay:
            throw Problem(.conflict, "a request with this Idempotency-Key is being worked on: try again in a moment", retryAfter: 1)
        case .mismatch:
            throw Problem(.idempotencyMismatch, "this Idempotency-Key came with another body before: use a fresh key for another request")
        }
    }

    /// The request is done, whatever the store says now. Without its answer on disk the key stays taken until a restart frees it, and a
    /// repetition is told that the first one is being worked on.
    private func finish(_ key: IdempotencyKey, with answer: KeptAnswer?) async {
        do {
            try await dependencies.store.finish(key, with: answer)
        } catch {
            dependencies.logger.warning(
                "The answer to a request with an Idempotency-Key could not be kept", metadata: ["error": "\(error)"])
        }
    }
}

extension KeptAnswer {
    /// - Returns: `nil` for what is not kept: failures, so that they can be tried again, and what is too large or passes as it comes.
    fileprivate init?(_ answer: Answer) {
        guard answer.status.kind == .successful, answer.relayed == nil, answer.body.count <= Self.maximumBytes else { return nil }
        self.init(
            status: answer.status.code, headers: answer.headers.map { Header(name: $0.name.rawName, value: $0.value) }, body: answer.body)
    }
}

extension Answer {
    fileprivate init(_ kept: KeptAnswer) {
        self.init(status: HTTPResponse.Status(code: kept.status), body: kept.body)
        for header in kept.headers {
            if let name = HTTPField.Name(header.name) { headers.append(HTTPField(name: name, value: header.value)) }
        }
    }
}

extension Request {
    /// Whether the head announces a body (RFC 9112, section 6).
    fileprivate var hasBody: Bool {
        headers[.transferEncoding] != nil || (headers[.contentLength].flatMap { Int($0) } ?? 0) > 0
    }
}
