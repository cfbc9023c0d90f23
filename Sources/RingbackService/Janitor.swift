import Logging
import RingbackCore
import ServiceLifecycle
import Settings
import Store

/// Deletes what is past its retention, in small pieces, so that deliveries never wait for it.
struct Janitor: Service {
    static let interval: Duration = .seconds(600)
    /// Rows of each kind in one transaction: about 3 ms of the writer's time.
    static let piece = 500

    /// As it is configured now.
    let retention: @Sendable () -> Settings.Retention
    let store: any Store
    let time: any TimeSource
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await sweep()
                } catch {
                    logger.warning("could not delete what is past its retention; trying again later", metadata: ["error": "\(error)"])
                }
                // A cancelled sleep ends the loop by its condition.
                try? await time.sleep(until: time.now + Self.interval)
            }
        }
    }

    private func sweep() async throws(StoreError) {
        var hasMore = true
        while hasMore && !Task.isCancelled {
            let now = time.wallNow
            let retention = retention()
            hasMore = try await store.purge(
                deliveredBefore: now - retention.delivered,
                deadBefore: now - retention.dead,
                responsesBefore: now - retention.responses,
                watchesBefore: now - retention.watches,
                limit: Self.piece
            )
        }
    }
}
