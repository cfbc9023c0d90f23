import NIOCore

/// One connection to the fake vendor.
final class UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let path = "/v1/responses/"

    /// The response whose stream this connection carries now.
    var number: Int?
    private let world: World
    private var reader = RequestReader()
    private var context: ChannelHandlerContext?

    init(world: World) {
        self.world = world
    }

    func send(_ bytes: ByteBuffer) {
        context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func close() {
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.append(unwrapInboundIn(data))
        do {
            while let request = try reader.next() { answer(request) }
        } catch {
            close()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let number { world.left(number, self) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close()
    }

    private func answer(_ request: Request) {
        guard request.method == "GET", request.path.hasPrefix(Self.path),
            let number = ResponseName.number(of: request.path.dropFirst(Self.path.count))
        else { return send(ResponseBytes.status("404 Not Found")) }
        world.answer(number, isStream: request.query.contains("stream=true"), on: self)
    }
}
