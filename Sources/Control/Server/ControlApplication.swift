package import Hummingbird
package import Logging
import NIOCore

/// Where the API listens and how much it takes.
package struct ControlListener: Sendable {
    /// A name or an address.
    package var host: String
    /// 0 lets the system choose; see `onBound` of ``makeApplication(router:listener:logger:onBound:)``.
    package var port: Int
    /// Connections above it wait in the kernel's queue.
    package var maximumConnections: Int
    /// A connection without a request for so long is closed.
    package var idleTimeout: Duration

    package init(host: String = "127.0.0.1", port: Int = 8787, maximumConnections: Int = 1024, idleTimeout: Duration = .seconds(75)) {
        self.host = host
        self.port = port
        self.maximumConnections = maximumConnections
        self.idleTimeout = idleTimeout
    }
}

private enum ControlBounds {
    /// All header lines of a request together.
    static let headerBytes = 64 * 1024
    static let headerFieldBytes = 16 * 1024
    static let headerFields = 128
    static let backlog = 512
}

/// The API as a service: it serves from `run()` until its task is cancelled or shut down gracefully, which lets requests under way finish.
///
/// - Parameter onBound: Called once with the port, when the address is bound.
package func makeApplication(
    router: Router<ControlContext>, listener: ControlListener, logger: Logger,
    onBound: @escaping @Sendable (Int) async -> Void = { _ in }
) -> Application<RouterResponder<ControlContext>> {
    return Application(
        router: router,
        server: .http1(
            configuration: .init(
                additionalChannelHandlers: [ClientConnectionHandler()],
                idleTimeout: TimeAmount(listener.idleTimeout),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: ControlBounds.headerFieldBytes, maxHeaderListSize: ControlBounds.headerBytes,
                    maxHeaderFieldCount: ControlBounds.headerFields
                )
            )
        ),
        configuration: ApplicationConfiguration(
            address: .hostname(listener.host, port: listener.port), backlog: ControlBounds.backlog,
            availableConnectionsDelegate: .maximum(listener.maximumConnections, logger: logger)
        ),
        onServerRunning: { channel in await onBound(channel.localAddress?.port ?? listener.port) },
        logger: logger
    )
}
