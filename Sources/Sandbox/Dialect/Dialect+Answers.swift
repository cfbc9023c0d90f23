extension Dialect {
    /// What answers look like.
    struct Answers: Sendable, Hashable {
        enum Limits: Sendable, Hashable {
            case unsaid
            /// `x-ratelimit-*` with figures.
            case figures
            /// `x-ratelimit-*` that say -1 and 0.
            case nonsense
        }

        var created = 200
        var errors = ErrorShape.object
        var unknown = Refusal(404, "Response with id '{id}' not found.", code: "not_found")
        /// For ids that this vendor cannot have given; `nil`: they are unknown like others.
        var foreign: Refusal?
        var wrongKey = Refusal(401, "The key is missing or wrong.", code: "invalid_api_key")
        var tooMany = Refusal(429, "Rate limit reached.", code: "rate_limit_exceeded")
        /// Whether a 429 says when to come again.
        var saysRetryAfter = true
        var limits = Limits.unsaid
        /// What a retrieval of a running background response says in `openai-poll-after-ms`.
        var pollAfter: Duration?
        /// Of each answer; `{random}` becomes a random text.
        var headers: [String: String] = [:]
        /// A path with a slash at its end is answered 307.
        var redirectsSlashes = false
        /// The key is taken from `api-key` too.
        var takesAPIKeyHeader = false
    }

    /// Which calls exist.
    struct Calls: Sendable, Hashable {
        /// Where responses are created besides `/responses`.
        var alsoCreatesAt: String?
        /// Set where background needs `store`: what `store: false` is answered.
        var backgroundNeedsStore: Refusal?
        var delete = true
        var inputItems = true
        /// `GET /responses`
        var list = false
        /// `webhook_url` and `webhook_secret` of a create call.
        var webhooks = false
        /// A response made with `X-On-Behalf-Of` is unknown to calls that do not bring the same.
        var separatesUsers = false
    }
}
