import Curl
import RingbackTesting
import SocketTesting
import Synchronization
import Testing
import Transport

@Suite("Over TLS the curl transport", .timeLimit(.minutes(5)), .enabled(if: TLSFixture.openssl != nil, "openssl is not installed"))
struct TLSTests {
    @Test("believes a custom authority, for the right name only, and nobody else without being told")
    func verification() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try await TLSFixture(in: directory)
            try fixture.write(Array("over TLS".utf8), to: "file")
            let own = TransferTrust(caFile: fixture.caFile)
            try await fixture.withHTTPS { port in
                try await withTransport { transport in
                    let answer = try await transport.perform(
                        TransferRequest(method: .get, url: "https://localhost:\(port)/file", version: .http1, trust: own)
                    )
                    #expect(answer.head.status == 200)
                    #expect(String(decoding: answer.body, as: UTF8.self) == "over TLS")
                    #expect(answer.summary.tls != nil)

                    let refusals = [
                        TransferRequest(method: .get, url: "https://localhost:\(port)/file", version: .http1),
                        TransferRequest(method: .get, url: "https://127.0.0.1:\(port)/file", version: .http1, trust: own),
                    ]
                    for request in refusals {
                        let end = await transport.observe(request).end()
                        guard case .tls(let detail) = end.error else {
                            Issue.record("\(request.url): \(String(describing: end.error))")
                            continue
                        }
                        #expect(detail.contains("certificate") || detail.contains("SSL"))
                        #expect(end.head == nil)
                    }
                }
            }
        }
    }

    @Test("shows its certificate to a server that asks for one, and is refused without")
    func clientCertificate() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try await TLSFixture(in: directory)
            try fixture.write(Array("for friends".utf8), to: "file")
            let identity = TransferIdentity(certificateFile: fixture.path("server.pem"), keyFile: fixture.path("server.key"))
            try await fixture.withHTTPS(asksForCertificate: true) { port in
                try await withTransport { transport in
                    func request(_ trust: TransferTrust) -> TransferRequest {
                        TransferRequest(method: .get, url: "https://localhost:\(port)/file", version: .http1, trust: trust)
                    }
                    let known = TransferTrust(caFile: fixture.caFile, identity: identity)
                    let answer = try await transport.perform(request(known))
                    #expect(String(decoding: answer.body, as: UTF8.self) == "for friends")
                    // A connection that was opened with the certificate must not serve a request without it.
                    let stranger = await transport.observe(request(TransferTrust(caFile: fixture.caFile))).end()
                    #expect(stranger.error != nil)
                    let missing = TransferIdentity(certificateFile: fixture.path("none.pem"), keyFile: fixture.path("none.pem"))
                    guard case .tls = await transport.observe(request(TransferTrust(caFile: fixture.caFile, identity: missing))).error()
                    else {
                        Issue.record("a missing certificate was not missed")
                        return
                    }
                }
            }
        }
    }

    @Test("says so when the file with the authorities is missing")
    func missingFile() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try await TLSFixture(in: directory)
            try await fixture.withHTTPS { port in
                try await withTransport { transport in
                    let trust = TransferTrust(caFile: fixture.path("missing.pem"))
                    let request = TransferRequest(method: .get, url: "https://localhost:\(port)/", version: .http1, trust: trust)
                    guard case .tls = await transport.observe(request).error() else {
                        Issue.record("it was believed")
                        return
                    }
                }
            }
        }
    }

    @Test("says so when the other side speaks no TLS")
    func plainServer() async throws {
        let talker = try TestServer(.hold("HTTP/1.1 400 Bad Request\r\n\r\n"))
        defer { talker.stop() }
        try await withTransport { transport in
            let request = TransferRequest(method: .get, url: "https://localhost:\(talker.port)/", version: .http1)
            guard case .tls = await transport.observe(request).error() else {
                Issue.record("plain HTTP passed for TLS")
                return
            }
        }
    }

    @Test("takes more authority files than it has shards for")
    func manyFiles() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try await TLSFixture(in: directory)
            try fixture.write(Array("ok".utf8), to: "file")
            let authority = try fixture.read("ca.pem")
            try await fixture.withHTTPS { port in
                try await withTransport { transport in
                    for number in 0..<11 {
                        try fixture.write(authority, to: "ca\(number).pem")
                        let trust = TransferTrust(caFile: fixture.path("ca\(number).pem"))
                        let request = TransferRequest(method: .get, url: "https://localhost:\(port)/file", version: .http1, trust: trust)
                        #expect(try await transport.perform(request).head.status == 200)
                    }
                }
            }
        }
    }
}

