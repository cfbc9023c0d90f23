import Control
import RawJSON
import RingbackCore
import Testing

@Suite("Upstreams")
struct UpstreamRoutesTests {
    private static let seen = Timestamp(milliseconds: 1_790_000_000_123)

    private static func state(_ change: (inout UpstreamState) -> Void = { _ in }) -> UpstreamState {
        let unknown = UpstreamObject.MannerObject(value: "unknown")
        var state = UpstreamState(
            health: UpstreamObject.HealthObject(status: .ok, failuresInARow: 0, lastError: nil),
            manners: UpstreamObject.MannersObject(stream: unknown, streamUnrequested: unknown, resume: unknown, streamWindow: unknown),
            streams: 0, retrievals: 0, waitingRequests: 0, longestWait: .zero, requestsPerSecond: 50, heldUntil: nil
        )
        change(&state)
        return state
    }

    private static var options: ControlUnderTest.Options {
        var options = ControlUnderTest.Options()
        options.upstream = { $0.baseURL = "https://api.example.com/v1?key=hidden-in-query" }
        options.states = [
            .main: state {
                $0.health = UpstreamObject.HealthObject(status: .failing, failuresInARow: 2, lastError: "the upstream answered 503: busy")
                $0.manners.stream = UpstreamObject.MannerObject(value: "yes", since: seen, evidence: "a response was streamed")
                $0.manners.streamWindow = UpstreamObject.MannerObject(value: "5m", fixed: true)
                $0.streams = 3
                $0.retrievals = 1
                $0.waitingRequests = 7
                $0.longestWait = .milliseconds(1500)
                $0.requestsPerSecond = 25
                $0.heldUntil = seen
            },
            .other: state(),
        ]
        return options
    }

    @Test("are shown with their health, their manners and what waits, and without a secret")
    func show() async throws {
        try await ControlUnderTest.with(Self.options) { control async throws in
            let answer = try await control.probe.send("GET", "/v1/upstreams/main")
            #expect(answer.status == 200)
            #expect(!answer.text.contains("hidden") && !answer.text.contains("upstream-key"))
            #expect(
                try answer.json()
                    == JSON(
                        parsing: Array(
                            """
                            {"base_url":"https://api.example.com/v1","default":true,"follow":"stream",
                            "health":{"failures_in_a_row":2,"last_error":"the upstream answered 503: busy","status":"failing"},
                            "held_until":"2026-09-21T14:13:20.123Z","longest_wait_ms":1500,
                            "manners":{
                            "resume":{"evidence":null,"fixed":false,"since":null,"value":"unknown"},
                            "stream":{"evidence":"a response was streamed","fixed":false,"since":"2026-09-21T14:13:20.123Z","value":"yes"},
                            "stream_unrequested":{"evidence":null,"fixed":false,"since":null,"value":"unknown"},
                            "stream_window":{"evidence":null,"fixed":true,"since":null,"value":"5m"}},
                            "max_streams":10000,"name":"main","object":"upstream","present_requests_per_second":25,
                            "requests_per_second":50,"retrievals":1,"streams":3,"waiting_requests":7}
                            """.utf8)))
        }
    }

    @Test("come in the order of the configuration, page by page")
    func list() async throws {
        try await ControlUnderTest.with(Self.options) { control async throws in
            let whole = try APICoding.decode(
                ListObject<UpstreamObject>.self, from: try await control.probe.send("GET", "/v1/upstreams").body)
            #expect(whole.data.map(\.name) == [.main, .other])
            #expect(whole.data.map(\.isDefault) == [true, false])
            #expect(!whole.hasMore)
            let first = try APICoding.decode(
                ListObject<UpstreamObject>.self, from: try await control.probe.send("GET", "/v1/upstreams?limit=1").body)
            #expect(first.data.map(\.name) == [.main] && first.hasMore)
            let cursor = try #require(first.nextCursor)
            let second = try APICoding.decode(
                ListObject<UpstreamObject>.self, from: try await control.probe.send("GET", "/v1/upstreams?limit=1&cursor=\(cursor)").body)
            #expect(second.data.map(\.name) == [.other] && !second.hasMore)
        }
    }

    @Test("that do not exist are answered with the nearest name")
    func unknown() async throws {
        try await ControlUnderTest.with(Self.options) { control async throws in
            let answer = try await control.probe.send("GET", "/v1/upstreams/mian")
            #expect(answer.status == 404)
            #expect(answer.text.contains("Did you mean 'main'?"))
        }
    }
}
