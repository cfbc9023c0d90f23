import Curl
import Foundation
import Glibc
import NIOConcurrencyHelpers
import RingbackCore
import RingbackTesting
import SocketTesting
import Testing
import Transport

@Suite("A transfer by a proxy", .timeLimit(.minutes(5)))
struct ProxyTests {
    private static let password = "sesame:/@ %"

    // MARK: What the proxy is told

    @Test("tells the proxy the address that was judged, and the receiver the name it was given")
    func judged() async throws {
        try await Self.with(.carries) { proxy, receiver in
            let end = await receiver.transport.observe(try Self.request("hooks.test", receiver, by: proxy, policy: .sparing127001())).end()
            #expect(end.error == nil)
            #expect(end.head?.status == 200)
            #expect(end.summary.address == "127.0.0.2")
            #expect(proxy.targets == ["127.0.0.2:\(receiver.port)"])
            #expect(proxy.heads.first?.hasPrefix("CONNECT ") == true, "also where the URL is http")
            #expect(receiver.heads.first?.contains("Host: hooks.test:\(receiver.port)\r\n") == true)
        }
    }

    @Test("keeps the request's headers from the proxy that opens a tunnel")
    func headers() async throws {
        try await Self.with(.carries, credentials: ("ringback", Self.password)) { proxy, receiver in
            var request = try Self.request("hooks.test", receiver, by: proxy, policy: .sparing127001(), password: Self.password)
            request.headers = [(name: "Authorization", value: "Bearer receivers-token")]
            #expect(await receiver.transport.observe(request).error() == nil)
            #expect(proxy.heads.count == 1)
            #expect(proxy.heads.first?.contains("receivers-token") == false)
            #expect(receiver.heads.first?.contains("Bearer receivers-token") == true)
            #expect(receiver.heads.first?.contains("Proxy-Authorization") == false)
        }
    }

    @Test("does not reach the proxy when the guard refuses where the name leads")
    func refused() async throws {
        try await Self.with(.carries, addresses: ["127.0.0.2", "127.0.0.1"]) { proxy, receiver in
            let request = try Self.request("hooks.test", receiver, by: proxy, policy: .sparing127001())
            #expect(await receiver.transport.observe(request).error() == .refusedByGuard(.test))
            let literal = try Self.request("127.0.0.1", receiver, by: proxy, policy: .sparing127001(), resolution: .proxy)
            #expect(await receiver.transport.observe(literal).error() == .refusedByGuard(.test))
            #expect(proxy.accepted == 0)
        }
    }

    @Test("leaves the name to a proxy that resolves names, and sends it the whole request where the URL is http")
    func names() async throws {
        try await Self.with(.carries, addresses: ["127.0.0.1"]) { proxy, receiver in
            let request = try Self.request("hooks.test", receiver, by: proxy, policy: .sparing127001(), resolution: .proxy)
            let end = await receiver.transport.observe(request).end()
            #expect(end.error == nil)
            #expect(end.summary.address == nil, "nobody here knows it")
            #expect(proxy.targets == ["hooks.test:\(receiver.port)"])
            #expect(proxy.heads.first?.hasPrefix("POST http://hooks.test:\(receiver.port)/hook HTTP/1.1\r\n") == true)
            #expect(receiver.resolver.asked.isEmpty)
        }
    }

