import Control
import Delivering
import RingbackCore
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

    func collect() async -> [MetricFamily] {
        let watching = await watching.snapshot()
        let delivering = await delivering.snapshot()
        let intents = await reconciler.snapshot
        return process + watching.metrics + delivering.metrics + store.writeStatistics.metrics + ingestCounts.metrics
            + intents.metrics + reloader.counts.metrics
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
