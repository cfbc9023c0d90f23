import Control
import RingbackCore

extension ReloadOutcomes {
    var metrics: [MetricFamily] {
        var families: [MetricFamily] = [
            .counter(
                "ringback_config_reloads_total", "How often the configuration was read again, by what came of it",
                [MetricSample(applied, MetricLabel("result", "applied")), MetricSample(refused, MetricLabel("result", "refused"))]),
            .gauge(
                "ringback_config_last_reload_successful", "Whether the last reload was applied",
                [MetricSample(lastSucceeded)]),
        ]
        if let lastSuccessAt {
            families.append(
                .gauge(
                    "ringback_config_last_reload_success_timestamp_seconds", "When a reload was last applied, in seconds since 1970",
                    [MetricSample(Double(lastSuccessAt.milliseconds) / 1000)]))
        }
        return families
    }
}
