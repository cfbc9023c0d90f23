import RingbackCore

/// `POST /v1/explain` `{url}`: would the guard let a callback out?
///
/// A POST, since a URL may hold credentials, and a query of ours ends in the logs of proxies. Whoever may register callbacks may ask; what
/// names resolve to is for administrators.
struct ExplainRoutes {
    private let dependencies: ControlDependencies

    init(_ dependencies: ControlDependencies) {
        self.dependencies = dependencies
    }

    var all: [Route] {
        [.post("/v1/explain", .submit) { try await explain($0) }]
    }

    private func explain(_ call: Call) async throws -> Answer {
        let problems = FieldProblems()
        let fields = try Fields.parse(call.body, known: ["url"], problems: problems)
        let url = fields.requiredString("url", example: "the URL to explain, such as https://app.example.com/hooks/ringback")
        try problems.check()
        let explanation = await dependencies.explain(url ?? "")
        return try .json(ExplanationObject(explanation, isComplete: call.caller.scope == .admin))
    }
}
