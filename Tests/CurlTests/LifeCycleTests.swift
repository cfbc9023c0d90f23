import Curl
import NIOConcurrencyHelpers
import SocketTesting
import Testing
import Transport

@Suite("The transfer loop", .timeLimit(.minutes(5)))
struct LifeCycleTests {
    static let streaming = TestServer.Behaviour.hold("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: hello\n\n")

    /// An actor that lives on a transport's loop.
    private actor Resident {
        private let loop: any (SerialExecutor & TaskExecutor)
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
        var calls = 0
        private var hasStarted = false

        init(_ transport: CurlTransport) {
            loop = transport.loop
        }

        func noteCall() {
            calls += 1
        }

        func startFromWithin(_ transport: CurlTransport, url: String) async -> TransportError? {
            await withCheckedContinuation { continuation in
                let observation = transport.observe(TransferRequest(method: .get, url: url)) { event in
                    let hasStarted = self.assumeIsolated { $0.hasStarted }
                    #expect(hasStarted, "the handler was called before `start` had returned")
                    if case .ended(let error, _) = event { continuation.resume(returning: error) }
                    return .proceed
                }
                hasStarted = true
                _ = observation
            }
        }
    }

    @Test("calls handlers on its own thread, where its residents may be reached at once")
    func handlersOnLoop() async throws {
        let server = try TestServer(.serve { if $0.readRequest() != nil { $0.send(answer()) } })
        defer { server.stop() }
        try await withTransport { transport in
            let resident = Resident(transport)
            // `assumeIsolated` ends the process when it is called anywhere else.
            let observation = transport.observe(TransferRequest(method: .get, url: server.url)) { _ in
                resident.assumeIsolated { $0.noteCall() }
                return .proceed
            }
            #expect(await observation.error() == nil)
            #expect(await resident.calls == 3)
        }
    }

    @Test("calls no handler before `start` has returned, on the loop itself too")
    func startOnLoop() async throws {
        let server = try TestServer(.serve { if $0.readRequest() != nil { $0.send(answer()) } })
        defer { server.stop() }
        try await withTransport { transport in
            #expect(await Resident(transport).startFromWithin(transport, url: server.url) == nil)
            guard case .invalidRequest = await Resident(transport).startFromWithin(transport, url: "nonsense://") else {
                Issue.record("nonsense was sent")
                return
            }
        }
    }

    @Test("lets tasks run on it by preference")
    func taskExecutor() async throws {
        try await withTransport { transport in
            let resident = Resident(transport)
            await withTaskExecutorPreference(transport.loop) {
                for _ in 0..<100 { await resident.noteCall() }
            }
            #expect(await resident.calls == 100)
        }
    }

