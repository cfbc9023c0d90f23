import Control
import NIOConcurrencyHelpers
import RawJSON
import RingbackCore
import RingbackTesting
import Store
import StoreSQLite
import Testing

@Suite("A relayed create whose answer gets lost", .timeLimit(.minutes(5)))
struct IntentReconcilerTests {
    private static let create = #"{"model":"gpt-x","input":"hi","background":true,"metadata":{"team":"a"}}"#
    private static let watchID = WatchID(upstream: .main, response: ResponseID(trusted: "resp_1"))

    /// A vendor that breaks its first answer to a create off.
    private final class Vendor: Sendable {
        private let creates = NIOLockedValueBox<[(key: String?, stream: Bool)]>([])
        let list: @Sendable () -> FakeUpstream.Reply
        /// Answers the second and further creates.
        let again: @Sendable () -> FakeUpstream.Reply

        init(
            list: @escaping @Sendable () -> FakeUpstream.Reply = { FakeUpstream.Reply(405, "{}") },
            again: @escaping @Sendable () -> FakeUpstream.Reply = { FakeUpstream.Reply(500, "{}") }
        ) {
            self.list = list
            self.again = again
        }

        var keys: [String?] { creates.withLockedValue { $0.map(\.key) } }

        func reply(_ asked: FakeUpstream.Asked) -> FakeUpstream.Reply {
            guard asked.method == "POST" else { return list() }
            let isFirst = creates.withLockedValue { creates in
                creates.append((asked.header("idempotency-key"), false))
                return creates.count == 1
            }
            guard isFirst else { return again() }
            let script = StreamScript()
            script.send("{\"id\":\"resp_1\",")
            script.cut()
            return FakeUpstream.Reply(script, type: "application/json")
        }
    }

