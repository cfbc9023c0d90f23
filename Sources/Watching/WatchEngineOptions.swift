/// The bounds and rhythms of a ``WatchEngine``.
package struct WatchEngineOptions: Sendable, Hashable {
    /// Watches claimed from the store in one round; 1 or more.
    package var claimPage = 500
    /// The store is asked for unclaimed watches this often even without a hint.
    package var claimInterval: Duration = .seconds(5)
    /// Progress is written back this often.
    package var progressInterval: Duration = .seconds(2)
    /// Watches whose progress is written in one call.
    package var progressPage = 2_000
    /// Watches followed at once. What is above it stays in the store, unclaimed.
    package var maximumWatches = 200_000
    /// GETs under way at once per credential.
    package var maximumRetrievals = 128
    /// Bytes of final responses that wait to be written. Above it nothing is asked for and streams are paused until the store has room.
    package var maximumHeldBytes = 256 * 1024 * 1024
    /// The largest response object that is held and kept. Of a larger one only the end is known: `retention.max_response_size`.
    package var maximumResponseBytes = 32 * 1024 * 1024
    /// The waits between tries while the store fails.
    package var firstStoreDelay: Duration = .milliseconds(200)
    package var longestStoreDelay: Duration = .seconds(5)

    package init() {}
}
