import HTTPTypes
import Hummingbird
import RingbackCore

extension SandboxRoutes {
    func retrieve(_ response: SandboxResponse, _ request: Request) async throws -> Response {
        if await upstream.takesRateLimit(response.id) { return answers.tooManyRequests }
        let now = await upstream.now()
        let query = request.uri.queryParameters
        guard let word = query["stream"], dialect.streams.yes.contains(String(word)) else { return document(response, now: now) }
        switch streamAnswer(response, now: now) {
        case .json: return document(response, now: now)
        case .nothing: return answers.nothing
        case .refused(let refusal): return answers.refusal(refusal)
        case .events: break
        }
        var first = 0
        if let after = query["starting_after"] {
            guard let number = Int(after), (0..<Int.max).contains(number) else {
                return answers.refusal(
                    Refusal(400, "'starting_after' must be a sequence number.", code: "invalid_value", param: "starting_after"))
            }
            first = number == 0 && dialect.streams.zeroMeansAll ? 0 : number + 1
        }
        if dialect.streams.replay == .terminalEvent, response.end(now: now) != nil { first = response.told.entries.count - 1 }
        return answers.events(ResponseEvents(upstream: upstream, response: response, first: first))
    }

    private func document(_ response: SandboxResponse, now: Moment) -> Response {
        var answer = answers.json(response.document(now: now))
        if let pause = dialect.answers.pollAfter, response.request.background, response.end(now: now) == nil {
            answer.headers[.pollAfter] = "\(max(1, pause.wholeMilliseconds))"
        }
        return answer
    }

    /// What this response answers to a stream now.
    private func streamAnswer(_ response: SandboxResponse, now: Moment) -> Dialect.Streams.Answer {
        let streams = dialect.streams
        switch response.script.refuseStream {
        case .badRequest: return .refused(Self.scriptedRefusal)
        case .json: return .json
        case .empty: return .nothing
        case nil: break
        }
        let call = response.request
        let answer = !call.background ? streams.ofForeground : call.stream ? streams.ofStreamed : streams.ofPolled
        guard answer == .events, let window = streams.window else { return answer }
        // After a restart the vendor no longer has the events, though it still has the response.
        let isLost = response.life.isFrozen(at: now - response.start)
        return isLost || response.isPast(window.span, now: now) ? .refused(window.refusal) : .events
    }

    private static let scriptedRefusal = Refusal(
        400, "This response cannot be streamed because it was not created with stream=true.", param: "stream")
}

extension HTTPField.Name {
    fileprivate static var pollAfter: Self {
        guard let name = Self("openai-poll-after-ms") else { preconditionFailure("this is a header name") }
        return name
    }
}
