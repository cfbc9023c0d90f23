import Control
import StoreSQLite

extension WriteStatistics {
    var metrics: [MetricFamily] {
        [
            .counter("ringback_store_changes_total", "Changes that were written to the store", changes),
            .counter("ringback_store_commits_total", "Transactions they took, each with one flush to the disk", commits),
            .histogram(
                "ringback_store_commit_seconds", "How long transactions took, from their beginning to the end of the flush",
                [MetricSample(durations)]),
            .histogram("ringback_store_commit_changes", "How many changes shared one transaction", [MetricSample(batches)]),
        ]
    }
}
