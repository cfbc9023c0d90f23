package import Transport

/// An upstream's own word on how soon a running response is worth another look.
package enum PollHint {
    /// However long an upstream suggests to wait, a look is taken after this long: the hint is about manners, not about the end.
    package static let longest: Duration = .seconds(3600)

    /// The `openai-poll-after-ms` header of an answer to a GET: whole milliseconds.
    ///
    /// - Returns: At most ``longest``; `nil` when the header is missing or not a number.
    package static func pollAfter(_ head: TransferHead) -> Duration? {
        head["openai-poll-after-ms"].flatMap(Milliseconds.parse).map { min($0, longest) }
    }
}
