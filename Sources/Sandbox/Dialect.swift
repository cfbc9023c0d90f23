/// How one vendor's Responses API differs from the others, as far as the sandbox plays it.
package struct Dialect: Sendable, Hashable {
    /// What `GET ?stream=true` answers for a response that may be streamed.
    package enum StreamAnswer: Sendable, Hashable {
        /// Server-sent events.
        case events
        /// The response object as JSON, as if `stream` had not been asked for.
        case json
        /// The head of an event stream, then the end of the connection.
        case nothing
    }

    /// How a stream ends when its response is cancelled.
    package enum CancelledStream: Sendable, Hashable {
        /// With a `response.cancelled` event.
        case event
        /// With the end of the stream and no word.
        case end
        /// Not at all: it stays open and silent.
        case silence
    }

    package var name: String
    /// The first events of a background response.
    var opening: [Timeline.Step] = [.queued, .created]
    package var idPrefix = "resp_"
    /// Whether `GET ?stream=true` needs the response to have been created with `stream: true`.
    package var streamsOnlyIfCreatedStreaming = false
    package var streamAnswer = StreamAnswer.events
    package var cancelledStream = CancelledStream.event
    /// Whether each event has an `event:` line before its `data:` line.
    package var hasEventLines = true
    /// Whether a stream ends with `data: [DONE]`.
    package var saysDone = false
    /// `created_at` with a fraction instead of whole seconds.
    package var hasFloatTimes = false
    /// Whether a background response says `queued` until it is done.
    package var staysQueued = false
    /// Whether cancel answers `{"response_id": …, "status": "cancelling"}` instead of the response.
    package var cancelAnswersBriefly = false
    /// The event and the body's word for a truncated response: some say `response.completed` with status `incomplete`.
    package var namesIncompleteCompleted = false
    /// Errors as `{"detail": "…"}` instead of `{"error": {…}}`.
    package var hasDetailErrors = false
    /// Whether two creates with one `Idempotency-Key` make one response.
    package var honoursIdempotencyKeys = false
    /// Whether `GET /responses` lists the responses.
    package var listsResponses = false
    /// Where responses are created besides `/responses`.
    package var extraCreatePath: String?

    package init(name: String) {
        self.name = name
    }

    /// The API of the Responses documents as written: the default.
    package static let mka1: Dialect = {
        var dialect = Dialect(name: "mka1")
        dialect.hasFloatTimes = true
        dialect.listsResponses = true
        return dialect
    }()

    package static let all: [Dialect] = [mka1, openai, perplexity, vllm, ogx, litellm, agentserver]

    package static func named(_ name: String) -> Dialect? {
        all.first { $0.name == name }
    }

    private static let openai: Dialect = {
        var dialect = Dialect(name: "openai")
        dialect.opening = [.created, .queued]
        dialect.streamsOnlyIfCreatedStreaming = true
        dialect.cancelledStream = .end
        return dialect
    }()

    private static let perplexity: Dialect = {
        var dialect = Dialect(name: "perplexity")
        dialect.streamsOnlyIfCreatedStreaming = true
        dialect.cancelledStream = .end
        dialect.cancelAnswersBriefly = true
        dialect.extraCreatePath = "agent"
        return dialect
    }()

    private static let vllm: Dialect = {
        var dialect = Dialect(name: "vllm")
        dialect.streamAnswer = .nothing
        dialect.cancelledStream = .silence
        dialect.staysQueued = true
        dialect.namesIncompleteCompleted = true
        return dialect
    }()

    private static let ogx: Dialect = {
        var dialect = Dialect(name: "ogx")
        dialect.streamAnswer = .json
        dialect.hasDetailErrors = true
        return dialect
    }()

    private static let litellm: Dialect = {
        var dialect = Dialect(name: "litellm")
        dialect.idPrefix = "litellm_poll_"
        dialect.streamAnswer = .json
        dialect.hasEventLines = false
        dialect.saysDone = true
        dialect.hasDetailErrors = true
        return dialect
    }()

    private static let agentserver: Dialect = {
        var dialect = Dialect(name: "agentserver")
        dialect.idPrefix = "caresp_"
        dialect.streamsOnlyIfCreatedStreaming = true
        dialect.cancelledStream = .end
        return dialect
    }()
}
