import Control
import StoreSQLite

extension WriteStatistics {
    var metrics: [MetricFamily] {
        [
            .counter("ringback_store_changes_total", "Changes that were written to the store", changes),
            .counter("ringback_store_commits_total", "Transactions they took, each with one flush to the disk", commits),
        ]
    }
}
