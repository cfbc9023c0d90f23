// Servers and proxies that one runs oneself. What is written here was seen on them in November 2026.

extension Dialect {
    /// vLLM 0.32 with its store in memory.
    static let vllm: Dialect = {
        var dialect = Dialect(
            "vllm", "queued until the end; an empty stream for what was not created streaming; streams hang after a cancel")
        dialect.ids = IDShape(prefix: "resp_", alphabet: .hex, length: 16)
        dialect.objects.output = .comesAtTheEnd
        dialect.objects.missing = ["error", "completed_at"]
        dialect.objects.staysQueued = true
        dialect.streams.opening = [.created]
        dialect.streams.incompleteEvent = "response.completed"
        dialect.streams.typeComesLast = true
        dialect.streams.cancelled = .silence
        dialect.streams.ofPolled = .nothing
        dialect.streams.ofForeground = .nothing
        dialect.streams.hangsBeyondEnd = true
        let synchronous = Refusal(400, "Cannot cancel a synchronous response.")
        dialect.cancelling.ofForeground = .refused(synchronous)
        dialect.cancelling.ofCancelled = .refused(synchronous)
        dialect.cancelling.ofFinished = .refused(synchronous)
        dialect.answers.errors = .integerCode
        dialect.calls.backgroundNeedsStore = Refusal(400, "background can only be used when `store` is true", param: "background")
        dialect.calls.delete = false
        dialect.calls.inputItems = false
        dialect.restart = .forgets
        return dialect
    }()

    /// OGX 1.5.
    static let ogx: Dialect = {
        var dialect = Dialect("ogx", "ignores stream on GET; refuses background with stream; errors as a detail; 409 for a late cancel")
        dialect.ids = IDShape(prefix: "resp_", alphabet: .uuid, length: 0)
        dialect.objects.output = .comesAtTheEnd
        dialect.streams.atCreation = .refused(
            Refusal(400, "OGX does not yet support 'stream' and 'background' together.", shape: .messageOnly))
        dialect.streams.ofPolled = .json
        dialect.streams.ofStreamed = .json
        dialect.streams.ofForeground = .json
        dialect.cancelling.ofForeground = .refused(Refusal(409, "Response '{id}' is not a background response and cannot be cancelled."))
        dialect.cancelling.ofFinished = .refused(Refusal(409, "Response '{id}' has status '{status}' and cannot be cancelled."))
        dialect.answers.errors = .detail
        dialect.answers.redirectsSlashes = true
        dialect.longestRun = .seconds(300)
        dialect.restart = .freezes
        return dialect
    }()

    /// OGX's ancestor, version 0.7.3.
    static let llamaStack: Dialect = {
        var dialect = ogx.renamed("llama-stack", "like ogx, but says background: false while running, and so refuses to cancel (409)")
        dialect.objects.deniesBackground = [.whileRunning]
        dialect.cancelling.ofRunning = Refusal(409, "Response '{id}' is not a background response and cannot be cancelled.")
        return dialect
    }()

    /// LiteLLM 1.106 with `polling_via_cache`.
    static let litellm: Dialect = {
        var dialect = Dialect(
            "litellm", "JSON where a stream was asked for; cancelled becomes completed later; 400 for ids it did not give")
        dialect.ids = IDShape(prefix: "litellm_poll_", alphabet: .uuid, length: 0)
        dialect.streams.hasEventLines = false
        dialect.streams.done = .always
        dialect.streams.atCreation = .json
        dialect.streams.ofPolled = .json
        dialect.streams.ofStreamed = .json
        dialect.streams.ofForeground = .json
        dialect.cancelling.effect = .changesTheWord
        dialect.cancelling.ofFinished = .overwrites
        dialect.cancelling.ofForeground = .asItIs
        dialect.answers.unknown = Refusal(404, "Polling response {id} not found or expired", shape: .detail)
        dialect.answers.foreign = noDeployment
        dialect.answers.wrongKey = Refusal(400, "No connected db.", code: "no_db_connection")
        dialect.answers.headers = litellmHeaders
        dialect.retention = Window(start: .creation, length: .seconds(3600))
        dialect.restart = .freezes
        return dialect
    }()

    /// LiteLLM 1.106 that passes background responses on to OpenAI.
    static let litellmNative: Dialect = {
        var dialect = Dialect("litellm-native", "another id in the body of every answer; no event lines; [DONE]; made-up failures")
        dialect.ids = IDShape(prefix: "resp_", alphabet: .hex, length: 50, isSealed: true)
        dialect.streams.opening = [.created, .queued]
        dialect.streams.hasEventLines = false
        dialect.streams.done = .always
        dialect.streams.cancelled = .madeUpFailure
        dialect.streams.ofPolled = .json
        dialect.streams.ofStreamed = .json
        dialect.streams.ofForeground = .json
        dialect.cancelling.answer = .responseOfTheBack
        dialect.answers.unknown = noDeployment
        dialect.answers.foreign = noDeployment
        dialect.answers.wrongKey = Refusal(400, "No connected db.", code: "no_db_connection")
        dialect.answers.headers = litellmHeaders
        return dialect
    }()

    private static let noDeployment = Refusal(400, "There are no healthy deployments for this model.", code: "400")

    /// A part of the flood.
    private static let litellmHeaders = [
        "x-litellm-call-id": "{random}", "x-litellm-version": "1.106.2", "x-litellm-response-cost": "0.0", "x-litellm-key-spend": "0.0",
        "x-litellm-model-api-base": "https://api.openai.com", "x-litellm-overhead-duration-ms": "2.1",
        "llm_provider-x-request-id": "req_{random}", "llm_provider-openai-version": "2020-10-01",
        "llm_provider-x-ratelimit-remaining-requests": "4999",
    ]

    /// SGLang 0.5.
    static let sglang: Dialect = {
        var dialect = Dialect("sglang", "never streams on GET; a late cancel answers the response as it is; failed without an error")
        dialect.objects.missing = ["error"]
        dialect.streams.ofPolled = .json
        dialect.streams.ofStreamed = .json
        dialect.streams.ofForeground = .json
        dialect.streams.cancelled = .end
        dialect.cancelling.ofFinished = .asItIs
        dialect.answers.errors = .integerCode
        dialect.answers.foreign = Refusal(400, "Invalid 'response_id': '{id}'. Expected an ID that begins with 'resp_'.")
        dialect.restart = .forgets
        return dialect
    }()

    /// mistral.rs
    static let mistralrs: Dialect = {
        var dialect = Dialect("mistralrs", "never streams on GET; cancelled becomes completed later; 404 for a late cancel")
        dialect.ids = IDShape(prefix: "resp_", alphabet: .uuid, length: 0)
        dialect.streams.ofPolled = .json
        dialect.streams.ofStreamed = .json
        dialect.streams.ofForeground = .json
        dialect.cancelling.effect = .changesTheWord
        dialect.cancelling.ofFinished = .refused(Refusal(404, "Response '{id}' not found or cannot be cancelled.", code: "not_found"))
        dialect.restart = .forgets
        return dialect
    }()
}
