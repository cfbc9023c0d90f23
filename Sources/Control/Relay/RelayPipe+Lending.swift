import RingbackCore
import ServiceLifecycle

extension RelayPipe {
    /// Does something that waits for this pipe. Meanwhile a client that leaves abandons it, and a server that shuts down breaks it off after
    /// ``RelayLimits/drain``: an open stream must not keep a server from ending, nor need a short one be cut.
    ///
    /// - Parameters:
    ///   - client: `nil`: nobody's leaving makes a difference.
    ///   - brokenOff: Called when the shutting down server has broken the pipe off.
    func lent<Value>(
        to client: ClientConnection?, time: any TimeSource, brokenOff: @escaping @Sendable () -> Void = {}, _ body: () async throws -> Value
    ) async throws -> Value {
        client?.whenGone { [weak self] in self?.abandon() }
        defer { client?.whenGone(nil) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await gracefulShutdown()
                try await time.sleep(until: time.now + RelayLimits.drain)
                self.breakOff()
                brokenOff()
            }
            // All that the task above can throw is that it was cancelled, which nobody asks about.
            defer { group.cancelAll() }
            return try await body()
        }
    }
}
