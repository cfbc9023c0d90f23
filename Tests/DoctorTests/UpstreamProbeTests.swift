import Curl
import RingbackCore
import RingbackTesting
import SocketTesting
import Testing
import Transport

@testable import Doctor

@Suite("A question to an upstream", .timeLimit(.minutes(5)))
struct UpstreamProbeTests {
    private func ask(_ answer: String, key: String = "sk-very-secret") async throws -> (facts: UpstreamFacts, skew: Duration?) {
        let server = try TestServer(
            .serve { connection in
                guard let request = connection.readRequest() else { return }
                #expect(request.path == "/v1/responses/resp_ringback_doctor")
                #expect(request.head.contains("Authorization: Bearer \(key)"))
                connection.send(answer)
            })
        defer { server.stop() }
        let transport = try CurlTransport()
        let upstream = Upstream(name: UpstreamName(trusted: "default"), baseURL: server.url + "/v1", apiKey: Secret(key))
        let result = await UpstreamProbe(transport: transport, time: SystemTime()).ask(upstream)
        await transport.shutdown()
        return result
    }

    @Test("carries the key, and shows the vendor's words without it")
    func refused() async throws {
        let body = #"{"error": {"message": "Incorrect API key provided: sk-very-secret."}}"#
        let (facts, skew) = try await ask(answer(body, status: "401 Unauthorized", headers: "Content-Type: application/json\r\n"))
        let finding = UpstreamJudgement.finding(facts)
        #expect(finding.severity == .serious)
        #expect(finding.what.contains("refuses the key with 401: \"Incorrect API key provided: <redacted>.\""))
        #expect(skew == nil)
    }

    @Test("compares the clocks")
    func clock() async throws {
        let headers = "Content-Type: application/json\r\nDate: Mon, 05 Jan 2026 10:00:00 GMT\r\n"
        let (facts, skew) = try await ask(answer("{}", status: "404 Not Found", headers: headers))
        #expect(UpstreamJudgement.finding(facts).severity == .ok)
        let expected = Timestamp(rfc3339: "2026-01-05T10:00:00Z").map { $0 - SystemTime().wallNow }
        let difference = try #require(skew).inSeconds - (try #require(expected)).inSeconds
        #expect(abs(difference) < 60)
        #expect(ClockJudgement.finding(["default": try #require(skew)])?.severity == .serious)
    }
}
