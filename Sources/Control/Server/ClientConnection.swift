import NIOConcurrencyHelpers
import NIOCore

/// Whether the client of a connection is still there, for answers that take so long that it matters.
///
/// A server that writes nothing does not notice that nobody listens. This does: by the end of the client's side of the connection. A client
/// that ends its side alone and goes on reading counts as gone too, as with most HTTP servers.
final class ClientConnection: Sendable {
    private struct State {
        var isGone = false
        var action: (@Sendable () -> Void)?
        /// Until the client has left.
        var channel: (any Channel)?
    }

    private let state = NIOLockedValueBox(State())

    /// Does something, once, when the client has left; at once when it has already. Replaces what was to be done before; `nil`: nothing.
    func whenGone(_ action: (@Sendable () -> Void)?) {
        let isGone = state.withLockedValue { state in
            state.action = state.isGone ? nil : action
            return state.isGone
        }
        if isGone { action?() }
    }

    /// Closes the connection, whatever is being written to it.
    func close() {
        state.withLockedValue { $0.channel }?.close(promise: nil)
    }

    /// Returns when the connection's loop has taken over what was written before: only then can it say that it has enough. A writer that
    /// does not wait for that can be far ahead of a loop that is busy, and fill the memory.
    func settle() async {
        guard let channel = state.withLockedValue({ $0.channel }) else { return }
        // A loop that is shut down takes nothing over any more, and the next write says so.
        try? await channel.eventLoop.submit {}.get()
    }

    fileprivate func begin(_ channel: any Channel) {
        state.withLockedValue { $0.channel = channel }
    }

    fileprivate func end() {
        state.withLockedValue { $0.channel = nil }
    }

    fileprivate func leave() {
        let action = state.withLockedValue { state in
            state.isGone = true
            defer { state.action = nil }
            return state.action
        }
        action?()
    }

    /// The one of a channel whose pipeline has a ``ClientConnectionHandler``.
    static func of(_ channel: any Channel) async throws -> ClientConnection {
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: ClientConnectionHandler.self).connection
        }.get()
    }
}

/// Tells a ``ClientConnection`` what it sees of its channel.
final class ClientConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    let connection = ClientConnection()

    func handlerAdded(context: ChannelHandlerContext) {
        connection.begin(context.channel)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connection.end()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { connection.leave() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.leave()
        context.fireChannelInactive()
    }
}
