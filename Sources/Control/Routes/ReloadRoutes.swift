/// `POST /v1/reload`: reads the configuration again, as SIGHUP does (contract, section 4).
struct ReloadRoutes {
    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        [.post("/v1/reload", .admin) { _ in try await reload() }]
    }

    private func reload() async throws -> Answer {
        let outcome: ReloadObject
        do {
            outcome = try await dependencies.reload()
        } catch {
            let count = error.problems.count
            throw Problem(
                .configurationRefused,
                "the configuration has \(count == 1 ? "a mistake" : "\(count) mistakes"), see errors; nothing was changed",
                errors: error.problems.map { FieldProblem(pointer: "#", detail: $0) })
        }
        return try .json(outcome)
    }
}
