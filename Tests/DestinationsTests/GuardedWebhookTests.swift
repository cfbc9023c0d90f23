import AddressGuard
import Curl
import Delivering
import Destinations
import NIOConcurrencyHelpers
import RingbackCore
import Testing
import Transport

@Suite("A webhook that a stranger named", .timeLimit(.minutes(5)))
struct GuardedWebhookTests {
    /// A resolver for which every name is one list of addresses.
    private struct Names: NameResolver {
        let addresses: [String]

        func addresses(of name: String) -> NameResolution {
            .addresses(addresses.compactMap { IPAddress($0) })
        }
    }

    private static let startedAt = Timestamp(unixSeconds: 1_795_414_400)

    private static func attempt(
        _ url: String, origin: Endpoint.Origin, allowing exceptions: [String] = [], httpsOnly: Bool = false, names: [String] = ["127.0.0.1"]
    ) async throws -> AttemptReport {
        let transport = try CurlTransport(options: CurlTransportOptions(name: "test", resolver: Names(addresses: names)))
        let callbackGuard = CallbackGuard(exceptions: try exceptions.map { try AllowedNetwork(validating: $0) }, httpsOnly: httpsOnly)
        let destination = try WebhookUnderTest.destination(url, transport, origin: origin, callbackGuard: callbackGuard)
        let report = await destination.attempt(try Jobs.job(), number: 1, startedAt: startedAt)
        await transport.shutdown()
        return report
    }

    private static func receiver() throws -> HostileServer {
        try HostileServer { $0.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
    }

    @Test("is not called on this machine, and an exception lets it be", arguments: [Endpoint.Origin.api, .callback])
    func exceptions(_ origin: Endpoint.Origin) async throws {
        let receiver = try Self.receiver()
        defer { receiver.stop() }
        let refused = try await Self.attempt(receiver.url, origin: origin)
        #expect(refused.error == .addressRefused)
        #expect(refused.httpStatus == nil)
        #expect(receiver.requests.isEmpty)
        let other = try await Self.attempt(receiver.url, origin: origin, allowing: ["127.0.0.0/8:1"])
        #expect(other.error == .addressRefused)
        let allowed = try await Self.attempt(receiver.url, origin: origin, allowing: ["127.0.0.0/8:\(receiver.port)"])
        #expect(allowed.error == nil)
        #expect(receiver.requests.count == 1)
    }

    @Test("is called wherever it is when the operator named it")
    func operatorsOwn() async throws {
        let receiver = try Self.receiver()
        defer { receiver.stop() }
        let report = try await Self.attempt(receiver.url, origin: .configuration, httpsOnly: true)
        #expect(report.error == nil)
        #expect(receiver.requests.count == 1)
    }

    @Test("does not learn what its name leads to inside; the operator does")
    func words() async throws {
        let receiver = try Self.receiver()
        defer { receiver.stop() }
        let url = "http://inside.example:\(receiver.port)/?key=LEAK"
        let report = try await Self.attempt(url, origin: .api)
        #expect(report.error == .addressRefused)
        #expect(report.detail?.contains("127.0.0.1") == false)
        #expect(report.operatorDetail?.contains("inside.example resolves to 127.0.0.1, which is a loopback address") == true)
        #expect(report.address == nil)
        #expect(report.operatorDetail?.contains("LEAK") == false)
        let mixed = try await Self.attempt(url, origin: .api, names: ["93.184.216.34", "127.0.0.1"])
        #expect(mixed.error == .addressRefused)
        #expect(receiver.requests.isEmpty)
        let named = try await Self.attempt(url, origin: .api, allowing: ["inside.example:\(receiver.port)"])
        #expect(named.error == nil)
        #expect(receiver.requests.count == 1)
    }

    @Test("is refused when the rules became stricter after its registration")
    func stricter() async throws {
        let report = try await Self.attempt("http://a.example/", origin: .api, httpsOnly: true)
        #expect(report.error == .addressRefused)
        #expect(report.detail?.contains("https") == true)
    }

    @Test("is asked whether it wants callbacks by the same rules")
    func handshake() async throws {
        let receiver = try Self.receiver()
        defer { receiver.stop() }
        let transport = try CurlTransport(options: CurlTransportOptions(name: "test", resolver: Names(addresses: ["127.0.0.1"])))
        let destination = try WebhookUnderTest.destination("http://inside.example:\(receiver.port)/", transport, origin: .api) {
            $0.handshake = try? WebhookHandshake(origin: "ringback.example", requestedRate: nil)
        }
        let report = await destination.attempt(try Jobs.job(), number: 1, startedAt: Self.startedAt)
        await transport.shutdown()
        #expect(report.error == .addressRefused)
        #expect(receiver.requests.isEmpty)
    }

    @Test("can be explained without being called")
    func explained() async throws {
        let receiver = try Self.receiver()
        defer { receiver.stop() }
        func explain(_ url: String, names: [String], allowing exceptions: [String] = []) async throws -> GuardExplanation {
            let transport = try CurlTransport(options: CurlTransportOptions(name: "test", resolver: Names(addresses: names)))
            let callbackGuard = CallbackGuard(exceptions: try exceptions.map { try AllowedNetwork(validating: $0) })
            let explanation = await CallbackExplainer(callbackGuard: { callbackGuard }, transport: transport).explain(url)
            await transport.shutdown()
            return explanation
        }
        let url = "http://a.example:\(receiver.port)/hook?key=LEAK"
        let good = try await explain(url, names: ["93.184.216.34", "2606:4700::1"])
        #expect(good.outcome == .allowed)
        #expect(good.steps.map(\.verdict) == [.publicAddress, .publicAddress])
        #expect(good.url == "http://a.example:\(receiver.port)/hook")
        let bad = try await explain(url, names: ["93.184.216.34", "127.0.0.1"])
        #expect(bad.steps.map(\.verdict.isAllowed) == [true, false])
        guard case .refused(let refusal) = bad.outcome else {
            Issue.record("\(bad.outcome)")
            return
        }
        #expect(refusal.label == "loopback")
        #expect(try await explain(receiver.url, names: [], allowing: ["127.0.0.0/8"]).outcome == .allowed)
        guard case .unresolved = try await explain(url, names: []).outcome else {
            Issue.record("a name without an address")
            return
        }
        guard case .refused(let form) = try await explain("http://0177.0.0.1/", names: []).outcome else {
            Issue.record("an odd address")
            return
        }
        #expect(form.label == "url")
        #expect(receiver.requests.isEmpty)
    }
}
