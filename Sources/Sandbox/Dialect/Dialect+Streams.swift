extension Dialect {
    /// What streams tell, and when they may be opened.
    struct Streams: Sendable, Hashable {
        /// What is answered where a stream was asked for.
        enum Answer: Sendable, Hashable {
            /// Server-sent events.
            case events
            /// The response object as JSON, as if `stream` had not been asked for.
            case json
            /// The head of an event stream, then the end of the connection.
            case nothing
            case refused(Refusal)
        }

        /// What `GET ?stream=true` tells of a response that has ended.
        enum Replay: Sendable, Hashable {
            /// All its events, or those after `starting_after`.
            case everything
            /// Its terminal event.
            case terminalEvent
        }

        /// How a stream ends when its response is cancelled.
        enum Cancelled: Sendable, Hashable {
            /// With a `response.cancelled` event.
            case event
            /// With the end of the stream and no word.
            case end
            /// Not at all: it stays open and silent.
            case silence
            /// With a `response.failed` that somebody on the way made up.
            case madeUpFailure
        }

        enum Done: Sendable, Hashable {
            case never
            case always
            case unlessFailed
        }

        enum KeepAlive: Sendable, Hashable {
            /// A comment line after so long without an event.
            case comments(every: Duration)
            /// A `keepalive` event with a sequence number of its own after so long without an event.
            case events(every: Duration)

            func scaled(by factor: Double) -> KeepAlive {
                switch self {
                case .comments(let interval): .comments(every: interval / factor)
                case .events(let interval): .events(every: interval / factor)
                }
            }
        }

        /// Which responses may be streamed for how long, and what is said afterwards.
        struct Limit: Sendable, Hashable {
            var span: Window
            var refusal: Refusal
        }

        /// How a stream says that its response has failed.
        enum Failed: Sendable, Hashable {
            /// `response.failed` with the response.
            case response
            /// `response.failed` with an `error` and no response.
            case bareResponse
            /// An `error` event.
            case error
        }

        /// How an `error` event is written.
        enum ErrorEvent: Sendable, Hashable {
            /// Code and message beside the type.
            case flat
            /// Code and message in a member `error`.
            case nested
        }

        // What they tell

        /// The first events of a background response; `queued` is left out in the foreground.
        var opening: [Timeline.Step] = [.queued, .created]
        /// Events of the vendor's own, told when the work begins.
        var extraEvents: [String] = []
        /// The deltas of a response that was not created streaming are told only if its create call said `stream_events: true`.
        var deltasNeedConsent = false
        /// The name of a truncated response's last event.
        var incompleteEvent = "response.incomplete"
        var failed = Failed.response
        /// One `response.completed` for each round of the work, and not only at its end.
        var tellsRounds = false
        var errorEvent = ErrorEvent.flat
        var cancelled = Cancelled.event

        // How they tell it

        /// Each event has an `event:` line before its `data:` line.
        var hasEventLines = true
        /// The member `type` stands last instead of first.
        var typeComesLast = false
        var done = Done.never
        var keepAlive: KeepAlive?

        // When they may be opened

        /// What a create call with `background` and `stream` answers.
        var atCreation = Answer.events
        /// What `GET ?stream=true` answers for a background response that was created without `stream`.
        var ofPolled = Answer.events
        /// The same for one that was created with it.
        var ofStreamed = Answer.events
        /// The same for a response in the foreground.
        var ofForeground = Answer.events
        var window: Limit?
        var replay = Replay.everything
        /// A stream from beyond the end hangs instead of closing.
        var hangsBeyondEnd = false
        /// What counts as yes in `?stream=`.
        var yes: Set<String> = ["true", "True", "1", "yes", "on"]
        /// `starting_after=0` means "from the beginning" instead of "after number 0".
        var zeroMeansAll = false
    }
}
