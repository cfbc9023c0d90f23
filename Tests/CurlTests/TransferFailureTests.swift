import Curl
import Foundation
import Glibc
import NIOConcurrencyHelpers
import SocketTesting
import Testing
import Transport

@Suite("A transfer that fails", .timeLimit(.minutes(5)))
struct TransferFailureTests {
    /// What the server does with one request, and what its client is to be told.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Whether the transfer is to meet its total limit; the others get one that even a busy machine keeps.
        var waitsForTotalLimit = false
        let serve: @Sendable (Connection) -> Void
        let isExpected: @Sendable (TransportError?) -> Bool

        init(
            _ name: String, waitsForTotalLimit: Bool = false, _ serve: @escaping @Sendable (Connection) -> Void,
            _ isExpected: @escaping @Sendable (TransportError?) -> Bool
        ) {
            testDescription = name
            self.waitsForTotalLimit = waitsForTotalLimit
            self.serve = serve
            self.isExpected = isExpected
        }
    }

    static let cases: [Case] = [
        Case("closed in the middle of a body of known length", { $0.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort") }, isLost),
        Case("closed in the middle of chunks", { $0.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel") }, isLost),
        Case("closed in the middle of the head", { $0.send("HTTP/1.1 200 OK\r\nContent-") }, { $0 != nil }),
        Case("closed without an answer", { _ in }, isLost),
        Case("garbage instead of HTTP", { $0.send("SSH-2.0-OpenSSH_9.2p1\r\n") }, isViolation),
        Case("a header line without a colon", { $0.send("HTTP/1.1 200 OK\r\nthis is no header\r\n\r\n") }, isViolation),
        Case("interim answers only", { $0.send("HTTP/1.1 103 Early Hints\r\n\r\n") }, { $0 != nil }),
        Case(
            "many header lines", { $0.send("HTTP/1.1 200 OK\r\n" + String(repeating: "X-Filler: 0123456789\r\n", count: 1_000)) },
            { $0 == .headersTooLarge(limit: 8_192) }
        ),
        Case(
            "one endless header line", { $0.send("HTTP/1.1 200 OK\r\nX-Endless: " + String(repeating: "x", count: 300_000)) },
            { $0 == .headersTooLarge(limit: 8_192) }
        ),
        Case("a large body", { $0.send(answer(String(repeating: "x", count: 100_001))) }, { $0 == .bodyTooLarge(limit: 100_000) }),
        Case(
            "a large body in chunks",
            { connection in
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while connection.send("1000\r\n" + String(repeating: "x", count: 0x1000) + "\r\n") {}
            }, { $0 == .bodyTooLarge(limit: 100_000) }
        ),
        Case("no answer", waitsForTotalLimit: true, { _ = $0.waitForClose() }, { $0 == .totalTimeout }),
        Case(
            "an answer that does not end", waitsForTotalLimit: true,
            { connection in
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
                _ = connection.waitForClose()
            }, { $0 == .totalTimeout }
        ),
    ]

    static let isLost: @Sendable (TransportError?) -> Bool = { if case .connectionLost = $0 { true } else { false } }
    static let isViolation: @Sendable (TransportError?) -> Bool = { if case .protocolViolation = $0 { true } else { false } }

    @Test("says how", arguments: cases)
    func serverFaults(_ example: Case) async throws {
        let server = try TestServer(.serve { if $0.readRequest() != nil { example.serve($0) } })
        defer { server.stop() }
        try await withTransport { transport in
            var limits = TransferLimits(headerBytes: 8_192, bodyBytes: 100_000)
            limits.total = example.waitsForTotalLimit ? .milliseconds(500) : .seconds(30)
            let end = await transport.observe(TransferRequest(method: .get, url: server.url + "/?secret=7", limits: limits)).end()
            #expect(example.isExpected(end.error), "\(String(describing: end.error))")
            #expect(!"\(String(describing: end.error))".contains("secret"))
            #expect(end.body.count <= 100_000)
        }
    }

    @Test("is told, and not mended by sending the request again, where that may not be", arguments: [true, false])
    func keptConnectionLost(mayBeRepeated: Bool) async throws {
        let requests = NIOLockedValueBox(0)
        let server = try TestServer(
            .serve { connection in
                while connection.readRequest() != nil {
                    let number = requests.withLockedValue { count -> Int in
                        count += 1
                        return count
                    }
                    // Every second request is taken, and its connection closed without a word.
                    guard number % 2 == 1 else { return }
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                }
            })
        defer { server.stop() }
        try await withTransport { transport in
            var request = TransferRequest(method: .post, url: server.url, body: Array("{}".utf8), version: .http1)
            #expect(await transport.observe(request).end().error == nil)
            request.mayBeRepeated = mayBeRepeated
            let end = await transport.observe(request).end()
            #expect((end.error == nil) == mayBeRepeated)
            #expect(requests.withLockedValue { $0 } == (mayBeRepeated ? 3 : 2))
        }
    }

    @Test("ends when no byte comes for the idle limit, but not while bytes come")
    func idle() async throws {
        let server = try TestServer(
            .serve { connection in
                _ = connection.readRequest()
                connection.send("HTTP/1.1 200 OK\r\n\r\n")
                for _ in 0..<8 {
                    var never = pollfd(fd: -1, events: 0, revents: 0)
                    poll(&never, 1, 150)
                    connection.send(": comment\n\n")
                }
                _ = connection.waitForClose()
            }
        )
        defer { server.stop() }
        try await withTransport { transport in
            let limits = TransferLimits.stream(idle: .milliseconds(1_000))
            let end = await transport.observe(TransferRequest(method: .get, url: server.url, limits: limits)).end()
            #expect(end.error == .idleTimeout)
            #expect(end.head?.status == 200)
            #expect(end.body.count == 8 * ": comment\n\n".utf8.count)
        }
    }

    @Test("ends when a stream never gets its head within the idle limit")
    func idleBeforeHead() async throws {
        let server = try TestServer(.serve { _ = $0.waitForClose() })
        defer { server.stop() }
        try await withTransport { transport in
            let limits = TransferLimits.stream(idle: .milliseconds(200))
            #expect(await transport.observe(TransferRequest(method: .get, url: server.url, limits: limits)).error() == .idleTimeout)
        }
    }

    @Test("says when nobody listens")
    func refused() async throws {
        let server = try TestServer(Self.nothing)
        server.stop()
        try await withTransport { transport in
            // The listener is closed by its own thread a moment after `stop`.
            var end = await transport.observe(TransferRequest(method: .get, url: server.url)).end()
            while end.error != .connectionRefused(host: "127.0.0.1") {
                end = await transport.observe(TransferRequest(method: .get, url: server.url)).end()
            }
            #expect(end.head == nil)
            #expect(!end.summary.reusedConnection)
        }
    }

    static let nothing = TestServer.Behaviour.serve { _ in }

    @Test("says when a name has no address")
    func nameNotFound() async throws {
        // A label of 64 characters cannot exist (RFC 1035 section 2.3.4), so no name server is asked.
        let host = String(repeating: "a", count: 64) + ".test"
        try await withTransport { transport in
            #expect(await transport.observe(TransferRequest(method: .get, url: "http://\(host)/")).error() == .nameNotFound(host: host))
        }
    }

    @Test("tells the connect limit from the total one")
    func connectTimeout() async throws {
        let server = try FullServer()
        defer { server.stop() }
        try await withTransport { transport in
            let limits = TransferLimits(connect: .milliseconds(250), total: .seconds(30))
            #expect(await transport.observe(TransferRequest(method: .get, url: server.url, limits: limits)).error() == .connectTimeout)
        }
    }

    @Test(
        "refuses what is no proper request, before anything is sent",
        arguments: [
            ("ftp://127.0.0.1/", [("A", "b")]),
            ("file:///etc/passwd", [("A", "b")]),
            ("no url at all", [("A", "b")]),
            ("http://", [("A", "b")]),
            ("http://127.0.0.1:99999/", [("A", "b")]),
            ("http://127.0.0.1/\0", [("A", "b")]),
            ("http://127.0.0.1/", [("A", "b\r\nInjected: yes")]),
            ("http://127.0.0.1/", [("A", "b\nInjected: yes")]),
            ("http://127.0.0.1/", [("A", "b\0")]),
            ("http://127.0.0.1/", [("A b", "c")]),
            ("http://127.0.0.1/", [("", "c")]),
            ("http://127.0.0.1/", [("A:", "c")]),
        ] as [(String, [(String, String)])])
    func invalidRequest(url: String, headers: [(String, String)]) async throws {
        try await withTransport { transport in
            let request = TransferRequest(method: .get, url: url, headers: headers.map { (name: $0.0, value: $0.1) })
            guard case .invalidRequest(let reason) = await transport.observe(request).error() else {
                Issue.record("it was sent")
                return
            }
            #expect(!reason.isEmpty)
        }
    }

    @Test("keeps the query out of the words about a bad URL")
    func secretQuery() async throws {
        try await withTransport { transport in
            let error = await transport.observe(TransferRequest(method: .get, url: "http://[::1/?token=hunter2")).error()
            #expect(!"\(String(describing: error))".contains("hunter2"))
        }
    }

    @Test("hands what had come before the failure to who performs it")
    func performFails() async throws {
        let server = try TestServer(.serve { if $0.readRequest() != nil { $0.send("HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\n") } })
        defer { server.stop() }
        try await withTransport { transport in
            do throws(TransferFailure) {
                _ = try await transport.perform(TransferRequest(method: .get, url: server.url))
                Issue.record("it did not fail")
            } catch {
                #expect(Self.isLost(error.error))
                #expect(error.head?.status == 500)
                #expect(error.summary.address == "127.0.0.1")
            }
        }
    }
}

/// A listener whose queue of connections is full: the kernel answers no further one.
struct FullServer {
    private let server: TestServer
    private let clients: [Int32]

    init() throws {
        let server = try TestServer(.neverAccept)
        self.server = server
        clients = (0..<4).map { _ in
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = loopback(port: server.port)
            _ = withSocketAddress(&address) { connect(client, $0, $1) }
            return client
        }
    }

    var url: String { server.url }

    func stop() {
        for client in clients { close(client) }
        server.stop()
    }
}
