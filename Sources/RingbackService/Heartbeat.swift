import Logging
import RingbackCore
import ServiceLifecycle
import Store

/// Announces again and again that this node is alive, so that the leases of its watches hold.
struct Heartbeat: Service {
    /// How long an announcement holds: a node that dies is taken over within this time (contract, section 11).
    static let validity: Duration = .seconds(30)
    /// Several announcements fit into one validity: a slow disk must not cost the leases.
    static let interval: Duration = .seconds(5)

    let node: NodeID
    let store: any Store
    let time: any TimeSource
    let logger: Logger

    /// Announces the node once. The engines claim nothing before the first announcement.
    func announce() async throws(StoreError) {
        let now = time.wallNow
        try await store.heartbeat(node, now: now, until: now + Self.validity)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await time.sleep(until: time.now + Self.interval)
                    try await announce()
                } catch let error as StoreError {
                    logger.warning("could not announce this node; the next announcement follows", metadata: ["error": "\(error)"])
                } catch {
                    return
                }
            }
        }
    }
}
