import Curl
import NIOConcurrencyHelpers
import RingbackCore
import SocketTesting
import Testing
import Transport

@Suite("A transfer with an address policy", .timeLimit(.minutes(5)))
struct GuardedTransferTests {
    private static let refused = TransportError.refusedByGuard(.test)

    @Test("reaches the address that was judged, under the name it was given")
    func reachesJudged() async throws {
        let heads = NIOLockedValueBox<[String]>([])
        let server = try Self.server(host: 2) { head in heads.withLockedValue { $0.append(head) } }
        defer { server.stop() }
        let resolver = TableResolver(["hooks.test": [.to("127.0.0.2")]])
        try await withTransport(Self.options(resolver)) { transport in
            let end = await transport.observe(Self.request("hooks.test", server.port)).end()
            #expect(end.error == nil)
            #expect(end.head?.status == 200)
            #expect(end.summary.address == "127.0.0.2")
            #expect(end.summary.dns != nil)
            #expect(end.summary.total >= end.summary.dns ?? .zero)
            #expect(heads.withLockedValue { $0.first }?.contains("Host: hooks.test:\(server.port)\r\n") == true)
            #expect(resolver.asked == ["hooks.test"])
        }
    }

    @Test(
        "connects nowhere when its host is a refused address, however that is written",
        arguments: ["127.0.0.1", "0x7f.1", "2130706433", "[::ffff:7f00:1]"])
    func literals(_ host: String) async throws {
        let server = try Self.server()
        defer { server.stop() }
        try await withTransport(Self.options(TableResolver([:]))) { transport in
            #expect(await transport.observe(Self.request(host, server.port)).error() == Self.refused)
            #expect(await transport.observe(Self.request("127.0.0.1", server.port, policy: nil)).error() == nil)
        }
        #expect(server.accepted == 1, "the one without a policy")
    }

    @Test(
        "connects nowhere when one of the name's addresses is refused, wherever it stands",
        arguments: [
            NameResolution.to("127.0.0.2", "127.0.0.1"), .to("127.0.0.1", "127.0.0.2"), .to("127.0.0.2", "::ffff:127.0.0.1"),
            .to("127.0.0.1"),
        ])
    func mixedAnswers(_ answer: NameResolution) async throws {
        let good = try Self.server(host: 2)
        defer { good.stop() }
        try await withTransport(Self.options(TableResolver(["hooks.test": [answer]]))) { transport in
            #expect(await transport.observe(Self.request("hooks.test", good.port)).error() == Self.refused)
        }
        #expect(good.accepted == 0)
    }

    @Test("cannot be led astray by a name that answers differently the second time")
    func rebinding() async throws {
        let good = try Self.server(host: 2)
        defer { good.stop() }
        let bad = try Self.server(host: 1, port: good.port)
        defer { bad.stop() }
        let resolver = TableResolver(["hooks.test": [.to("127.0.0.2"), .to("127.0.0.1")]])
        try await withTransport(Self.options(resolver)) { transport in
            let first = await transport.observe(Self.request("hooks.test", good.port)).end()
            #expect(first.error == nil)
            #expect(first.summary.address == "127.0.0.2")
            #expect(resolver.asked.count == 1, "between the verdict and the connection nobody asks again")
            #expect(await transport.observe(Self.request("hooks.test", good.port)).error() == Self.refused)
            #expect(resolver.asked.count == 2)
        }
        #expect(good.accepted == 1)
        #expect(bad.accepted == 0)
    }

    @Test("is judged once more by its socket, the last moment before the connection")
    func socketAsks() async throws {
        let server = try Self.server(host: 2)
        defer { server.stop() }
        let asked = NIOLockedValueBox<[[IPAddress]]>([])
        let policy = TransferAddressPolicy(trafficClass: "test") { addresses in
            asked.withLockedValue { $0.append(addresses) }
            return asked.withLockedValue(\.count) > 1 ? .test : nil
        }
        try await withTransport(Self.options(TableResolver(["hooks.test": [.to("127.0.0.2", "127.0.0.3")]]))) { transport in
            #expect(await transport.observe(Self.request("hooks.test", server.port, policy: policy)).error() == Self.refused)
        }
        let two = try #require(IPAddress("127.0.0.2"))
        let three = try #require(IPAddress("127.0.0.3"))
        #expect(asked.withLockedValue { $0 } == [[two, three], [two]])
        #expect(server.accepted == 0)
    }

    @Test("shares connections with its own class of traffic only")
    func connections() async throws {
        let server = try Self.server(host: 2)
        defer { server.stop() }
        try await withTransport(Self.options(TableResolver([:]))) { transport in
            func accepted(_ policy: TransferAddressPolicy?) async -> Int {
                #expect(await transport.observe(Self.request("127.0.0.2", server.port, policy: policy)).error() == nil)
                return server.accepted
            }
            #expect(await accepted(nil) == 1)
            #expect(await accepted(nil) == 1, "without a policy the connection is kept")
            #expect(await accepted(.sparing127001("a")) == 2)
            #expect(await accepted(.sparing127001("a")) == 2, "and with one as well")
            #expect(await accepted(.sparing127001("b")) == 3)
            #expect(await accepted(nil) == 3)
        }
    }

