import Control
import RingbackCore
import Watching

extension WatchEngineSnapshot {
    var metrics: [MetricFamily] {
        [
            .gauge(
                "ringback_watches", "Open watches that this node follows, by the way they are followed and by their status", openWatches),
            .counter("ringback_watches_claimed_total", "Watches that this node has begun to follow", totals.claimed),
            .counter(
                "ringback_watch_endings_total", "Ends of watches that were seen or decided, by the status",
                WatchStatus.allCases.filter { !$0.isOpen && $0 != .stopped }.map {
                    MetricSample(totals.endings[$0] ?? 0, MetricLabel("status", $0.rawValue))
                }),
            .gauge("ringback_watch_endings_unwritten", "Ends of watches that are not on disk yet", unwrittenEndings),
            .gauge("ringback_watch_held_bytes", "Bytes of final responses that wait for the disk", heldBytes),
            .gauge(
                "ringback_watching_store_failing", "1 while the store does not take what happened to watches",
                [MetricSample(storeIsFailing)]),
        ] + upstreamMetrics
    }

    private var openWatches: [MetricSample] {
        [Watch.Following.stream, .poll, .none].flatMap { following in
            WatchStatus.allCases.filter(\.isOpen).map { status in
                MetricSample(
                    watches[Kind(following: following, status: status)] ?? 0, MetricLabel("following", following.rawValue),
                    MetricLabel("status", status.rawValue))
            }
        }
    }

    private var upstreamMetrics: [MetricFamily] {
        [
            .gauge("ringback_upstream_streams", "Streams that are asked for or open", each { MetricSample($0.streams, $0.label) }),
            .gauge("ringback_upstream_retrievals", "GETs under way", each { MetricSample($0.retrievals, $0.label) }),
            .gauge(
                "ringback_upstream_waiting_requests", "Requests that wait for their turn under the rate limit",
                each { MetricSample($0.waitingRequests, $0.label) }),
            .histogram(
                "ringback_upstream_request_wait_seconds", "How long requests waited for their turn under the rate limit",
                each { MetricSample($0.totals.waits, $0.label) }),
            .gauge(
                "ringback_upstream_longest_wait_seconds", "How long the oldest of the waiting requests has waited",
                each { MetricSample($0.longestWait.inSeconds, $0.label) }),
            .gauge(
                "ringback_upstream_requests_per_second", "The rate that is kept at the moment: as configured, or less after a 429",
                each { MetricSample($0.requestsPerSecond, $0.label) }),
            .counter(
                "ringback_upstream_stream_requests_total", "Streams that were asked for", each { MetricSample($0.totals.streams, $0.label) }
            ),
            .counter(
                "ringback_upstream_stream_reconnects_total", "Streams that were asked for again, for watches that had had one",
                each { MetricSample($0.totals.reconnects, $0.label) }),
            .counter(
                "ringback_upstream_stream_refusals_total", "Streams that were refused for good",
                each { MetricSample($0.totals.refusedStreams, $0.label) }),
            .counter(
                "ringback_upstream_retrieve_requests_total", "GETs that were sent", each { MetricSample($0.totals.retrievals, $0.label) }),
            .counter(
                "ringback_upstream_rate_limited_total", "Answers with 429", each { MetricSample($0.totals.rateLimited, $0.label) }),
            .gauge(
                "ringback_upstream_unauthorized", "1 while the upstream refuses the credentials",
                each { MetricSample($0.health.isUnauthorized, $0.label) }),
            .gauge(
                "ringback_upstream_failures_in_a_row", "Requests without a usable answer since the last good one",
                each { MetricSample($0.health.failuresInARow, $0.label) }),
        ]
    }

    private func each(_ sample: (UpstreamSnapshot) -> MetricSample) -> [MetricSample] {
        upstreams.map(sample)
    }
}

extension UpstreamSnapshot {
    fileprivate var label: MetricLabel { MetricLabel("upstream", name.rawValue) }
}
