extension Dialect {
    /// What response objects look like.
    struct Objects: Sendable, Hashable {
        enum Output: Sendable, Hashable {
            /// It grows while the response runs.
            case grows
            /// There is none before the end.
            case comesAtTheEnd
        }

        /// Times are `1790000000.5` instead of `1790000000`.
        var hasFractionalTimes = false
        var output = Output.grows
        /// Members that are not there at all, not even as `null`.
        var missing: Set<String> = []
        /// The only members there are, where they are few.
        var only: Set<String>?
        /// Background responses begin `queued` instead of `in_progress`.
        var startsQueued = true
        /// Says the status `queued` until the end.
        var staysQueued = false
        /// Other words for the usual statuses: `["queued": "pending"]`.
        var words: [String: String] = [:]
        /// Whether a response can end `incomplete`; without it a truncated one is called completed.
        var knowsIncomplete = true
        /// Has the member `output_text` too.
        var hasOutputText = false
        /// Says `"background": false` of a background response in these cases.
        var deniesBackground: Set<Denial> = []
        /// The output is emptied when a response is cancelled.
        var losesOutputOnCancel = false

        enum Denial: Sendable, Hashable {
            case whileRunning
            case whenCancelled
        }
    }
}