    @Test("ends 200 open streams as closed when it shuts down")
    func shutdown() async throws {
        let server = try TestServer(Self.streaming)
        defer { server.stop() }
        let transport = try CurlTransport(options: CurlTransportOptions(name: "test"))
        let streams = (0..<200).map { _ in transport.observe(TransferRequest(method: .get, url: server.url, limits: .stream())) }
        for stream in streams { #expect(await stream.head()?.status == 200) }
        #expect(transport.statistics == CurlTransportStatistics(active: 200, queued: 0))

        await transport.shutdown()
        for stream in streams { #expect(await stream.error() == .closed) }
        #expect(transport.statistics == CurlTransportStatistics(active: 0, queued: 0))
        #expect(await onThread { server.heldConnectionsClosedByPeer() } == 200)
    }

    @Test("goes on running jobs and refusing transfers after its transport has shut down")
    func retired() async throws {
        let transport = try CurlTransport(options: CurlTransportOptions(name: "test"))
        let resident = Resident(transport)
        await transport.shutdown()
        await transport.shutdown()
        await withTaskGroup { group in
            for _ in 0..<50 { group.addTask { await resident.noteCall() } }
        }
        #expect(await resident.calls == 50)
        let observation = transport.observe(TransferRequest(method: .get, url: "http://127.0.0.1/")) { _ in
            resident.assumeIsolated { $0.noteCall() }
            return .proceed
        }
        transport.cancel(observation.id)
        transport.resume(observation.id)
        #expect(await observation.error() == .closed)
        #expect(await resident.calls == 51)
    }

    @Test("ends its transfers when the transport is let go")
    func abandoned() async throws {
        let server = try TestServer(Self.streaming)
        defer { server.stop() }
        var transport: CurlTransport? = try CurlTransport(options: CurlTransportOptions(name: "test"))
        let stream = transport?.observe(TransferRequest(method: .get, url: server.url, limits: .stream()))
        _ = await stream?.head()
        transport = nil
        #expect(await stream?.error() == .closed)
    }

    @Test("opens and closes 1,000 streams and keeps no connection of them")
    func manyStreams() async throws {
        let server = try TestServer(Self.streaming)
        defer { server.stop() }
        try await withTransport { transport in
            let streams = (0..<1_000).map { _ in transport.observe(TransferRequest(method: .get, url: server.url, limits: .stream())) }
            for stream in streams { #expect(await stream.body() == Array("data: hello\n\n".utf8)) }
            #expect(server.accepted == 1_000)
            for stream in streams { transport.cancel(stream.id) }
            for stream in streams { #expect(await stream.error() == .cancelled) }
            #expect(await onThread { server.heldConnectionsClosedByPeer() } == 1_000)
            // The next answer comes after the loop's round that ended the last of them.
            let last = transport.observe(TransferRequest(method: .get, url: "nonsense"))
            _ = await last.error()
            #expect(transport.statistics.active == 0)
        }
    }
}

@Suite("Cancelling a transfer", .timeLimit(.minutes(5)))
struct CancellationTests {
    @Test("ends it at every stage", arguments: ["at once", "while connecting", "before the head", "within the body", "while paused"])
    func everyStage(_ stage: String) async throws {
        let full = try FullServer()
        defer { full.stop() }
        let (requests, requested) = AsyncStream.makeStream(of: Void.self)
        let server = try TestServer(
            .serve { connection in
                _ = connection.readRequest()
                requested.yield()
                if stage == "within the body" || stage == "while paused" {
                    connection.send("HTTP/1.1 200 OK\r\n\r\nsome bytes")
                }
                while stage == "while paused", connection.send("more bytes") {}
                _ = connection.waitForClose()
            }
        )
        defer { server.stop() }
        try await withTransport { transport in
            let url = stage == "while connecting" ? full.url : server.url
            let stream = transport.observe(TransferRequest(method: .get, url: url, limits: .stream())) { event in
                if case .body = event, stage == "while paused" { .pause } else { .proceed }
            }
            switch stage {
            case "at once": break
            case "while connecting":
                // A later request to another server has come back: the loop has begun to connect the first one meanwhile.
                _ = await transport.observe(TransferRequest(method: .get, url: "nonsense")).error()
            case "before the head": for await _ in requests { break }
            default: #expect(await stream.body() != nil)
            }
            transport.cancel(stream.id)
            transport.cancel(stream.id)
            #expect(await stream.error() == .cancelled)
            transport.cancel(stream.id)
            transport.resume(stream.id)
        }
    }

    @Test("follows the task that performs it")
    func performing() async throws {
        let (requests, requested) = AsyncStream.makeStream(of: Void.self)
        let server = try TestServer(
            .serve { connection in
                _ = connection.readRequest()
                requested.yield()
                _ = connection.waitForClose()
            }
        )
        defer { server.stop() }
        try await withTransport { transport in
            let outcome = await withTaskGroup(of: TransportError?.self) { group in
                group.addTask {
                    do throws(TransferFailure) {
                        _ = try await transport.perform(TransferRequest(method: .get, url: server.url))
                        return nil
                    } catch {
                        return error.error
                    }
                }
                for await _ in requests { break }
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(outcome == .cancelled)
        }
    }
}

@Suite("The queue of a transport", .timeLimit(.minutes(5)))
struct QueueTests {
    @Test("lets the next one begin when a place is free, and refuses what is beyond its bound")
    func bounded() async throws {
        let server = try TestServer(LifeCycleTests.streaming)
        defer { server.stop() }
        try await withTransport(CurlTransportOptions(name: "test", maxTransfers: 1, maxQueued: 1)) { transport in
            let request = TransferRequest(method: .get, url: server.url, limits: .stream())
            let first = transport.observe(request)
            let second = transport.observe(request)
            let third = transport.observe(request)
            #expect(await first.head() != nil)
            #expect(await third.error()?.isOurOwn == true)
            transport.cancel(first.id)
            #expect(await second.head() != nil)
            #expect(server.accepted == 2)
        }
    }

    @Test("is left when waiting takes too long, or at a cancel")
    func leaving() async throws {
        let server = try TestServer(LifeCycleTests.streaming)
        defer { server.stop() }
        let options = CurlTransportOptions(name: "test", maxTransfers: 1, maxQueueWait: .milliseconds(200))
        try await withTransport(options) { transport in
            let request = TransferRequest(method: .get, url: server.url, limits: .stream())
            let first = transport.observe(request)
            let second = transport.observe(request)
            let third = transport.observe(request)
            transport.cancel(third.id)
            #expect(await third.error() == .cancelled)
            guard case .internalTrouble = await second.error() else {
                Issue.record("the second did not give up")
                return
            }
            transport.cancel(first.id)
            #expect(await first.error() == .cancelled)
        }
    }

    @Test("leaves no deadline behind with a transfer that got its place")
    func waitDeadline() async throws {
        let server = try TestServer(LifeCycleTests.streaming)
        defer { server.stop() }
        let options = CurlTransportOptions(name: "test", maxTransfers: 1, maxQueueWait: .milliseconds(500))
        try await withTransport(options) { transport in
            let request = TransferRequest(method: .get, url: server.url, limits: .stream())
            let first = transport.observe(request)
            let second = transport.observe(request)
            transport.cancel(first.id)
            #expect(await second.head() != nil)
            // The third one's wait began later and ends later: by then the second one's would be over too.
            #expect(await transport.observe(request).error()?.isOurOwn == true)
            transport.cancel(second.id)
            #expect(await second.error() == .cancelled)
        }
    }

    @Test("of one host that does not answer holds up no other host")
    func deadHost() async throws {
        let full = try FullServer()
        defer { full.stop() }
        let server = try TestServer(.serve { if $0.readRequest() != nil { $0.send(answer()) } })
        defer { server.stop() }
        try await withTransport(CurlTransportOptions(name: "test", maxOpeningPerHost: 2)) { transport in
            let stuck = (0..<10).map { _ in transport.observe(TransferRequest(method: .get, url: full.url)) }
            let answer = try await transport.perform(TransferRequest(method: .get, url: server.url))
            #expect(answer.head.status == 200)
            #expect(transport.statistics.queued == 8)
            for transfer in stuck { transport.cancel(transfer.id) }
            for transfer in stuck { #expect(await transfer.error() == .cancelled) }
        }
    }
}