    @Test("goes through a tunnel to a receiver with https, whose certificate is checked for its name")
    func https() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try await TLSFixture(in: directory)
            try fixture.write(Array("hello".utf8), to: "hello.txt")
            try await fixture.withHTTPS { port in
                let proxy = try TestProxy()
                defer { proxy.stop() }
                let resolver = TableResolver(["localhost": [.to("127.0.0.1")], "other.test": [.to("127.0.0.1")]])
                try await withTransport(CurlTransportOptions(name: "test", resolver: resolver)) { transport in
                    func end(_ host: String) async throws -> TransportError? {
                        let request = TransferRequest(
                            method: .get, url: "https://\(host):\(port)/hello.txt", version: .http1,
                            trust: TransferTrust(caFile: fixture.caFile),
                            addressPolicy: TransferAddressPolicy(trafficClass: "all") { _ in nil },
                            proxy: try EgressProxy(validating: "http://127.0.0.1:\(proxy.port)"))
                        return await transport.observe(request).error()
                    }
                    #expect(try await end("localhost") == nil)
                    guard case .tls = try await end("other.test") else {
                        Issue.record("a certificate for another name was taken")
                        return
                    }
                }
                #expect(proxy.targets == ["127.0.0.1:\(port)", "127.0.0.1:\(port)"])
            }
        }
    }

    @Test("is carried by SOCKS 5, which is told an address or a name as well", arguments: EgressProxy.Resolution.allCases)
    func socks(resolution: EgressProxy.Resolution) async throws {
        try await Self.with(.socks(reply: 0), credentials: ("ringback", Self.password)) { proxy, receiver in
            let request = try Self.request(
                "hooks.test", receiver, by: proxy, scheme: .socks5h, policy: .sparing127001(), resolution: resolution,
                password: Self.password)
            let end = await receiver.transport.observe(request).end()
            switch resolution {
            case .here:
                #expect(end.error == nil)
                #expect(proxy.targets == ["127.0.0.2:\(receiver.port)"])
            case .proxy:
                // The proxy takes the name for 127.0.0.1, where nobody listens on this port.
                #expect(end.error == .connectionRefused(host: "hooks.test"))
                #expect(proxy.targets == ["hooks.test:\(receiver.port)"])
            }
        }
    }

    @Test("never shares a connection with those who have other credentials, or go straight")
    func connections() async throws {
        try await Self.with(.carries) { proxy, receiver in
            func send(_ password: String?) async throws {
                let request = try Self.request("hooks.test", receiver, by: proxy, policy: .sparing127001(), password: password)
                #expect(await receiver.transport.observe(request).error() == nil)
            }
            try await send("one")
            try await send("one")
            #expect(proxy.accepted == 1, "the tunnel is kept")
            try await send("two")
            #expect(proxy.accepted == 2)
            let straight = try Self.request("hooks.test", receiver, by: nil, policy: .sparing127001())
            #expect(await receiver.transport.observe(straight).error() == nil)
            #expect(proxy.accepted == 2)
            #expect(receiver.accepted == 3)
        }
    }

    // MARK: Trouble

    @Test(
        "is our own trouble when the proxy answers CONNECT with anything but yes",
        arguments: ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway", "503 Service Unavailable"])
    func refusals(status: String) async throws {
        try await Self.with(.answers(answer("no", status: status))) { proxy, receiver in
            let request = try Self.request("hooks.test", receiver, by: proxy, policy: .sparing127001(), password: Self.password)
            try await Self.expectTrouble(await receiver.transport.observe(request).error(), "answered CONNECT with \(status.prefix(3))")
        }
    }

    @Test("is our own trouble when the proxy does not know us, with a tunnel and without", arguments: EgressProxy.Resolution.allCases)
    func wrongCredentials(resolution: EgressProxy.Resolution) async throws {
        try await Self.with(.carries, credentials: ("ringback", "another")) { proxy, receiver in
            let request = try Self.request(
                "hooks.test", receiver, by: proxy, policy: .sparing127001(), resolution: resolution, password: Self.password)
            let end = await receiver.transport.observe(request).end()
            try await Self.expectTrouble(end.error, "407")
            #expect(end.head == nil, "the proxy's answer is not taken for the receiver's")
            #expect(receiver.accepted == 0)
        }
    }

    @Test("is our own trouble when the proxy closes the connection", arguments: EgressProxy.Resolution.allCases)
    func drops(resolution: EgressProxy.Resolution) async throws {
        try await Self.with(.drops) { proxy, receiver in
            let request = try Self.request("hooks.test", receiver, by: proxy, policy: .sparing127001(), resolution: resolution)
            try await Self.expectTrouble(await receiver.transport.observe(request).error(), "closed the connection")
        }
    }

    @Test("is our own trouble when the proxy says nothing to CONNECT")
    func silent() async throws {
        try await Self.with(.isSilent) { proxy, receiver in
            var request = try Self.request("hooks.test", receiver, by: proxy, policy: .sparing127001())
            request.limits.connect = .milliseconds(200)
            try await Self.expectTrouble(await receiver.transport.observe(request).error(), "within the connect timeout")
        }
    }

    @Test("is our own trouble when nobody is at the proxy's address, or its name does not resolve")
    func absent() async throws {
        try await Self.with(.carries) { proxy, receiver in
            proxy.stop()
            // The listener is closed by its own thread.
            while try await Self.isListening(proxy.port) {}
            let request = try Self.request("hooks.test", receiver, by: proxy, policy: .sparing127001())
            try await Self.expectTrouble(await receiver.transport.observe(request).error(), "refused the connection")
            var lost = request
            lost.proxy = try EgressProxy(validating: "http://proxy.invalid:3128")
            try await Self.expectTrouble(await receiver.transport.observe(lost).error(), "its name does not resolve")
        }
    }

    @Test(
        "knows by SOCKS whether the receiver or the proxy is in trouble",
        arguments: [(1, true), (2, true), (3, false), (4, false), (5, false), (6, false), (7, true)] as [(UInt8, Bool)])
    func socksReplies(reply: UInt8, isOurOwn: Bool) async throws {
        try await Self.with(.socks(reply: reply)) { proxy, receiver in
            let request = try Self.request("hooks.test", receiver, by: proxy, scheme: .socks5h, policy: .sparing127001())
            let error = try #require(await receiver.transport.observe(request).error())
            #expect(error.isOurOwn == isOurOwn, "\(error)")
        }
    }

    @Test("is the receiver's trouble when it answers 407 itself, or drops a tunnel")
    func receiversOwn() async throws {
        try await Self.with(.carries, answer: answer(status: "407 Proxy Authentication Required")) { proxy, receiver in
            let request = try Self.request("hooks.test", receiver, by: proxy, policy: .sparing127001())
            let end = await receiver.transport.observe(request).end()
            #expect(end.error == nil)
            #expect(end.head?.status == 407)
        }
        try await Self.with(.carries, answer: "") { proxy, receiver in
            let request = try Self.request("hooks.test", receiver, by: proxy, policy: .sparing127001())
            guard case .connectionLost = await receiver.transport.observe(request).error() else {
                Issue.record("a receiver that drops the connection")
                return
            }
        }
    }

    // MARK: Parts

    private struct Target {
        let transport: CurlTransport
        let resolver: TableResolver
        let server: TestServer
        let seen: NIOLockedValueBox<[String]>

        var port: UInt16 { server.port }
        var accepted: Int { server.accepted }
        var heads: [String] { seen.withLockedValue { $0 } }
    }

    private static func expectTrouble(_ error: TransportError?, _ words: String) async throws {
        guard case .proxyTrouble(let trouble) = error else {
            Issue.record("\(String(describing: error)) is not the proxy's trouble")
            return
        }
        #expect(error?.isOurOwn == true)
        #expect(trouble.detail.contains(words), "\(trouble.detail)")
        #expect(!trouble.detail.contains(password) && !trouble.detail.contains("ringback@"))
        #expect(error?.description.contains("the proxy that callbacks go by") == true, "whoever gave the URL does not learn of which proxy")
    }

    /// A receiver on 127.0.0.2, or where the last of `addresses` says, and a proxy before it.
    private static func with(
        _ manner: TestProxy.Manner, credentials: (name: String, password: String)? = nil, addresses: [String] = ["127.0.0.2"],
        answer: String = answer(), _ body: (TestProxy, Target) async throws -> Void
    ) async throws {
        let seen = NIOLockedValueBox<[String]>([])
        let server = try TestServer(
            .serve { connection in
                while let request = connection.readRequest() {
                    seen.withLockedValue { $0.append(request.head) }
                    guard !answer.isEmpty, connection.send(answer) else { return }
                }
            }, host: addresses == ["127.0.0.2"] ? 2 : 1)
        defer { server.stop() }
        let proxy = try TestProxy(manner, credentials: credentials)
        defer { proxy.stop() }
        let resolver = TableResolver(["hooks.test": [.addresses(addresses.compactMap { IPAddress($0) })]])
        try await withTransport(CurlTransportOptions(name: "test", resolver: resolver)) { transport in
            try await body(proxy, Target(transport: transport, resolver: resolver, server: server, seen: seen))
        }
    }

    private static func request(
        _ host: String, _ target: Target, by proxy: TestProxy?, scheme: EgressProxy.Scheme = .http, policy: TransferAddressPolicy?,
        resolution: EgressProxy.Resolution = .here, password: String? = nil
    ) throws -> TransferRequest {
        let credentials = password.map { EgressProxy.Credentials(username: Secret("ringback"), password: Secret($0)) }
        return TransferRequest(
            method: .post, url: "http://\(host):\(target.port)/hook", body: Array("{}".utf8), version: .http1,
            limits: TransferLimits(connect: .seconds(30), total: .seconds(40)), addressPolicy: policy,
            proxy: try proxy.map {
                try EgressProxy(
                    validating: "\(scheme.rawValue)://127.0.0.1:\($0.port)", credentials: credentials, resolution: resolution)
            })
    }

    private static func isListening(_ port: UInt16) async throws -> Bool {
        await onThread {
            var address = loopback(port: port)
            let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            defer { close(probe) }
            return withSocketAddress(&address) { connect(probe, $0, $1) } == 0
        }
    }
}
