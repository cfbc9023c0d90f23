import HTTPTypes

/// `/healthz` and `/readyz`: open to everybody, so that load balancers and supervisors need no token.
struct HealthRoutes {
    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        [
            .get("/healthz", .open) { _ in try .json(HealthObject()) },
            .get("/readyz", .open) { _ in try await ready() },
        ]
    }

    private func ready() async throws -> Answer {
        let problems = await dependencies.readiness()
        return try .json(HealthObject(problems: problems), status: problems.isEmpty ? .ok : .serviceUnavailable)
    }
}