    @Test("more classes than there are shards for are still kept apart")
    func manyClasses() async throws {
        let server = try Self.server(host: 2)
        defer { server.stop() }
        try await withTransport(Self.options(TableResolver([:]))) { transport in
            for index in 1...40 {
                let policy = TransferAddressPolicy.sparing127001("class \(index)")
                #expect(await transport.observe(Self.request("127.0.0.2", server.port, policy: policy)).error() == nil)
                #expect(server.accepted == index)
            }
        }
    }

    @Test("ends as a name that is not found, or as trouble of ours, by what the resolver says")
    func resolverFailures() async throws {
        let resolver = TableResolver(["broken.test": [.failed("no descriptor")]])
        try await withTransport(Self.options(resolver)) { transport in
            #expect(await transport.observe(Self.request("nowhere.test", 80)).error() == .nameNotFound(host: "nowhere.test"))
            let broken = await transport.observe(Self.request("broken.test", 80)).error()
            #expect(broken?.isOurOwn == true)
        }
    }

    @Test("whose name is slow to resolve ends at its connect limit and holds up nobody else")
    func slowName() async throws {
        let server = try Self.server(host: 2)
        defer { server.stop() }
        let resolver = TableResolver(["slow.test": [.to("127.0.0.2")], "quick.test": [.to("127.0.0.2")]], slow: ["slow.test"])
        try await withTransport(Self.options(resolver)) { transport in
            let slow = transport.observe(Self.request("slow.test", server.port, connect: .milliseconds(200)))
            #expect(await transport.observe(Self.request("quick.test", server.port)).error() == nil)
            #expect(await slow.error() == .connectTimeout)
        }
        resolver.release()
    }

    @Test("that waits behind too many other names is our own trouble")
    func crowdedResolver() async throws {
        let resolver = TableResolver(["slow.test": [.to("127.0.0.2")]], slow: ["slow.test"])
        var options = Self.options(resolver)
        options.maxResolverThreads = 1
        try await withTransport(options) { transport in
            let slow = transport.observe(Self.request("slow.test", 80))
            let waiting = await transport.observe(Self.request("other.test", 80, connect: .milliseconds(200))).error()
            #expect(waiting?.isOurOwn == true)
            transport.cancel(slow.id)
            #expect(await slow.error() == .cancelled)
            // The late answer finds nobody, and the thread goes on with the next name.
            resolver.release()
            #expect(await transport.observe(Self.request("another.test", 80)).error() == .nameNotFound(host: "another.test"))
        }
    }

    @Test("asks for a name once, however many wait for it")
    func together() async throws {
        let server = try Self.server(host: 2)
        defer { server.stop() }
        let resolver = TableResolver(["hooks.test": [.to("127.0.0.2")]], slow: ["hooks.test"])
        try await withTransport(Self.options(resolver)) { transport in
            let waiting = (0..<10).map { _ in transport.observe(Self.request("hooks.test", server.port)) }
            // Orders are obeyed in turn: when this one has ended, the others have begun.
            #expect(await transport.observe(Self.request("127.0.0.1", server.port)).error() == Self.refused)
            resolver.release()
            for transfer in waiting { #expect(await transfer.error() == nil) }
        }
        #expect(resolver.asked == ["hooks.test"])
    }

    @Test("uses what a name resolved to a moment ago, and has it judged again")
    func remembered() async throws {
        let server = try Self.server(host: 2)
        defer { server.stop() }
        let resolver = TableResolver(["hooks.test": [.to("127.0.0.2"), .notFound]])
        var options = Self.options(resolver)
        options.resolutionLifetime = .seconds(3600)
        try await withTransport(options) { transport in
            for _ in 0..<3 { #expect(await transport.observe(Self.request("hooks.test", server.port)).error() == nil) }
            let strict = TransferAddressPolicy(trafficClass: "strict") { _ in .test }
            #expect(await transport.observe(Self.request("hooks.test", server.port, policy: strict)).error() == Self.refused)
        }
        #expect(resolver.asked.count == 1)
        #expect(server.accepted == 1)
    }

    @Test("resolves by the system when nothing else is asked for")
    func system() {
        guard case .addresses(let addresses) = SystemResolver().addresses(of: "localhost") else {
            Issue.record("localhost has no address")
            return
        }
        #expect(addresses.allSatisfy { $0 == IPAddress("127.0.0.1") || $0 == IPAddress("::1") })
        // RFC 6761, section 6.4: never a name of anybody.
        #expect(SystemResolver().addresses(of: "host.invalid") == .notFound)
    }

    // MARK: Parts

    private static func options(_ resolver: TableResolver) -> CurlTransportOptions {
        CurlTransportOptions(name: "test", resolver: resolver, resolutionLifetime: .zero)
    }

    private static func request(
        _ host: String, _ port: UInt16, policy: TransferAddressPolicy? = .sparing127001(), connect: Duration = .seconds(30)
    ) -> TransferRequest {
        TransferRequest(
            method: .get, url: "http://\(host):\(port)/hook", version: .http1,
            limits: TransferLimits(connect: connect, total: .seconds(40)), addressPolicy: policy)
    }

    private static func server(host: UInt8 = 1, port: UInt16 = 0, _ seen: @escaping @Sendable (String) -> Void = { _ in }) throws
        -> TestServer
    {
        try TestServer(
            .serve { connection in
                while let request = connection.readRequest() {
                    seen(request.head)
                    connection.send(answer())
                }
            }, host: host, port: port)
    }
}
