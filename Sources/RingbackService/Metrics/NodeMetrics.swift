import Control
import Curl
import Delivering
import RingbackCore
import SpanExport
import StoreSQLite
import Watching

/// Everything `/metrics` shows, asked from the parts that know it. Each part has a file of its own here.
struct NodeMetrics: Sendable {
    let startedAt: Timestamp
    let store: SQLiteStore
    let watching: WatchEngine
    let delivering: DeliveryEngine
    let ingestCounts: IngestCounts
    let reconciler: IntentReconciler
    let reloader: Reloader
    let upstreamTransport: CurlTransport
    let deliveryTransport: CurlTransport
    /// `nil`: nobody wants spans.
    let exporter: SpanExporter?

    func collect() async -> [MetricFamily] {
        let watching = await watching.snapshot()
        let delivering = await delivering.snapshot()
        let intents = await reconciler.snapshot
        return process + ProcessReading().metrics + delays(watching, delivering) + watching.metrics + delivering.metrics
            + store.writeStatistics.metrics + ingestCounts.metrics
            + intents.metrics + reloader.counts.metrics + (exporter?.counts.metrics ?? [])
    }

    /// How long work waits for the threads that do it: what is late here is late everywhere.
    private func delays(_ watching: WatchEngineSnapshot, _ delivering: DeliverySnapshot) -> [MetricFamily] {
        [
            .histogram(
                "ringback_loop_delay_seconds", "How long what was asked of a transfer loop waited until the loop turned to it",
                [
                    MetricSample(upstreamTransport.loopDelays, MetricLabel("loop", "upstreams")),
                    MetricSample(deliveryTransport.loopDelays, MetricLabel("loop", "deliveries")),
                ]),
            .histogram(
                "ringback_engine_delay_seconds", "How long an engine took to be at work after it was rung for",
                [
                    MetricSample(watching.delays, MetricLabel("engine", "watching")),
                    MetricSample(delivering.delays, MetricLabel("engine", "delivering")),
                ]),
        ]
    }

    private var process: [MetricFamily] {
        [
            .gauge(
                "process_start_time_seconds", "When the process started, in seconds since 1970",
                [MetricSample(Double(startedAt.milliseconds) / 1000)]),
            .gauge(
                "ringback_build_info", "Always 1; the label is the version",
                [MetricSample(1, MetricLabel("version", RingbackVersion.current))]),
        ]
    }
}
