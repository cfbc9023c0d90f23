package import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// A Hummingbird server that says which port it got, as a service.
package struct LocalServer: Service {
    private let application: any ApplicationProtocol

    /// - Parameters:
    ///   - port: 0 lets the system choose.
    ///   - onListening: Called once with the port, when connections are accepted.
    package init(
        router: Router<BasicRequestContext>,
        host: String = "127.0.0.1",
        port: Int = 0,
        name: String,
        logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void
    ) {
        application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname(host, port: port), serverName: name),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? port) },
            logger: logger
        )
    }

    /// Serves until cancelled or shut down gracefully.
    ///
    /// - Throws: When the address cannot be listened on, for example because the port is in use.
    package func run() async throws {
        try await application.run()
    }
}
