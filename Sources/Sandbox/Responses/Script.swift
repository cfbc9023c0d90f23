package import RingbackCore

/// What one response will do, as its request's `metadata` says (contract, section 10).
package struct Script: Sendable, Hashable {
    /// How `GET ?stream=true` is turned down.
    package enum StreamRefusal: String, Sendable, Hashable, CaseIterable {
        case badRequest = "400"
        case json
        case empty
    }

    package var outcome: TerminalStatus
    /// From creation to the terminal event.
    package var duration: Duration
    package var deltaInterval: Duration
    package var outputBytes: Int
    /// Each stream is cut, without a word, after so many events.
    package var dropStreamAfter: Int?
    package var refuseStream: StreamRefusal?
    /// From creation; afterwards the response is unknown: 404.
    package var forgetAfter: Duration?
    /// After the first delta nothing more happens for so long.
    package var stall: Duration?
    /// So many retrievals are answered with 429 first.
    package var rateLimit: Int
    /// From creation; afterwards the status is `requires_action` until the end.
    package var requiresActionAfter: Duration?
    /// From creation; what happens then is the vendor's.
    package var restartAfter: Duration?
    /// What is said instead of `queued` and `in_progress`.
    package var runningStatus: String?
    /// The run does not heed a cancel.
    package var ignoresCancel: Bool
    /// A create call fails before the response has an id.
    package var failsBeforeID: Bool
    /// A failed response's stream ends with an `error` event.
    package var endsWithError: Bool
    /// Silent streams say something after so long, where the vendor has keep-alives.
    package var keepAlive: Duration?

    package static let maximumOutputBytes = 16 * 1024 * 1024
    package static let maximumDuration: Duration = .seconds(24 * 3600)

    package static let minimumKeepAlive: Duration = .milliseconds(10)

    package static let prefix = "sandbox."

    /// Every key without its prefix, with what it does: this is the help text.
    package static let keys: [(key: String, meaning: String)] = [
        ("outcome", "completed (default), failed, incomplete or cancelled"),
        ("duration", "from creation to the end, such as 500ms, 3s or 2m (1s)"),
        ("delta_interval", "time between two text deltas"),
        ("output_bytes", "length of the output text (200)"),
        ("drop_stream_after", "cut each stream after so many events"),
        ("refuse_stream", "true or 400 (refuse), json (answer JSON) or empty (answer nothing)"),
        ("forget_after", "after so long the response is unknown: 404"),
        ("stall", "be silent for so long after the first delta; true: for ever"),
        ("rate_limit", "answer so many retrievals with 429 first"),
        ("requires_action_after", "say requires_action from then on, until the end"),
        ("running_status", "say this word instead of queued and in_progress"),
        ("restart_after", "the vendor restarts then: it forgets, freezes or keeps what it knows"),
        ("ignore_cancel", "true: the run does not heed a cancel"),
        ("error_before_id", "true: the create call fails before there is an id"),
        ("error_event", "true: a failed response's stream ends with an error event"),
        ("keepalive", "interval of keep-alives, where the vendor has them"),
    ]
}
