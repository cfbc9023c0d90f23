import RingbackCore
import Testing
import Transport

@testable import ResponsesAPI

@Suite("A refusal to stream")
struct StreamRefusalTests {
    @Test(
        "is understood by its words",
        arguments: [
            (
                #"{"error":{"message":"This response can no longer be streamed because it is more than 5 minutes old","param":"stream"}}"#,
                .tooOld(limit: .seconds(300))
            ),
            (#"{"error":{"message":"Response is more than 1 hour old."}}"#, .tooOld(limit: .seconds(3600))),
            (#"{"error":{"message":"It is more than 90 seconds old"}}"#, .tooOld(limit: .seconds(90))),
            (#"{"error":{"message":"It is more than 0 minutes old"}}"#, .tooOld(limit: nil)),
            (#"{"error":"This response can no longer be streamed"}"#, .tooOld(limit: nil)),
            (
                #"{"error":{"message":"This response cannot be streamed because it was not created with background=true."}}"#,
                .notBackground
            ),
            (#"{"error":{"message":"Response 'caresp_1' was not created with stream=true","param":"stream"}}"#, .notCreatedStreaming),
            (#"{"detail":"you can stream it only if you created it with `stream: true`"}"#, .notCreatedStreaming),
            (#"{"error":{"message":"Unknown parameter: 'starting_after'."}}"#, .noResumption),
            (#"{"error":{"message":"Bad request"}}"#, .unexplained), ("", .unexplained), ("<html>", .unexplained),
        ] as [(String, StreamRefusal)])
    func words(_ body: String, _ refusal: StreamRefusal) {
        #expect(StreamRefusal(body: Array(body.utf8)) == refusal)
    }
}

@Suite("A used-up allowance")
struct RateLimitRenewalTests {
    @Test(
        "is told by a successful answer too, and nonsense is not believed",
        arguments: [
            ([("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "2s")], .seconds(2)),
            ([("x-ratelimit-remaining-requests", "1"), ("x-ratelimit-reset-requests", "2s")], nil),
            ([("x-ratelimit-remaining-requests", "-1"), ("x-ratelimit-reset-requests", "2s")], nil),
            ([("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "0s")], nil),
            ([("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "90d")], nil),
            ([("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "-1")], nil),
            ([("x-ratelimit-remaining-requests", "0")], nil), ([], nil),
            ([("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "6m0s")], nil),
        ] as [([(String, String)], Duration?)])
    func renewal(_ headers: [(String, String)], _ wait: Duration?) {
        #expect(RateLimitHint.renewal(TransferHead(status: 200, headers: headers.map { (name: $0.0, value: $0.1) })) == wait)
    }
}

@Suite("The credential of a call")
struct RequestCredentialTests {
    private func fields(_ headers: [HeaderField] = [], _ change: (inout Upstream) -> Void = { _ in }) -> (String, [String]) {
        var upstream = Upstream(name: UpstreamName(trusted: "a"), baseURL: "https://API.example.com/v1?api-version=1", apiKey: Secret("k"))
        change(&upstream)
        let credential = ResponsesClient(upstream: upstream, transport: NoTransport()).credential(headers: headers)
        return (credential.server, credential.fields.map { "\($0.name)=\($0.value.reveal())" })
    }

    @Test("is the server and the key, wherever the key is sent")
    func own() {
        #expect(fields() == ("https://api.example.com:443", ["authorization=Bearer k"]))
        #expect(fields { $0.apiKeyHeader = "X-Key" } == ("https://api.example.com:443", ["x-key=k"]))
        #expect(fields { $0.baseURL = "http://[::1]:8080/v1" }.0 == "http://::1:8080")
        #expect(fields { $0.apiKey = nil }.1 == [])
    }

    @Test("is the watch's own where that replaces the upstream's, and what is no credential does not count")
    func replaced() {
        #expect(fields([HeaderField("AUTHORIZATION", Secret("Bearer mine"))]).1 == ["authorization=Bearer mine"])
        #expect(fields([HeaderField("x-key", Secret("mine"))]) { $0.apiKeyHeader = "X-Key" }.1 == ["x-key=mine"])
        #expect(fields([HeaderField("X-On-Behalf-Of", Secret("acme"))]).1 == ["authorization=Bearer k"])
    }
}
