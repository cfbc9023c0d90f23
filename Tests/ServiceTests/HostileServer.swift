import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A server on loopback that answers every request as no server should: bytes as given, too late, without end, or not at all.
struct HostileServer: Sendable {
    enum Behaviour: Sendable {
        /// Sends this text, head and body, and closes.
        case say(String)
        /// Takes requests and never answers.
        case silence
        /// Answers when ``HostileServer/release()`` was called.
        case holdBack(String)
        /// Sends this head, then so many bytes as fast as the client takes them.
        case flood(head: String, bytes: Int)
    }

    /// What the handlers of all connections share.
    final class Shared: Sendable {
        struct State {
            var requests: [String] = []
            var bytesTaken = 0
            var isReleased = false
            var heldBack: [@Sendable () -> Void] = []
        }

        let state = NIOLockedValueBox(State())
    }

    let port: Int
    private let channel: any Channel
    private let shared: Shared

    var url: String { "http://127.0.0.1:\(port)" }

    /// Lends a server to `body` and closes it afterwards.
    ///
    /// - Parameter port: 0 lets the system choose.
    static func lend(_ behaviour: Behaviour, port: Int = 0, _ body: (HostileServer) async throws -> Void) async throws {
        let shared = Shared()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HostileHandler(behaviour, shared: shared))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        let server = HostileServer(port: channel.localAddress?.port ?? port, channel: channel, shared: shared)
        do {
            try await body(server)
        } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
    }

    /// The request lines so far.
    var requests: [String] { shared.state.withLockedValue(\.requests) }

    /// How many bytes of a flood the clients have taken.
    var bytesTaken: Int { shared.state.withLockedValue(\.bytesTaken) }

    /// Sends what is held back, and holds back no more.
    func release() {
        let heldBack = shared.state.withLockedValue { state in
            state.isReleased = true
            defer { state.heldBack = [] }
            return state.heldBack
        }
        for answer in heldBack { answer() }
    }

    /// A plain answer with a body.
    static func answer(_ status: String, type: String, _ body: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }
}

/// One connection. A request counts as received with the end of its head; its body is read and ignored.
private final class HostileHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let floodPiece = 256 * 1024
    private static let longestHead = 64 * 1024

    private let behaviour: HostileServer.Behaviour
    private let shared: HostileServer.Shared
    private var head = ""
    private var isAnswered = false

    init(_ behaviour: HostileServer.Behaviour, shared: HostileServer.Shared) {
        self.behaviour = behaviour
        self.shared = shared
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        guard !isAnswered else { return }
        head += String(decoding: buffer.readableBytesView.prefix(Self.longestHead), as: UTF8.self)
        guard head.contains("\r\n\r\n") else { return }
        isAnswered = true
        shared.state.withLockedValue { $0.requests.append(String(head.prefix { $0 != "\r\n" })) }
        answer(on: context.channel)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The client has gone away: so does this side.
        context.close(promise: nil)
    }

    private func answer(on channel: any Channel) {
        switch behaviour {
        case .say(let text):
            Self.say(text, on: channel)
        case .silence:
            break
        case .holdBack(let text):
            let isReleased = shared.state.withLockedValue { state in
                if !state.isReleased { state.heldBack.append { Self.say(text, on: channel) } }
                return state.isReleased
            }
            if isReleased { Self.say(text, on: channel) }
        case .flood(let head, let bytes):
            channel.writeAndFlush(ByteBuffer(string: head), promise: nil)
            Self.flood(bytes, on: channel, shared: shared)
        }
    }

    private static func say(_ text: String, on channel: any Channel) {
        channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in channel.close(promise: nil) }
    }

    /// Writes the next piece when the client has taken the one before.
    private static func flood(_ bytes: Int, on channel: any Channel, shared: HostileServer.Shared) {
        guard bytes > 0 else {
            channel.close(promise: nil)
            return
        }
        let count = min(bytes, floodPiece)
        channel.writeAndFlush(ByteBuffer(repeating: UInt8(ascii: "x"), count: count)).whenSuccess {
            shared.state.withLockedValue { $0.bytesTaken += count }
            flood(bytes - count, on: channel, shared: shared)
        }
    }
}
