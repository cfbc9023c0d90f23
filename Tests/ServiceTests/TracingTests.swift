import Foundation
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import RawJSON
import RingbackCore
import Sandbox
import ServiceLifecycle
import Testing

/// A response's way through the real binary, as a tracing system sees it.
@Suite("A trace", .serialized)
struct TracingTests {
    private static let traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parentID = "00f067aa0ba902b7"
    private static let parent = "00-\(traceID)-\(parentID)-01"
    private static let headers = [(name: "traceparent", value: parent), (name: "tracestate", value: "vendor=state")]

    @Test("goes from the registration over a restart to the receiver, and its spans to the collector", .timeLimit(.minutes(5)))
    func exported() async throws {
        try await Surroundings.lend { surroundings in
            try await RecordingUpstream.lend { upstream, upstreamPort in
                try await Collector.lend { collector, collectorPort in
                    let bridge = try Bridge(surroundings, upstreamURL: "http://127.0.0.1:\(upstreamPort)\(RecordingUpstream.base)")
                    try append("tracing: { otlp_endpoint: \"http://127.0.0.1:\(collectorPort)\", service_name: under-test }", to: bridge)
                    let first = try bridge.start()
                    try await bridge.waitUntilReady()
                    let registered = try await surroundings.client.post(
                        bridge.url + "/v1/watches", #"{"response_id": "resp_traced"}"#, headers: Self.headers)
                    #expect(registered.status == 201)
                    try await eventually(within: .seconds(60), "the response is followed, and its registration is traced") {
                        upstream.requests.count >= 2 && collector.spans(named: "register a watch").count == 1
                    }
                    await first.kill()
                    try await bridge.lend { _ in
                        upstream.finish()
                        _ = try await bridge.delivery(of: "resp_traced", to: "app", status: "delivered")
                        _ = try await bridge.delivery(of: "resp_traced", to: "scripts", status: "delivered")
                        let names = ["follow a response", "record an end", "deliver an event"]
                        try await eventually(within: .seconds(60), "all spans have arrived") {
                            names.allSatisfy { !collector.spans(named: $0).isEmpty } && collector.spans(named: names[2]).count == 2
                        }
                        let metrics = try await bridge.get("/metrics").text
                        #expect(metrics.contains("\nringback_spans_sent_total "))
                        #expect(metrics.contains(#"ringback_spans_dropped_total{reason="queue_full"} 0"#))
                    }
                    try expectOneTrace(collector, upstream, surroundings)
                }
            }
        }
    }

    private func expectOneTrace(_ collector: Collector, _ upstream: RecordingUpstream, _ surroundings: Surroundings) throws {
        #expect(collector.paths == ["/v1/traces"] && collector.services == ["under-test"])
        for span in collector.spans {
            #expect(span["traceId"] == .string(Self.traceID), "\(span)")
            #expect(span["traceState"] == "vendor=state", "\(span)")
            let (start, end) = (
                span["startTimeUnixNano"]?.string.flatMap { UInt64($0) }, span["endTimeUnixNano"]?.string.flatMap { UInt64($0) }
            )
            #expect(try #require(start) <= (try #require(end)))
            #expect(span["status"] == nil, "nothing has failed: \(span)")
        }
        let register = try #require(collector.spans(named: "register a watch").first)
        #expect(register["parentSpanId"] == .string(Self.parentID) && register["kind"] == 2)
        // The first process was killed before it could send its own.
        let follow = try #require(collector.spans(named: "follow a response").first)
        #expect(follow["parentSpanId"] == register["spanId"], "kept in the store")
        #expect(collector.spans(named: "record an end").first?["parentSpanId"] == follow["spanId"])
        let deliveries = collector.spans(named: "deliver an event")
        for delivery in deliveries { #expect(delivery["parentSpanId"] == register["spanId"] && delivery["kind"] == 3) }
        #expect(Set(deliveries.compactMap { attribute("endpoint.name", of: $0) }) == ["app", "scripts"])
        #expect(Set(deliveries.compactMap { attribute("response.id", of: $0) }) == ["resp_traced"])

        let callback = try #require(surroundings.received.all.first)
        let sent = try #require(deliveries.first { attribute("endpoint.name", of: $0) == "app" }?["spanId"]?.string)
        #expect(callback.headers.first { $0.name == "traceparent" }?.value == "00-\(Self.traceID)-\(sent)-01")
        #expect(callback.headers.first { $0.name == "tracestate" }?.value == "vendor=state")
        let last = try #require(upstream.requests.last?.headers["traceparent"])
        #expect(last == "00-\(Self.traceID)-\(follow["spanId"]?.string ?? "")-01")
    }

    @Test("is passed on to the vendor and to the receiver as it came where no spans are made", .timeLimit(.minutes(5)))
    func passedOn() async throws {
        try await Surroundings.lend { surroundings in
            try await RecordingUpstream.lend { upstream, upstreamPort in
                let bridge = try Bridge(
                    surroundings, upstreamURL: "http://127.0.0.1:\(upstreamPort)\(RecordingUpstream.base)",
                    upstreamLines: "create_path: /agent")
                try await bridge.lend { _ in
                    let created = try await surroundings.client.post(
                        bridge.url + "/v1/responses", #"{"model": "m", "input": "hi", "background": true}"#, headers: Self.headers)
                    #expect(created.status == 200)
                    // What is no trace is left out.
                    _ = try await surroundings.client.post(
                        bridge.url + "/v1/watches", #"{"response_id": "resp_untraced"}"#,
                        headers: [(name: "traceparent", value: "00-\(Self.traceID)-0000000000000000-01")])
                    upstream.finish()
                    _ = try await bridge.delivery(of: "resp_made", to: "app", status: "delivered")
                    _ = try await bridge.delivery(of: "resp_untraced", to: "app", status: "delivered")
                    #expect(try await !bridge.get("/metrics").text.contains("ringback_spans"))
                }
                for request in upstream.requests {
                    let isTraced = !request.path.hasSuffix("/resp_untraced")
                    #expect(request.headers["traceparent"] == (isTraced ? Self.parent : nil), "\(request.method) \(request.path)")
                    #expect(request.headers["tracestate"] == (isTraced ? "vendor=state" : nil), "\(request.method) \(request.path)")
                }
                for callback in surroundings.received.all {
                    let response = try JSON(parsing: callback.body)["data"]?["id"]
                    let value = callback.headers.first { $0.name == "traceparent" }?.value
                    #expect(value == (response == "resp_made" ? Self.parent : nil))
                }
            }
        }
    }

    private func append(_ line: String, to bridge: Bridge) throws {
        let text = try String(contentsOf: bridge.configuration, encoding: .utf8)
        try (text + "\n" + line + "\n").write(to: bridge.configuration, atomically: true, encoding: .utf8)
    }

    private func attribute(_ key: String, of span: JSON) -> String? {
        span["attributes"]?.elements?.first { $0["key"] == .string(key) }?["value"]?["stringValue"]?.string
    }
}

/// Takes spans by OTLP over HTTP and keeps them.
private final class Collector: Sendable {
    private let requests = NIOLockedValueBox<[(path: String, body: JSON)]>([])

    var paths: Set<String> { Set(requests.withLockedValue { $0.map(\.path) }) }

    var services: Set<String> {
        Set(
            requests.withLockedValue { $0 }.compactMap {
                $0.body["resourceSpans"]?[0]?["resource"]?["attributes"]?[0]?["value"]?["stringValue"]?.string
            })
    }

    var spans: [JSON] {
        requests.withLockedValue { $0 }.flatMap { request in
            (request.body["resourceSpans"]?.elements ?? []).flatMap { resource in
                (resource["scopeSpans"]?.elements ?? []).flatMap { $0["spans"]?.elements ?? [] }
            }
        }
    }

    func spans(named name: String) -> [JSON] { spans.filter { $0["name"] == .string(name) } }

    /// Lends the collector, and the port it listens on, to `body`.
    static func lend(_ body: (Collector, Int) async throws -> Void) async throws {
        let collector = Collector()
        let receiver = Receiver(keys: []) { request in
            guard let body = try? JSON(parsing: request.body) else { return 400 }
            collector.requests.withLockedValue { $0.append((request.path, body)) }
            return 200
        }
        try await LocalServer.lend(receiver.router(), name: "collector") { try await body(collector, $0) }
    }
}
