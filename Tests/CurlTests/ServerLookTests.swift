import Curl
import RingbackCore
import RingbackTesting
import SocketTesting
import Testing
import Transport

@Suite("A look at a server", .timeLimit(.minutes(5)), .enabled(if: TLSFixture.openssl != nil, "openssl is not installed"))
struct ServerLookTests {
    @Test("tells when its certificate expires", arguments: [2, 40])
    func expiry(days: Int) async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try await TLSFixture(in: directory, days: days)
            try await fixture.withHTTPS { port in
                let look = await CurlServerLook.look(at: try url("localhost", port), trust: TransferTrust(caFile: fixture.caFile))
                #expect(look.error == nil)
                #expect(look.address == "127.0.0.1" || look.address == "::1")
                let certificate = try #require(look.certificates.first)
                #expect(certificate.subject.contains("localhost"))
                let left = certificate.expires - SystemTime().wallNow
                #expect(left > .seconds((days - 1) * 86_400) && left <= .seconds(days * 86_400))
            }
        }
    }

    @Test("tells it also of a certificate that has expired, or that is not believed, and says that connections fail", arguments: [-1, 2])
    func disbelieved(days: Int) async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try await TLSFixture(in: directory, days: days)
            try await fixture.withHTTPS { port in
                let trust = days < 0 ? TransferTrust(caFile: fixture.caFile) : TransferTrust()
                let look = await CurlServerLook.look(at: try url("localhost", port), trust: trust)
                guard case .tls = look.error else {
                    Issue.record("the connection was believed: \(look)")
                    return
                }
                let hasExpired = try #require(look.certificates.first).expires < SystemTime().wallNow
                #expect(hasExpired == (days < 0))
            }
        }
    }

    @Test("sends nothing, goes only to the addresses it is given, and tells what stands in the way")
    func plain() async throws {
        let server = try TestServer(.serve { _ = $0.readRequest().map { _ in Issue.record("a request was sent") } })
        let given = [try #require(IPAddress("127.0.0.1"))]
        let look = await CurlServerLook.look(at: try url("made-up.example", server.port, "http"), addresses: given)
        #expect(look == ServerLook(address: "127.0.0.1"))
        server.stop()
        let gone = try TestServer(.neverAccept)
        let port = gone.port
        gone.stop()
        let refused = await CurlServerLook.look(at: try url("127.0.0.2", port, "http"))
        #expect(refused.error == .connectionRefused(host: "127.0.0.2"))
    }

    private func url(_ host: String, _ port: UInt16, _ scheme: String = "https") throws -> HTTPURL {
        try HTTPURL(validating: "\(scheme)://\(host):\(port)/secret/path?token=secret")
    }
}
