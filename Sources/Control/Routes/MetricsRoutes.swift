import HTTPTypes

/// `/metrics`, for Prometheus and what reads its format.
struct MetricsRoutes {
    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        [.get("/metrics") { _ in await metrics() }]
    }

    private func metrics() async -> Answer {
        Answer(status: .ok, headers: [.contentType: MetricsText.mediaType], body: MetricsText.write(await dependencies.metrics()))
    }
}
