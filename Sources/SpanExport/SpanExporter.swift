package import Logging
import RawJSON
package import RingbackCore
package import Spans
import Tracing
package import Transport

/// Sends spans to a collector by OTLP over HTTP, in JSON.
///
/// Spans gather for a second, or until a batch is full. What the collector does not take is tried again a few times while new spans gather
/// behind it, and is dropped then. When nothing happens the exporter sleeps.
package struct SpanExporter: Sendable {
    private static let gathering: Duration = .seconds(1)
    private static let waits: [Duration] = [.seconds(1), .seconds(2), .seconds(4), .seconds(8)]
    private static let longestWait: Duration = .seconds(30)
    /// For what is left at the end.
    private static let lastPatience: Duration = .seconds(2)

    /// What makes the spans that are sent.
    package let source: SpanSource
    private let target: TracingTarget
    private let url: String
    private let transport: any Transport
    private let time: any TimeSource
    private let logger: Logger
    private let alarm: Alarm
    private let queue: SpanQueue

    /// - Parameter clock: Nanoseconds since 1970.
    package init(
        _ target: TracingTarget, transport: any Transport, time: any TimeSource, logger: Logger,
        clock: @escaping @Sendable () -> UInt64 = { DefaultTracerClock.now.nanosecondsSinceEpoch },
        dice: some RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.target = target
        url = target.endpoint + "/v1/traces"
        self.transport = transport
        self.time = time
        self.logger = logger
        alarm = Alarm(time: time)
        queue = SpanQueue(alarm: alarm)
        source = SpanSource(QueueingTracer(queue: queue, sample: target.sample, clock: clock, dice: dice))
    }

    package var counts: SpanCounts { queue.counts }

    /// Sends until the task is cancelled, and then what is left, once.
    package func run() async {
        while !Task.isCancelled {
            await alarm.wait(until: nil)
            await gather()
            while queue.count > 0, !Task.isCancelled { await send(queue.next()) }
        }
        // Cancelled: what follows must not be, and has a bound of its own.
        await Task { await sendRest() }.value
    }

    private func gather() async {
        let deadline = time.now + Self.gathering
        while !Task.isCancelled, queue.count < SpanQueue.batch, time.now < deadline { await alarm.wait(until: deadline) }
    }

    private func sendRest() async {
        let deadline = time.now + Self.lastPatience
        while queue.count > 0 {
            let spans = queue.next()
            let left = deadline - time.now
            guard left > .zero, case .taken(let refused) = await attempt(spans, within: left) else {
                queue.count(dropped: spans.count, .unavailable)
                continue
            }
            note(spans, refused: refused)
        }
    }

    private func send(_ spans: [FinishedSpan]) async {
        for wait in Self.waits + [nil] {
            switch await attempt(spans, within: .seconds(10)) {
            case .taken(let refused): return note(spans, refused: refused)
            case .refused(let words):
                logger.warning("Spans were refused by the collector and are dropped.", metadata: ["tracing.answer": "\(words)"])
                return queue.count(dropped: spans.count, .refused)
            case .later(let words, let retryAfter):
                guard let wait else {
                    logger.warning("Spans could not be sent and are dropped.", metadata: ["tracing.answer": "\(words)"])
                    return queue.count(dropped: spans.count, .unavailable)
                }
                // A cancelled sleep leaves these spans to nobody.
                guard (try? await time.sleep(until: time.now + max(wait, min(retryAfter ?? .zero, Self.longestWait)))) != nil else {
                    return queue.count(dropped: spans.count, .unavailable)
                }
            }
        }
    }

    private func note(_ spans: [FinishedSpan], refused: Int) {
        let refused = min(max(refused, 0), spans.count)
        queue.count(sent: spans.count - refused)
        if refused > 0 { queue.count(dropped: refused, .refused) }
    }

    private enum Answer {
        /// With the number of spans that it did not want.
        case taken(refused: Int)
        case refused(String)
        case later(String, Duration?)
    }

    private func attempt(_ spans: [FinishedSpan], within limit: Duration) async -> Answer {
        var headers = target.headers.map { (name: $0.name, value: $0.value.reveal()) }
        headers.append((name: "Content-Type", value: "application/json"))
        headers.append((name: "User-Agent", value: "Ringback/\(RingbackVersion.current)"))
        let request = TransferRequest(
            method: .post, url: url, headers: headers, body: OTLPRequest.body(spans, service: target.service),
            limits: TransferLimits(total: limit))
        do {
            let answer = try await transport.perform(request, keeping: Self.answerBytes)
            let status = answer.head.status
            switch status {
            case 200...299: return .taken(refused: Self.refused(answer.body))
            // OTLP/HTTP, "Retryable Response Codes".
            case 429, 502, 503, 504:
                return .later("\(status)", answer.head["retry-after"].flatMap { RetryAfter.parse($0, now: time.wallNow) })
            default: return .refused("\(status)")
            }
        } catch {
            return .later("\(error.error)", nil)
        }
    }

    private static let answerBytes = 16 * 1024

    /// `partialSuccess.rejectedSpans`, which is a string as all 64-bit numbers are.
    private static func refused(_ body: [UInt8]) -> Int {
        // An answer that is no JSON says nothing of spans it did not want.
        let count = (try? JSON(parsing: body))?["partialSuccess"]?["rejectedSpans"]
        return count?.string.flatMap { Int($0) } ?? count?.integer.map { Int($0) } ?? 0
    }
}
