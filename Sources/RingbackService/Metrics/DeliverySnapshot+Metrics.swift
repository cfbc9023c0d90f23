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
            .counter(
                "ringback_endpoint_attempts_total", "Attempts at deliveries to an endpoint, by what they came to",
                counters.attempts.sorted { $0.key < $1.key }.flatMap { endpoint, attempts in
                    [("succeeded", attempts.succeeded), ("failed", attempts.failed)].map { outcome, count in
                        MetricSample(count, MetricLabel("endpoint", endpoint.rawValue), MetricLabel("outcome", outcome))
                    }
                }),
            .gauge(
                "ringback_endpoint_breaker_open", "1 while an endpoint's circuit breaker is open or half-open",
                breakers.sorted { $0.key < $1.key }.map { endpoint, breaker in
                    MetricSample(breaker.state != .closed, MetricLabel("endpoint", endpoint.rawValue))
                }),
            .gauge(
                "ringback_endpoint_queue_age_seconds",
                "For how long the oldest due delivery of an endpoint has waited, as of the last regular look at the store",
                queueAges.filter { !$0.key.isCallback }.sorted { $0.key < $1.key }.map { endpoint, age in
                    MetricSample(age.inSeconds, MetricLabel("endpoint", endpoint.rawValue))
                }),
            .gauge(
                "ringback_callback_queue_age_seconds",
                "For how long the oldest due callback of a watch has waited, as of the last regular look at the store",
                [MetricSample((queueAges.filter(\.key.isCallback).values.max() ?? .zero).inSeconds)]),
            .histogram(
                "ringback_terminal_to_callback_seconds",
                "From the moment the end of a response was seen to the first attempt that told an endpoint, by the kind of endpoint",
                EndpointKind.allCases.map { kind in
                    MetricSample(
                        counters.latencies[kind] ?? Histogram(bounds: DeliveryCounters.latencyBounds), MetricLabel("kind", kind.rawValue))
                }),
            .counter("ringback_breaker_trips_total", "How often circuit breakers tripped", counters.trips),
            .counter("ringback_endpoint_recoveries_total", "How often endpoints recovered", counters.recoveries),
            .counter(
                "ringback_endpoints_disabled_total", "How often endpoints were disabled by what their receiver answered", counters.disabled),
            .counter(
                "ringback_deliveries_held_back_total", "Deliveries given back untried: a circuit breaker is open, or an inbox full",
                counters.heldBack),
            .gauge(
                "ringback_delivering_store_failing", "1 while the store does not take what happened to deliveries",
                [MetricSample(storeTrouble != nil)]),
        ]
    }
}
