/// Several deliveries of an endpoint in one message, so that a batch of a thousand does not flood a room: `digest: {window: 5m, max: 50}`.
package struct Digest: Sendable, Hashable {
    package static let defaultWindow: Duration = .seconds(300)
    package static let windows: ClosedRange<Duration> = .seconds(1)...(.seconds(3600))
    package static let defaultMaximum = 50
    package static let maximums = 2...200

    /// How long the first delivery waits for others.
    package var window: Duration
    /// So many do not wait any longer, and no message is about more.
    package var maximum: Int

    package init(window: Duration = defaultWindow, maximum: Int = defaultMaximum) {
        self.window = window
        self.maximum = maximum
    }
}
