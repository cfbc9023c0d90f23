package import RingbackCore
import ServiceLifecycle

/// Tells systemd again and again that the node is alive, where it asked for that (sd_watchdog_enabled(3)): when the word stays away, systemd
/// restarts the process, and what it was doing goes on from the store.
///
/// A full disk or a receiver that is down is no reason: only an engine that does not answer any more is.
package struct Watchdog: Service {
    private let interval: Duration
    private let isAlive: @Sendable () async -> Void
    private let manager: ServiceManager
    private let time: any TimeSource

    /// - Parameters:
    ///   - isAlive: Returns when every engine has answered; hangs when one does.
    /// - Returns: `nil` where nobody asked.
    package init?(
        environment: [String: String], processID: Int32, manager: ServiceManager, time: any TimeSource = SystemTime(),
        isAlive: @escaping @Sendable () async -> Void
    ) {
        guard let interval = Self.interval(environment, processID: processID) else { return nil }
        self.interval = interval
        self.isAlive = isAlive
        self.manager = manager
        self.time = time
    }

    /// Half of the time within which a word has to come, as systemd recommends.
    static func interval(_ environment: [String: String], processID: Int32) -> Duration? {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else { return nil }
        // The variables are inherited: they may be meant for a process further up.
        if let meant = environment["WATCHDOG_PID"], Int32(meant) != processID { return nil }
        return .microseconds(microseconds / 2)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await isAlive()
                // A word that does not go out is missed by systemd, which then does what it is there for.
                _ = manager.tell(.alive)
                // A cancelled sleep ends the loop by its condition.
                try? await time.sleep(until: time.now + interval)
            }
        }
    }
}
