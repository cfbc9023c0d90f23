/// The bounds of the live feed.
package enum FeedLimits {
    /// Who may listen at once. Each holds a connection and a place in the feed, and nothing else.
    package static let listeners = 256
    /// Changes that are kept ready for listeners who are a little behind. A listener further behind reads by itself.
    static let keptChanges = 4096
    /// The same bound for their texts together.
    static let keptBytes = 4 * 1024 * 1024
    /// Changes that are read from the store at once, for all listeners together.
    static let changesPerRead = 500
    /// Bytes that are given to a listener's connection at once.
    static let pieceBytes = 64 * 1024
    /// A listener that hears nothing for so long gets a comment, by which also whoever has left is found out.
    package static let heartbeat: Duration = .seconds(15)
    /// A listener whose connection takes nothing for so long is dropped.
    static let patience: Duration = .seconds(60)
    /// After the store failed to tell what changed.
    static let retryWait: Duration = .seconds(1)
}
