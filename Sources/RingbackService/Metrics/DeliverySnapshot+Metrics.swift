import Control
import Delivering
import RingbackCore

extension DeliverySnapshot {
    var metrics: [MetricFamily] {
        [
            .gauge("ringback_deliveries_in_flight", "Deliveries that are claimed, handed over or being sent", inFlight),
            .gauge("ringback_deliveries_queued", "Deliveries that are handed over and not begun", queued),
            .gauge("ringback_deliveries_recording", "Attempts whose outcome is not on record yet", recording),
            .gauge("ringback_deliveries_reserved", "Places promised to deliveries that are about to be born", reserved),
            .counter(
                "ringback_delivery_outcomes_total", "What attempts at deliveries led to",
                [
                    MetricSample(counters.delivered, MetricLabel("outcome", "delivered")),
                    MetricSample(counters.retried, MetricLabel("outcome", "retry")),
                    MetricSample(counters.dead.values.reduce(0, +), MetricLabel("outcome", "dead")),
                    MetricSample(counters.forgotten, MetricLabel("outcome", "unrecorded")),
                ]),
            .counter(
                "ringback_deliveries_dead_total", "Deliveries that were given up, by the reason",
                DeadReason.allCases.map { MetricSample(counters.dead[$0] ?? 0, MetricLabel("reason", $0.rawValue)) }),
            .counter(
                "ringback_delivery_attempts_failed_total", "Attempts that failed, by what went wrong",
                AttemptError.allCases.map { MetricSample(counters.failures[$0] ?? 0, MetricLabel("error", $0.rawValue)) }),
            .gauge(
                "ringback_delivering_store_failing", "1 while the store does not take what happened to deliveries",
                [MetricSample(storeTrouble != nil)]),
        ]
    }
}
