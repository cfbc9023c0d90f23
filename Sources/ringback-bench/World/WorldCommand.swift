import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import RingbackCore
import WebhookSignature

/// A process of its own, so that its memory and CPU time are not counted as the bridge's. It ends with its standard input.
struct WorldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "world", abstract: "The fake vendor and the receiver, told what to do by lines on standard input.",
        shouldDisplay: false)

    /// Where the two servers listen: the first line on standard output.
    struct Ports: Codable, Sendable {
        let upstream: Int
        let receiver: Int
    }

    private static let backlog: Int32 = 4096

    @Option(help: "What callbacks are signed with. Made for one run, and of no use after it.")
    var secret: String

    func run() throws {
        let key = try VerifyingKey(validating: Secret(secret))
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let world = try loop.submit { NIOLoopBound(World(loop: loop), eventLoop: loop) }.wait()
        let upstream = try Self.listen(on: group) { UpstreamConnection(world: world.value) }
        let receiver = try Self.listen(on: group) { ReceiverConnection(world: world.value, key: key) }
        try Self.say(Ports(upstream: upstream, receiver: receiver))
        while let line = readLine() {
            let order = try WorldOrder(line: line)
            try Self.say(try loop.submit { world.value.obey(order) }.wait())
        }
    }

    /// - Returns: The port.
    private static func listen(
        on group: MultiThreadedEventLoopGroup, _ handler: @escaping @Sendable () -> some ChannelInboundHandler
    ) throws -> Int {
        let channel = try ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler()) }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        guard let port = channel.localAddress?.port else { throw BenchError("the system gave the world's server no port: try again") }
        return port
    }

    private static func say(_ value: some Encodable) throws {
        try FileHandle.standardOutput.write(contentsOf: try JSONEncoder().encode(value) + Data("\n".utf8))
    }
}