@Suite(
    "Over HTTP/2 the curl transport", .timeLimit(.minutes(5)),
    .enabled(if: TLSFixture.openssl != nil && TLSFixture.nghttpd != nil, "openssl or nghttpd is not installed")
)
struct HTTP2Tests {
    static let medium = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    static let largeSize = 12 * 1024 * 1024

    /// Lends a server with some files, and a transport.
    private func withServer(
        _ body: @Sendable (_ transport: CurlTransport, _ request: @Sendable (String) -> TransferRequest) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try await TLSFixture(in: directory)
            try fixture.write(Array("two".utf8), to: "small")
            try fixture.write(Self.medium, to: "medium")
            try fixture.write([UInt8](repeating: UInt8(ascii: "x"), count: Self.largeSize), to: "large")
            try await fixture.withHTTP2 { port in
                try await withTransport { transport in
                    try await body(transport) { path in
                        TransferRequest(
                            method: .get, url: "https://localhost:\(port)/\(path)",
                            limits: TransferLimits(total: nil, idle: .seconds(20), bodyBytes: nil),
                            trust: TransferTrust(caFile: fixture.caFile)
                        )
                    }
                }
            }
        }
    }

    @Test("puts many requests on one connection")
    func multiplexing() async throws {
        try await withServer { transport, request in
            let streams = (0..<20).map { _ in transport.observe(request("small")) }
            var newConnections = 0
            for stream in streams {
                let end = await stream.end()
                #expect(end.error == nil)
                #expect(end.head?.status == 200)
                #expect(end.summary.httpVersion == "2")
                #expect(String(decoding: end.body, as: UTF8.self) == "two")
                newConnections += end.summary.reusedConnection ? 0 : 1
            }
            #expect(newConnections == 1)
        }
    }

    @Test("carries bodies both ways", arguments: [0, 1_000, 32 * 1024])
    func echo(size: Int) async throws {
        try await withServer { transport, request in
            var request = request("small")
            request.method = .post
            request.body = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
            let answer = try await transport.perform(request)
            #expect(answer.summary.httpVersion == "2")
            #expect(answer.body == request.body)
        }
    }

    @Test("speaks HTTP/1.1 when that is asked for, which this server refuses")
    func http1() async throws {
        try await withServer { transport, request in
            var request = request("small")
            request.version = .http1
            #expect(await transport.observe(request).error() != nil)
        }
    }

    @Test("ends one stream by finish, cancel or pause and cancel, while its siblings go on")
    func siblings() async throws {
        try await withServer { transport, request in
            for round in 0..<3 {
                let finished = transport.observe(request("large")) { if case .body = $0 { .finish } else { .proceed } }
                let remote = Remote(transport)
                let cancelled = transport.observe(request("large")) {
                    if case .body = $0 { remote.cancel() }
                    return .proceed
                }
                remote.connect(to: cancelled)
                let paused = transport.observe(request("medium")) { if case .body = $0 { .pause } else { .proceed } }
                #expect(await finished.error() == nil, "round \(round)")
                #expect(await cancelled.error() == .cancelled)
                _ = await paused.body()
                transport.cancel(paused.id)
                #expect(await paused.error() == .cancelled)
                let answer = try await transport.perform(request("small"))
                #expect(String(decoding: answer.body, as: UTF8.self) == "two")
            }
        }
    }

    @Test("keeps what comes for a stream that pauses, while its siblings go on")
    func pauseAndResume() async throws {
        try await withServer { transport, request in
            let hasPaused = Atomic(false)
            let paused = transport.observe(request("medium")) { event in
                guard case .body = event else { return .proceed }
                return hasPaused.exchange(true, ordering: .relaxed) ? .proceed : .pause
            }
            let first = await paused.body() ?? []
            let sibling = await transport.observe(request("large")).end()
            #expect(sibling.error == nil)
            #expect(sibling.body.count == Self.largeSize)
            #expect(sibling.summary.reusedConnection)

            transport.resume(paused.id)
            let end = await paused.end()
            #expect(end.error == nil)
            #expect(first + end.body == Self.medium)
        }
    }

    @Test("bounds what piles up for a stream that nobody reads")
    func pausedForLong() async throws {
        try await withServer { transport, request in
            let paused = transport.observe(request("large")) { if case .body = $0 { .pause } else { .proceed } }
            let end = await paused.end()
            guard case .connectionLost = end.error else {
                Issue.record("\(String(describing: end.error))")
                return
            }
            #expect(end.body.count < 4 * 1024 * 1024)
        }
    }
}
