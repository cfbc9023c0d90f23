import RingbackCore

extension IngestCounts {
    package var metrics: [MetricFamily] {
        let samples = all.map { key, count in
            MetricSample(count, MetricLabel("upstream", key.upstream?.rawValue ?? ""), MetricLabel("result", key.result.rawValue))
        }
        return [
            .counter("ringback_ingest_webhooks_total", "Webhooks of vendors that were taken in or refused, by what became of them", samples)
        ]
    }
}
