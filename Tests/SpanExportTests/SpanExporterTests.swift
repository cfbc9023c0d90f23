import Logging
import RawJSON
import RingbackCore
import RingbackTesting
import SpanExport
import Spans
import Testing
import Transport

/// Source: OpenTelemetry Protocol 1.5, "OTLP/HTTP" and "JSON Protobuf Encoding".
@Suite("The exporter of spans", .timeLimit(.minutes(5)))
struct SpanExporterTests {
    private let time = ManualTime()
    private let transport = ScriptedTransport()

    private func exporter(sample: Double = 1) -> SpanExporter {
        let target = TracingTarget(
            endpoint: "http://127.0.0.1:4318", headers: [HeaderField("Authorization", Secret("Bearer otlp"))], service: "bridge",
            sample: sample)
        let time = time
        return SpanExporter(
            target, transport: transport, time: time, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: { 1_790_000_000_000_000_000 + UInt64(time.now.nanoseconds) }, dice: SeededGenerator(seed: 1))
    }

    private func running(_ exporter: SpanExporter, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await exporter.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    /// The next request, after the second in which spans gather. What ends while the exporter is at work goes without that second.
    private func nextRequest() async throws -> ScriptedCall {
        while true {
            if let call = transport.takeCall() { return call }
            try Task.checkCancellation()
            if time.sleeperCount > 0 { time.advance(by: .seconds(1)) }
            await Task.yield()
        }
    }

    private func spans(_ call: ScriptedCall) throws -> [JSON] {
        let resource = try #require(try JSON(parsing: call.request.body ?? [])["resourceSpans"]?[0])
        return try #require(resource["scopeSpans"]?[0]?["spans"]?.elements)
    }

    @Test("sends what has ended as OTLP wants it")
    func format() async throws {
        let exporter = exporter()
        let parent = try #require(
            TraceContext(parents: ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"], states: ["vendor=state"]))
        try await running(exporter) {
            let span = exporter.source.start("register", .server, in: parent, about: ["watch.id": "watch_1"])
            let child = exporter.source.start("deliver", .client, in: span.context)
            time.advance(by: .milliseconds(1500))
            child.end(failure: "timeout", ["attempt.number": "1"])
            span.end()
            let call = try await nextRequest()
            #expect(call.request.method == .post && call.request.url == "http://127.0.0.1:4318/v1/traces")
            let headers = Dictionary(call.request.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { $1 })
            #expect(headers["content-type"] == "application/json" && headers["authorization"] == "Bearer otlp")
            let body = try JSON(parsing: call.request.body ?? [])
            #expect(
                body["resourceSpans"]?[0]?["resource"]?["attributes"]?[0] == [
                    "key": "service.name", "value": ["stringValue": "bridge"],
                ])
            let sent = try spans(call)
            try #require(sent.count == 2)
            let own = try #require(span.context)
            #expect(
                sent[1] == [
                    "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": .string(own.spanID.text), "parentSpanId": "00f067aa0ba902b7",
                    "traceState": "vendor=state", "name": "register", "kind": 2, "startTimeUnixNano": "1790000000000000000",
                    "endTimeUnixNano": "1790000001500000000",
                    "attributes": [["key": "watch.id", "value": ["stringValue": "watch_1"]]],
                ])
            #expect(sent[0]["parentSpanId"] == .string(own.spanID.text))
            #expect(sent[0]["kind"] == 3)
            #expect(sent[0]["status"] == ["code": 2, "message": "timeout"])
            await call.answer(200, body: "{}")
        }
        #expect(exporter.counts.sent == 2 && exporter.counts.dropped.isEmpty)
    }

    @Test("begins a trace where there is none, and keeps the share that is configured, with all that belongs to it")
    func sampling() async throws {
        let exporter = exporter(sample: 0.5)
        var kept = 0
        for _ in 0..<400 {
            let root = try #require(exporter.source.start("register", .server, in: nil).context)
            let child = try #require(exporter.source.start("follow", .inside, in: root).context)
            #expect(child.traceID == root.traceID && child.spanID != root.spanID && child.isSampled == root.isSampled)
            kept += root.isSampled ? 1 : 0
        }
        #expect((150...250).contains(kept))
        let unsampled = try #require(
            TraceContext(parents: ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"], states: []))
        let span = self.exporter().source.start("register", .server, in: unsampled)
        #expect(span.context?.isSampled == false, "who begins a trace decides")
    }

    @Test("tries again what the collector cannot take now, and waits as long as it says", arguments: [429, 503])
    func retries(_ status: Int) async throws {
        let exporter = exporter()
        try await running(exporter) {
            exporter.source.start("register", .server, in: nil).end()
            let first = try await nextRequest()
            await first.answer(status, [("Retry-After", "3")])
            await time.waitForSleeper()
            time.advance(by: .milliseconds(2999))
            #expect(transport.takeCall() == nil)
            time.advance(by: .milliseconds(1))
            let second = await transport.nextCall()
            #expect(second.request.body == first.request.body)
            await second.answer(200, body: #"{"partialSuccess":{"rejectedSpans":"1"}}"#)
        }
        #expect(exporter.counts.sent == 0 && exporter.counts.dropped == [.refused: 1], "it took the request and refused the span")
    }

    @Test("drops what is refused, and what was tried often enough, and counts it")
    func gives() async throws {
        let exporter = exporter()
        try await running(exporter) {
            exporter.source.start("a", .inside, in: nil).end()
            try await nextRequest().answer(400)
            exporter.source.start("b", .inside, in: nil).end()
            try await nextRequest().fail(.connectionRefused(host: "collector"))
            for wait in [1, 2, 4, 8] {
                await time.waitForSleeper()
                time.advance(by: .seconds(wait))
                await (await transport.nextCall()).fail(.connectionRefused(host: "collector"))
            }
            exporter.source.start("c", .inside, in: nil).end()
            let last = try await nextRequest()
            let names = try spans(last).map { $0["name"] }
            #expect(names == ["c"])
            await last.answer(200)
        }
        #expect(exporter.counts.sent == 1 && exporter.counts.dropped == [.refused: 1, .unavailable: 1])
    }

    @Test("keeps so many and no more while the collector is away, and sends what is left when it ends")
    func bound() async throws {
        let exporter = exporter()
        for number in 1...8193 { exporter.source.start("\(number)", .inside, in: nil).end() }
        #expect(exporter.counts.dropped == [.queueFull: 1])
        try await running(exporter) {
            for _ in 0..<15 {
                let call = await transport.nextCall()
                let count = try spans(call).count
                #expect(count == 512)
                await call.answer(200)
            }
            let call = await transport.nextCall()
            await call.answer(200)
        }
        #expect(exporter.counts.sent == 8192)
    }

    @Test("sends what ended last when it is told to end")
    func ending() async throws {
        let exporter = exporter()
        let run = Task { await exporter.run() }
        exporter.source.start("last", .inside, in: nil).end()
        await time.waitForSleeper()
        run.cancel()
        let call = await transport.nextCall()
        #expect(try spans(call).map { $0["name"] } == ["last"])
        await call.answer(200)
        await run.value
        #expect(exporter.counts.sent == 1)
    }
}
