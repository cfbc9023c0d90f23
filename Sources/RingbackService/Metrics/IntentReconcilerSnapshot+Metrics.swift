import Control

extension IntentReconcilerSnapshot {
    var metrics: [MetricFamily] {
        [
            .gauge("ringback_creates_left_over", "Relayed creates whose answers got lost, and whose fate is being looked into", leftOver),
            .counter("ringback_creates_found_total", "Responses that were found although their creates had no answer", found),
            .counter(
                "ringback_creates_given_up_total", "Creates without an answer of which nothing was found out, by reason",
                givenUp.sorted { $0.key < $1.key }.map { MetricSample($0.value, MetricLabel("reason", $0.key)) }
            ),
        ]
    }
}
