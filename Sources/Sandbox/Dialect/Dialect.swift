/// How one vendor's Responses API differs from the others. Pure data: the sandbox works in one way, and each value here is a place where a
/// vendor departs from it. The usual values are those of the Responses documents as written.
package struct Dialect: Sendable, Hashable {
    package private(set) var name: String
    /// What is special about this vendor, in one line for people.
    package private(set) var summary: String

    /// What ids look like.
    var ids = IDShape(prefix: "resp_", alphabet: .hex, length: 48)
    /// What response objects look like, and which words they use.
    var objects = Objects()
    /// What streams tell, and when they may be opened.
    var streams = Streams()
    /// What a cancel does.
    var cancelling = Cancelling()
    /// What answers look like: statuses, headers, errors.
    var answers = Answers()
    /// Which calls exist.
    var calls = Calls()

    /// For how long a response is known; `nil`: for ever.
    var retention: Window?
    /// A run that takes longer fails then; `nil`: there is no such limit.
    var longestRun: Duration?
    /// What becomes of responses when the vendor restarts.
    var restart = Restart.nothing

    /// Whether two creates with one `Idempotency-Key` make one response.
    package var honoursIdempotencyKeys = false
    /// Whether every call has to bring the query parameter `api-version`.
    package var requiresAPIVersion = false

    init(_ name: String, _ summary: String) {
        self.name = name
        self.summary = summary
    }

    /// The beginning of a vendor that is much like this one.
    func renamed(_ name: String, _ summary: String) -> Dialect {
        var dialect = self
        dialect.name = name
        dialect.summary = summary
        return dialect
    }

    package static func named(_ name: String) -> Dialect? {
        all.first { $0.name == name }
    }

    /// A span of time after which a vendor does something no longer.
    struct Window: Sendable, Hashable {
        enum Start: Sendable, Hashable {
            case creation
            case end
        }

        var start: Start
        var length: Duration
    }

    enum Restart: Sendable, Hashable {
        /// The vendor keeps its responses elsewhere: nobody notices.
        case nothing
        /// They are unknown afterwards.
        case forgets
        /// They keep the status they had, for ever.
        case freezes
    }

    /// The same vendor with its own times (retention, stream windows, keep-alives, limits) passing `factor` times as fast. What a script
    /// says about a response is not changed.
    ///
    /// - Parameter factor: Above 0.
    package func scaled(by factor: Double) -> Dialect {
        precondition(factor > 0, "time passes forwards")
        var dialect = self
        dialect.retention?.length /= factor
        dialect.longestRun? /= factor
        dialect.streams.window?.span.length /= factor
        dialect.streams.keepAlive = streams.keepAlive.map { $0.scaled(by: factor) }
        dialect.cancelling.delay /= factor
        dialect.cancelling.patience? /= factor
        dialect.answers.pollAfter? /= factor
        return dialect
    }
}
