import HTTPTypes
import Hummingbird
import NIOCore
import RawJSON
import RingbackCore
import ServiceLifecycle

/// How one vendor writes its answers.
struct SandboxAnswers: Sendable {
    let dialect: Dialect
    let dice: Dice

    func json(_ value: JSON, status: Int = 200) -> Response {
        let body = ResponseBody(byteBuffer: ByteBuffer(bytes: value.bytes))
        return Response(status: .init(code: status), headers: [.contentType: "application/json"], body: body)
    }

    /// The head of an event stream, then the end of the connection without a byte.
    var nothing: Response {
        Response(status: .ok, headers: [.contentType: "text/event-stream"], body: ResponseBody { _ in throw StreamCut() })
    }

    func events(_ events: some AsyncSequence<ByteBuffer, any Error> & Sendable) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache"],
            // A server that shuts down must not wait for a silent stream.
            body: ResponseBody(asyncSequence: events.cancelOnGracefulShutdown())
        )
    }

    /// A stream of one event.
    func event(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    func refusal(_ refusal: Refusal) -> Response {
        let message = JSON.string(refusal.message)
        let param = refusal.param.map { JSON.string($0) } ?? .null
        func object(code: JSON) -> JSON {
            ["error": ["message": message, "type": "invalid_request_error", "param": param, "code": code]]
        }
        let body: JSON =
            switch refusal.shape ?? dialect.answers.errors {
            case .object: object(code: .string(refusal.code))
            case .integerCode: object(code: .integer(Int64(refusal.status)))
            case .text: ["error": message]
            case .detail: ["detail": message]
            case .messageOnly: ["error": ["message": message]]
            }
        return json(body, status: refusal.status)
    }

    func unknown(_ id: String) -> Response {
        // A proxy tells the ids it gave from others before it looks.
        let isForeign = dialect.ids.isSealed ? SealedID.open(id) == nil : !id.hasPrefix(dialect.ids.prefix)
        let refusal = isForeign ? dialect.answers.foreign ?? dialect.answers.unknown : dialect.answers.unknown
        return self.refusal(refusal.filling("id", id))
    }

    var tooManyRequests: Response {
        var answer = refusal(dialect.answers.tooMany)
        if dialect.answers.saysRetryAfter { answer.headers[.retryAfter] = "1" }
        return answer
    }

    /// Adds what this vendor's answers all carry.
    func complete(_ answer: Response) -> Response {
        var answer = answer
        func set(_ name: String, _ value: String) {
            guard let name = HTTPField.Name(name) else { preconditionFailure("'\(name)' is no header name") }
            answer.headers[name] = value
        }
        for (name, value) in dialect.answers.headers { set(name, value.replacing("{random}", with: Self.randomText(dice))) }
        for (name, value) in limitHeaders { set(name, value) }
        return answer
    }

    private var limitHeaders: [(String, String)] {
        func headers(limit: String, remaining: String, requests: String, tokens: String) -> [(String, String)] {
            [
                ("x-ratelimit-limit-requests", limit), ("x-ratelimit-remaining-requests", remaining),
                ("x-ratelimit-reset-requests", requests), ("x-ratelimit-limit-tokens", limit), ("x-ratelimit-remaining-tokens", remaining),
                ("x-ratelimit-reset-tokens", tokens),
            ]
        }
        return switch dialect.answers.limits {
        case .unsaid: []
        case .figures: headers(limit: "5000", remaining: "4999", requests: "12ms", tokens: "6m0s")
        case .nonsense: headers(limit: "-1", remaining: "-1", requests: "0", tokens: "0")
        }
    }

    private static func randomText(_ dice: Dice) -> String {
        IDShape(prefix: "", alphabet: .hex, length: 32).make(dice)
    }
}
