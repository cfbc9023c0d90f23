import RingbackCore
import Testing

@testable import Control

@Suite("Metrics")
struct MetricsTests {
    private func text(_ families: MetricFamily...) -> String {
        String(decoding: MetricsText.write(families), as: UTF8.self)
    }

    @Test("are written with their help, their type, and a line for each sample")
    func lines() {
        let family = MetricFamily.counter(
            "ringback_things_total", "Things that happened",
            [
                MetricSample(3, MetricLabel("kind", "good"), MetricLabel("upstream", "default")),
                MetricSample(0, MetricLabel("kind", "bad"), MetricLabel("upstream", "default")),
            ])
        #expect(
            text(family, .gauge("ringback_now", "Now", 7)) == """
                # HELP ringback_things_total Things that happened
                # TYPE ringback_things_total counter
                ringback_things_total{kind="good",upstream="default"} 3
                ringback_things_total{kind="bad",upstream="default"} 0
                # HELP ringback_now Now
                # TYPE ringback_now gauge
                ringback_now 7

                """)
    }

    @Test("escape what would end a line or a value")
    func escaping() {
        let family = MetricFamily.gauge(
            "ringback_odd", "A \\ and\na \"quote\"", [MetricSample(1, MetricLabel("name", "a\\b\nc\"d"))])
        #expect(
            text(family) == """
                # HELP ringback_odd A \\\\ and\\na "quote"
                # TYPE ringback_odd gauge
                ringback_odd{name="a\\\\b\\nc\\"d"} 1

                """)
    }

    @Test(
        "write numbers as Prometheus reads them",
        arguments: [
            (0.0, "0"), (-3, "-3"), (0.25, "0.25"), (1e15, "1000000000000000"), (1e300, "1e+300"), (1e-7, "1e-07"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)])
    func numbers(_ value: Double, _ text: String) {
        #expect(MetricsText.number(value) == text)
    }

    @Test("count in each bucket of a histogram what is at or below its bound")
    func histogram() {
        var waits = Histogram(bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 7, .nan, .infinity] { waits.record(value) }
        waits.record(.milliseconds(250))
        #expect(
            text(.histogram("ringback_wait_seconds", "Waits", [MetricSample(waits, MetricLabel("upstream", "default"))])) == """
                # HELP ringback_wait_seconds Waits
                # TYPE ringback_wait_seconds histogram
                ringback_wait_seconds_bucket{upstream="default",le="0.1"} 2
                ringback_wait_seconds_bucket{upstream="default",le="1"} 4
                ringback_wait_seconds_bucket{upstream="default",le="+Inf"} 5
                ringback_wait_seconds_sum{upstream="default"} \(0.05 + 0.1 + 0.5 + 7 + 0.25)
                ringback_wait_seconds_count{upstream="default"} 5

                """)
    }

    @Test("are served as version 0.0.4 of the text format")
    func served() async throws {
        var options = ControlUnderTest.Options()
        options.metrics = [.gauge("ringback_now", "Now", 7)]
        try await ControlUnderTest.with(options) { control async throws in
            let answer = try await control.probe.send("GET", "/metrics")
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.text == "# HELP ringback_now Now\n# TYPE ringback_now gauge\nringback_now 7\n")
            #expect(try await control.probe.send("GET", "/metrics", headers: [("Origin", "https://evil.example")]).status == 403)
        }
    }
}
