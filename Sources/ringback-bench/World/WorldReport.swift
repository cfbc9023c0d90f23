/// What the world has seen since its last reset; the answer to every command.
struct WorldReport: Codable, Sendable {
    /// The number the next response will have.
    var next = 0
    /// Streams that are open now.
    var streams = 0
    /// Deltas sent.
    var deltas = 0
    /// Terminal events sent.
    var terminals = 0
    /// Responses for which a callback came.
    var received = 0
    /// Callbacks beyond the first for the same response.
    var duplicates = 0
    /// Requests to the receiver that were no proper callback: unsigned, wrongly signed, or for a response nobody has.
    var refused = 0
    /// Callbacks that were turned away on purpose.
    var turnedAway = 0
    /// From the last mark to the last first callback, in seconds.
    var secondsToLast: Double?
    /// From the terminal event's write to the callback's last byte, in milliseconds; only in the answer to `report`.
    var latency: Distribution?
    /// How late the world itself wrote terminal events, in milliseconds; only in the answer to `report`.
    var lateness: Distribution?
}
