import Curl
import SocketTesting
import Synchronization
import Testing
import Transport

@Suite("A handler's verdict", .timeLimit(.minutes(5)))
struct BackPressureTests {
    static let total = 48 * 1024 * 1024

    @Test("\"pause\" stops a fast sender, and nothing is lost when it resumes")
    func pauseAndResume() async throws {
        let (stalls, stalled) = AsyncStream.makeStream(of: Int.self)
        let server = try TestServer(
            .serve { connection in
                _ = connection.readRequest()
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.total)\r\n\r\n")
                // Longer than the client's idle limit, which must rest meanwhile.
                let sent = connection.sendUntilStalled(total: Self.total, patience: 1_300)
                stalled.yield(sent)
                let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1024 * 1024)
                var left = Self.total - sent
                while left > 0, connection.send(Array(piece.prefix(left))) { left -= min(left, piece.count) }
            }
        )
        defer { server.stop() }

        let received = Atomic(0)
        let hasPaused = Atomic(false)
        let options = CurlTransportOptions(name: "test")
        try await withTransport(options) { transport in
            let request = TransferRequest(method: .get, url: server.url, limits: .stream(idle: .milliseconds(1_000)))
            let (ends, ended) = AsyncStream.makeStream(of: TransportError?.self)
            let handler = CountingHandler(received: { received.add($0, ordering: .relaxed) }, ended: { ended.yield($0) }) {
                // Once, with the first bytes.
                hasPaused.exchange(true, ordering: .relaxed) ? .proceed : .pause
            }
            let transfer = transport.start(request, handler: handler)

            let sent = await stalls.first { _ in true } ?? 0
            let receivedWhilePaused = received.load(ordering: .relaxed)
            #expect(receivedWhilePaused <= options.streamBufferSize)
            // What fits into the buffers of both sockets.
            #expect(sent < 32 * 1024 * 1024)

            transport.resume(transfer)
            #expect(await ends.first { _ in true } == .some(nil))
            let receivedAtEnd = received.load(ordering: .relaxed)
            #expect(receivedAtEnd == Self.total)
        }
    }

    @Test("\"pause\" after every piece still carries everything", arguments: [1_024, 16_384])
    func pauseEachTime(bufferSize: Int) async throws {
        let size = 300_000
        let server = try TestServer(.serve { if $0.readRequest() != nil { $0.send(answer(String(repeating: "x", count: size))) } })
        defer { server.stop() }
        try await withTransport(CurlTransportOptions(name: "test", streamBufferSize: bufferSize)) { transport in
            let remote = Remote(transport)
            let stream = transport.observe(TransferRequest(method: .get, url: server.url, limits: .stream())) { event in
                if case .ended = event { return .proceed }
                remote.resume()
                return .pause
            }
            remote.connect(to: stream)
            let end = await stream.end()
            #expect(end.error == nil)
            #expect(end.body.count == size)
        }
    }

    @Test("\"finish\" ends the transfer without an error and drops the connection", arguments: ["head", "body"])
    func finish(at place: String) async throws {
        let (closings, closed) = AsyncStream.makeStream(of: Void.self)
        let server = try TestServer(
            .serve { connection in
                _ = connection.readRequest()
                connection.send("HTTP/1.1 200 OK\r\n\r\ndata")
                _ = connection.waitForClose()
                closed.yield()
            }
        )
        defer { server.stop() }
        try await withTransport { transport in
            let stream = transport.observe(TransferRequest(method: .get, url: server.url, limits: .stream())) { event in
                switch event {
                case .head: place == "head" ? .finish : .proceed
                case .body: .finish
                case .ended: .proceed
                }
            }
            let end = await stream.end()
            #expect(end.error == nil)
            #expect(end.body.isEmpty == (place == "head"))
            for await _ in closings { break }
        }
    }

    @Test("\"pause\" on the head holds the body back")
    func pauseOnHead() async throws {
        let server = try TestServer(.serve { if $0.readRequest() != nil { $0.send(answer("body")) } })
        defer { server.stop() }
        try await withTransport { transport in
            let isResumed = Atomic(false)
            let stream = transport.observe(TransferRequest(method: .get, url: server.url, limits: .stream())) { event in
                switch event {
                case .head: return .pause
                case .body:
                    let isAllowed = isResumed.load(ordering: .sequentiallyConsistent)
                    #expect(isAllowed)
                    return .finish
                case .ended: return .proceed
                }
            }
            #expect(await stream.head() != nil)
            isResumed.store(true, ordering: .sequentiallyConsistent)
            transport.resume(stream.id)
            // Finishing inside a resumption, where libcurl itself would go on.
            let end = await stream.end()
            #expect(end.error == nil)
            #expect(end.body == Array("body".utf8))
        }
    }
}

/// Counts instead of keeping.
private final class CountingHandler: TransferHandler {
    private let received: @Sendable (Int) -> Void
    private let ended: @Sendable (TransportError?) -> Void
    private let verdict: @Sendable () -> TransferVerdict

    init(
        received: @escaping @Sendable (Int) -> Void, ended: @escaping @Sendable (TransportError?) -> Void,
        verdict: @escaping @Sendable () -> TransferVerdict
    ) {
        self.received = received
        self.ended = ended
        self.verdict = verdict
    }

    func transferReceived(_ head: TransferHead) -> TransferVerdict { .proceed }

    func transferReceived(_ bytes: Span<UInt8>) -> TransferVerdict {
        received(bytes.count)
        return verdict()
    }

    func transferEnded(_ error: TransportError?, summary: TransferSummary) {
        ended(error)
    }
}
