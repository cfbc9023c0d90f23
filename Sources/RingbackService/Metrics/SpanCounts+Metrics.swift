import Control
import SpanExport

extension SpanCounts {
    var metrics: [MetricFamily] {
        [
            .counter("ringback_spans_sent_total", "Spans that the collector took", sent),
            .counter(
                "ringback_spans_dropped_total", "Spans that were not sent, by the reason",
                Reason.allCases.map { MetricSample(dropped[$0] ?? 0, MetricLabel("reason", $0.rawValue)) }),
        ]
    }
}
