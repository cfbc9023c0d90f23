import Hummingbird
import Logging
import Sandbox
import ServiceLifecycle
import Testing

extension LocalServer {
    /// Lends a running server of a test, by the port it listens on, and shuts it down afterwards.
    static func lend(
        _ router: Router<BasicRequestContext>, name: String, _ body: (Int) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, announcement) = AsyncStream<Int>.makeStream()
        let server = LocalServer(router: router, name: name, logger: logger) { announcement.yield($0) }
        let services = ServiceGroup(services: [server], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            do {
                try await body(port)
            } catch {
                await services.triggerGracefulShutdown()
                throw error
            }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }
}