    private static func with(
        _ vendor: Vendor, isIdempotent: Bool = false, _ body: @escaping @Sendable (ControlUnderTest, FakeUpstream) async throws -> Void
    ) async throws {
        try await FakeUpstream.with({ vendor.reply($0) }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            options.upstream = { $0.idempotentCreates = isIdempotent }
            try await ControlUnderTest.with(options) { control async throws in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await control.reconciler.run() }
                    defer { group.cancelAll() }
                    try await body(control, upstream)
                }
            }
        }
    }

    /// Lets time pass until the store has no intent left.
    private static func settle(_ control: ControlUnderTest, step: Duration = .seconds(1)) async throws {
        while try await !control.store.intents(of: ControlUnderTest.node, now: control.time.wallNow, limit: 10).isEmpty {
            await control.time.waitForSleeper()
            control.time.advance(by: step)
        }
    }

    private static func listed(_ control: Timestamp, _ rest: String = #""model":"gpt-x","metadata":{"team":"a"}"#) -> FakeUpstream.Reply {
        FakeUpstream.Reply(
            200, #"{"object":"list","has_more":false,"data":[{"id":"resp_1","created_at":\#(control.unixSeconds),\#(rest)}]}"#)
    }

    @Test("is told as such, and its response is watched as asked when the upstream's list shows it")
    func listed() async throws {
        // The manual clock stands at its start when the create is sent, and the list's Date is the real one: the difference is the
        // upstream's clock, which is allowed for.
        let vendor = Vendor(list: { Self.listed(SystemTime().wallNow) })
        try await Self.with(vendor) { control, upstream async throws in
            let headers = [("Ringback-Endpoints", "audit"), ("X-On-Behalf-Of", "acme")]
            let answer = try await control.probe.send("POST", "/v1/responses", headers: headers, body: Self.create)
            #expect(answer.status == 502 && answer.headers["ringback-error"] == "true" && answer.text.contains("not known"))
            try await Self.settle(control)
            let watch = try #require(try await control.store.watch(Self.watchID))
            #expect(watch.endpoints == [.audit] && watch.model == "gpt-x" && watch.createdStreaming == false)
            let list = try #require(upstream.asked.first { $0.method == "GET" })
            #expect(list.uri == "/v1/responses?limit=50&order=desc")
            #expect(list.header("x-on-behalf-of") == "acme")
            #expect(await control.reconciler.snapshot.found == 1)
        }
    }

    @Test(
        "is given up when nobody can tell, and counted under the reason",
        arguments: [
            (FakeUpstream.Reply(405, "{}"), "no_list"), (FakeUpstream.Reply(200, "<html>"), "no_list"),
            (FakeUpstream.Reply(200, #"{"data":[]}"#), "not_listed"),
            (FakeUpstream.Reply(200, #"{"data":[{"id":"resp_1","created_at":1,"model":"gpt-x","metadata":{"team":"a"}}]}"#), "not_listed"),
            (FakeUpstream.Reply(503, "{}"), "unreachable"),
        ])
    func givenUp(_ list: FakeUpstream.Reply, _ reason: String) async throws {
        try await Self.with(Vendor(list: { list })) { control, _ async throws in
            _ = try await control.probe.send("POST", "/v1/responses", body: Self.create)
            try await Self.settle(control, step: .seconds(3600))
            #expect(try await control.store.openWatchCount() == 0)
            let snapshot = await control.reconciler.snapshot
            #expect(snapshot.givenUp[reason] == 1 && snapshot.found == 0)
        }
    }

    @Test("is sent again under the same key where the upstream makes one response of both", arguments: [nil, "the-clients-own"])
    func repeated(_ key: String?) async throws {
        let vendor = Vendor(again: { FakeUpstream.Reply(200, #"{"id":"resp_1","status":"queued","model":"gpt-x"}"#) })
        try await Self.with(vendor, isIdempotent: true) { control, upstream async throws in
            let headers = key.map { [("Idempotency-Key", $0)] } ?? []
            _ = try await control.probe.send("POST", "/v1/responses", headers: headers, body: Self.create)
            try await Self.settle(control)
            #expect(try await control.store.watch(Self.watchID) != nil)
            let keys = vendor.keys
            #expect(keys.count == 2 && keys[0] == keys[1])
            #expect(key == nil ? keys[0]?.hasPrefix("ringback-") == true : keys[0] == key)
            #expect(upstream.asked[0].body == upstream.asked[1].body)
            #expect(upstream.asked[1].header("content-type") == "application/json")
        }
    }

    @Test("is not sent again after a refusal")
    func repetitionRefused() async throws {
        let vendor = Vendor(again: { FakeUpstream.Reply(400, "{}") })
        try await Self.with(vendor, isIdempotent: true) { control, _ async throws in
            _ = try await control.probe.send("POST", "/v1/responses", body: Self.create)
            try await Self.settle(control)
            #expect(vendor.keys.count == 2)
            #expect(await control.reconciler.snapshot.givenUp["repetition_refused"] == 1)
        }
    }

    @Test("leaves nothing on record when the upstream refuses it or cannot be reached", arguments: [true, false])
    func refused(_ isReachable: Bool) async throws {
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(429, "{}") }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = isReachable ? upstream.port : 1
            try await ControlUnderTest.with(options) { control async throws in
                #expect(try await control.probe.send("POST", "/v1/responses", body: Self.create).status == (isReachable ? 429 : 502))
                let left = try await control.store.intents(of: ControlUnderTest.node, now: control.time.wallNow, limit: 10)
                #expect(left.isEmpty)
            }
        }
    }

    @Test("is on record before the upstream hears of it")
    func recordedFirst() async throws {
        let script = StreamScript()
        try await FakeUpstream.with({ _ in FakeUpstream.Reply(script, type: "application/json") }) { upstream in
            var options = ControlUnderTest.Options()
            options.upstreamPort = upstream.port
            try await ControlUnderTest.with(options) { control async throws in
                let client = try await OpenAnswer.open(port: control.probe.port, "POST", "/v1/responses", body: Self.create)
                while upstream.asked.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                let intents = try await control.store.intents(of: ControlUnderTest.node, now: control.time.wallNow, limit: 10)
                #expect(intents.map(\.facts.model) == ["gpt-x"])
                #expect(intents.allSatisfy { $0.repetition == nil })
                script.send(#"{"id":"resp_1","status":"queued"}"#)
                script.end()
                _ = try await client.read(until: "}")
                client.close()
            }
        }
    }
}
