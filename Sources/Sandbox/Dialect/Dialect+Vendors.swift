// Vendors that one rents. What is written here was seen on their servers, in their SDKs or in their documents in November 2026.

extension Dialect {
    package static let all: [Dialect] = [
        mka1, openai, azure, azureAgents, perplexity, vllm, litellm, litellmNative, ogx, llamaStack, sglang, mistralrs, databricks, sail,
    ]

    /// The API of the Responses documents as written: the default.
    package static let mka1: Dialect = {
        var dialect = Dialect("mka1", "streams what was not created streaming, response.cancelled, X-On-Behalf-Of, webhook_url, a list")
        dialect.objects.hasFractionalTimes = true
        dialect.objects.hasOutputText = true
        dialect.objects.deniesBackground = [.whenCancelled]
        dialect.streams.deltasNeedConsent = true
        dialect.streams.replay = .terminalEvent
        dialect.answers.tooMany = Refusal(429, "Rate limit exceeded", shape: .text)
        dialect.answers.saysRetryAfter = false
        dialect.calls.list = true
        dialect.calls.webhooks = true
        dialect.calls.separatesUsers = true
        return dialect
    }()

    static let openai: Dialect = {
        var dialect = Dialect(
            "openai", "streams only what was created streaming, for 5 minutes; keepalive events; forgets after 10 minutes")
        dialect.ids = IDShape(prefix: "resp_", alphabet: .hex, length: 50)
        dialect.streams.opening = [.created, .queued]
        dialect.streams.cancelled = .end
        dialect.streams.keepAlive = .events(every: .seconds(30))
        dialect.streams.ofPolled = .refused(
            Refusal(400, "This response cannot be streamed because it was not created with stream=true.", param: "stream"))
        dialect.streams.ofForeground = .refused(
            Refusal(400, "This response cannot be streamed because it was not created with background=true.", param: "stream"))
        dialect.streams.window = Streams.Limit(
            span: Window(start: .creation, length: .seconds(300)),
            refusal: Refusal(400, "This response can no longer be streamed because it is more than 5 minutes old.", param: "stream"))
        dialect.retention = Window(start: .end, length: .seconds(600))
        dialect.answers.limits = .figures
        dialect.answers.pollAfter = .seconds(2)
        dialect.answers.headers = ["x-request-id": "req_{random}", "openai-processing-ms": "12"]
        return dialect
    }()

    /// OpenAI's models in Azure's house.
    static let azure: Dialect = {
        var dialect = openai.renamed("azure", "like openai, with the api-key header, x-ratelimit figures of -1 and 0, no Retry-After")
        dialect.answers.limits = .nonsense
        dialect.answers.saysRetryAfter = false
        dialect.answers.pollAfter = nil
        dialect.answers.takesAPIKeyHeader = true
        dialect.answers.headers = ["apim-request-id": "{random}", "x-ms-region": "Sweden Central"]
        return dialect
    }()

    /// Hosted agents. Their status lines have no reason phrase (`HTTP/1.1 200 `), which the HTTP library here cannot send: it writes the
    /// phrase that belongs to the number.
    static let azureAgents: Dialect = {
        var dialect = Dialect(
            "azure-agents", "no queued; comments as keep-alives; cancel waits; a cancelled stream just ends; 307 for a slash")
        dialect.ids = IDShape(prefix: "caresp_", alphabet: .alphanumeric, length: 50)
        dialect.objects.startsQueued = false
        dialect.objects.losesOutputOnCancel = true
        dialect.streams.opening = [.created]
        dialect.streams.cancelled = .end
        dialect.streams.keepAlive = .comments(every: .seconds(15))
        dialect.streams.yes = ["true"]
        let unstreamed = "This response cannot be streamed because it was not created with stream=true"
        dialect.streams.ofPolled = .refused(Refusal(400, unstreamed + ".", code: "invalid_mode", param: "stream"))
        dialect.streams.ofForeground = dialect.streams.ofPolled
        dialect.streams.window = Streams.Limit(
            span: Window(start: .end, length: .seconds(600)),
            refusal: Refusal(400, unstreamed + " or the stream TTL has expired.", code: "invalid_mode", param: "stream"))
        dialect.cancelling.patience = .seconds(10)
        dialect.cancelling.ofForeground = .refused(Refusal(400, "Cannot cancel a synchronous response."))
        dialect.answers.foreign = Refusal(400, "Malformed identifier.", code: "invalid_parameters", param: "response_id")
        dialect.answers.headers = ["x-request-id": "{random}", "x-agent-session-id": "{random}"]
        dialect.answers.redirectsSlashes = true
        dialect.restart = .freezes
        return dialect
    }()

    static let perplexity: Dialect = {
        var dialect = Dialect("perplexity", "creates at /agent too; cancel is a request; response.failed without a response; no incomplete")
        dialect.objects.knowsIncomplete = false
        dialect.streams.opening = [.created]
        dialect.streams.extraEvents = [
            "response.reasoning.started", "response.reasoning.search_queries", "response.reasoning.search_results",
            "response.reasoning.stopped",
        ]
        dialect.streams.failed = .bareResponse
        dialect.streams.cancelled = .end
        dialect.streams.ofPolled = .refused(
            Refusal(400, "This response cannot be streamed because it was not created with stream=true.", param: "stream"))
        dialect.streams.ofForeground = dialect.streams.ofPolled
        dialect.cancelling.answer = .intention
        dialect.cancelling.delay = .seconds(1)
        dialect.cancelling.ofCancelled = .refused(Refusal(400, "The response is already {status}."))
        dialect.cancelling.ofFinished = dialect.cancelling.ofCancelled
        dialect.calls.alsoCreatesAt = "agent"
        return dialect
    }()

    /// Sail Research.
    static let sail: Dialect = {
        var dialect = Dialect("sail", "creates with 202; pending and running instead of queued and in_progress; never streams")
        dialect.objects.words = ["queued": "pending", "in_progress": "running"]
        dialect.streams.atCreation = .json
        dialect.streams.ofPolled = .json
        dialect.streams.ofStreamed = .json
        dialect.streams.ofForeground = .json
        dialect.answers.created = 202
        return dialect
    }()

    /// The long-running server of Databricks' bridge.
    static let databricks: Dialect = {
        var dialect = Dialect("databricks", "no event lines; several response.completed; a nested error event; cancel is 501; bare objects")
        dialect.objects.only = ["id", "status", "attempt_number", "output", "error"]
        dialect.streams.hasEventLines = false
        dialect.streams.done = .unlessFailed
        dialect.streams.failed = .error
        dialect.streams.errorEvent = .nested
        dialect.streams.tellsRounds = true
        dialect.streams.zeroMeansAll = true
        dialect.streams.cancelled = .end
        let unimplemented = Refusal(501, "Cancelling is not implemented.")
        dialect.cancelling.ofRunning = unimplemented
        dialect.cancelling.ofFinished = .refused(unimplemented)
        dialect.answers.errors = .detail
        return dialect
    }()
}
