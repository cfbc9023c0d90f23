import NIOCore
import RawJSON
import RingbackCore
import WebhookSignature

/// One connection to the receiver. Every callback's signature is checked, as a receiver should.
final class ReceiverConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Where callbacks are counted and measured.
    static let path = "/hook"
    /// Takes whatever comes.
    static let everythingPath = "/everything"
    /// Takes requests and never answers.
    static let hangingPath = "/hang"
    /// Answers, after a while.
    static let slowPath = "/slow"
    private static let slowness: TimeAmount = .seconds(2)

    private let world: World
    private let key: VerifyingKey
    private let time = SystemTime()
    private var reader = RequestReader()

    init(world: World, key: VerifyingKey) {
        self.world = world
        self.key = key
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let now = NIODeadline.now()
        reader.append(unwrapInboundIn(data))
        do {
            while let request = try reader.next() {
                switch request.path {
                case Self.path: answer(context, request, at: now)
                case Self.hangingPath: break
                case Self.slowPath: answerLater(context)
                default: write(context, ResponseBytes.status("200 OK"))
                }
            }
        } catch {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext, _ request: Request, at now: NIODeadline) {
        guard !world.isRefusing else {
            world.turnedAway()
            return write(context, ResponseBytes.abort)
        }
        let isGood = takes(request, at: now)
        if !isGood { world.refused() }
        write(context, ResponseBytes.status(isGood ? "200 OK" : "400 Bad Request"))
    }

    private func answerLater(_ context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.slowness) {
            let (connection, context) = loopBound.value
            connection.write(context, ResponseBytes.status("200 OK"))
        }
    }

    private func write(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    private func takes(_ request: Request, at now: NIODeadline) -> Bool {
        guard request.method == "POST", request.path == Self.path else { return false }
        do {
            let id = request.headers[WebhookSigner.idHeader]
            try WebhookVerifier.verify(
                id: id, timestamp: request.headers[WebhookSigner.timestampHeader],
                signature: request.headers[WebhookSigner.signatureHeader], body: request.body, keys: [key], now: time.wallNow
            )
            let body = try JSON(parsing: request.body)
            guard let id, body["id"]?.string == id, let response = body["data"]?["id"]?.string else { return false }
            return ResponseName.number(of: response).map { world.received($0, at: now) } ?? false
        } catch {
            return false
        }
    }
}
