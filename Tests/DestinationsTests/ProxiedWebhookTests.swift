import AddressGuard
import Curl
import Delivering
import Destinations
import RingbackCore
import RingbackTesting
import SocketTesting
import Testing
import Transport

@Suite("A webhook behind a proxy", .timeLimit(.minutes(5)))
struct ProxiedWebhookTests {
    private struct Names: NameResolver {
        let resolution: NameResolution

        func addresses(of name: String) -> NameResolution { resolution }
    }

    private static let startedAt = Timestamp(unixSeconds: 1_795_414_400)

    private static func attempt(
        _ url: String, origin: Endpoint.Origin, by proxy: EgressProxy?, rule: ProxyRule = .standard,
        resolution: NameResolution = .addresses([IPAddress("127.0.0.1")].compactMap { $0 }), allowing exceptions: [String] = []
    ) async throws -> AttemptReport {
        let transport = try CurlTransport(options: CurlTransportOptions(name: "test", resolver: Names(resolution: resolution)))
        let callbackGuard = CallbackGuard(exceptions: try exceptions.map { try AllowedNetwork(validating: $0) })
        let endpoint = Endpoint(
            name: EndpointName(trusted: "app"), origin: origin,
            target: .webhook(WebhookTarget(url: url, secrets: [], proxy: rule)))
        let destination = try DestinationFactory.make(
            endpoint,
            in: DestinationFactory.Surroundings(
                transport: transport, callbackGuard: { callbackGuard }, egressProxy: { proxy }, time: ManualTime()))
        let report = await destination.attempt(try Jobs.job(), number: 1, startedAt: startedAt)
        await transport.shutdown()
        return report
    }

    @Test("is judged before the proxy is asked, and its attempt says by which proxy it went")
    func judged() async throws {
        let proxy = try TestProxy()
        defer { proxy.stop() }
        let egress = try EgressProxy(validating: "http://ringback:LEAK@127.0.0.1:\(proxy.port)")
        try await withReceiver(answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") { receiver in
            let url = "http://hooks.example:\(receiver.port)/"
            let refused = try await Self.attempt(url, origin: .api, by: egress)
            #expect(refused.error == .addressRefused)
            #expect(proxy.accepted == 0)
            let allowed = try await Self.attempt(url, origin: .api, by: egress, allowing: ["127.0.0.0/8"])
            #expect(allowed.error == nil)
            #expect(allowed.proxy == "http://127.0.0.1:\(proxy.port)")
            #expect(allowed.address == "127.0.0.1")
            #expect(proxy.targets == ["127.0.0.1:\(receiver.port)"])
        }
    }

    @Test("that the operator named is left to the proxy by its name")
    func operatorsOwn() async throws {
        let proxy = try TestProxy()
        defer { proxy.stop() }
        let egress = try EgressProxy(validating: "http://127.0.0.1:\(proxy.port)")
        try await withReceiver(answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") { receiver in
            let url = "http://hooks.example:\(receiver.port)/"
            #expect(try await Self.attempt(url, origin: .configuration, by: egress, resolution: .notFound).error == nil)
            #expect(proxy.targets == ["hooks.example:\(receiver.port)"])
            let straight = try await Self.attempt(url, origin: .configuration, by: egress, rule: .direct)
            #expect(straight.error == nil)
            #expect(straight.proxy == nil)
            let own = try await Self.attempt(url, origin: .configuration, by: nil, rule: .by(egress))
            #expect(own.proxy == egress.address)
            #expect(proxy.targets.count == 2)
        }
    }

    @Test("is not to blame for the proxy, of which only the operator learns")
    func trouble() async throws {
        let proxy = try TestProxy(.carries, credentials: ("ringback", "right"))
        defer { proxy.stop() }
        let egress = try EgressProxy(validating: "http://ringback:LEAK@127.0.0.1:\(proxy.port)")
        let report = try await Self.attempt("http://hooks.example:1/", origin: .callback, by: egress, allowing: ["127.0.0.0/8"])
        #expect(report.error == .proxy)
        #expect(report.error?.isOurOwn == true && report.error?.isTheReceivers == false)
        #expect(report.httpStatus == nil)
        #expect(report.detail?.contains("127.0.0.1") == false)
        #expect(report.operatorDetail == "the proxy http://127.0.0.1:\(proxy.port) answered CONNECT with 407: it wants other credentials")
    }

    @Test("is not to blame for a resolver that does not answer, unless a stranger named it")
    func resolver() async throws {
        let own = try await Self.attempt("http://hooks.example/", origin: .configuration, by: nil, resolution: .unanswered)
        #expect(own.error == .resolver)
        #expect(own.error?.isOurOwn == true && own.error?.isTheReceivers == false)
        let broken = try await Self.attempt("http://hooks.example/", origin: .configuration, by: nil, resolution: .failed("no memory"))
        #expect(broken.error == .internalTrouble)
        let gone = try await Self.attempt("http://hooks.example/", origin: .configuration, by: nil, resolution: .notFound)
        #expect(gone.error == .nameNotFound)
        #expect(gone.error?.isOurOwn == false)
        // Else whoever breaks his own name server would have his deliveries tried for ever.
        let stranger = try await Self.attempt("http://hooks.example/", origin: .api, by: nil, resolution: .unanswered)
        #expect(stranger.error == .nameNotFound)
        #expect(try await Self.attempt("http://hooks.example/", origin: .api, by: nil, resolution: .failed("x")).error == .internalTrouble)
    }

    @Test("can be explained, with its proxy and what that leaves to be judged elsewhere")
    func explained() async throws {
        func explain(_ url: String, _ proxy: EgressProxy) async throws -> GuardExplanation {
            let transport = try CurlTransport(options: CurlTransportOptions(name: "test", resolver: Names(resolution: .notFound)))
            let explanation = await CallbackExplainer(
                callbackGuard: { CallbackGuard() }, egressProxy: { proxy }, transport: transport
            ).explain(url)
            await transport.shutdown()
            return explanation
        }
        let here = try EgressProxy(validating: "http://ringback:LEAK@proxy.example:3128")
        let unresolved = try await explain("https://hooks.example/", here)
        guard case .unresolved = unresolved.outcome else {
            Issue.record("\(unresolved.outcome)")
            return
        }
        #expect(unresolved.proxy == "http://proxy.example:3128")
        let there = try EgressProxy(validating: "http://proxy.example:3128", resolution: .proxy)
        let named = try await explain("https://hooks.example/", there)
        #expect(named.outcome == .allowed)
        #expect(named.proxy?.contains("resolves names itself") == true)
        #expect(try await explain("https://169.254.169.254/", there).outcome != .allowed)
    }
}
