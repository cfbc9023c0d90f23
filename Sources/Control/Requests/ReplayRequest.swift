import RingbackCore
import Store

/// The body of `POST /v1/endpoints/{name}/replay` (contract, section 5), checked.
struct ReplayRequest {
    private static let names = ["since", "until", "types", "missing_only", "dry_run", "limit", "cursor"]
    private static let maximumTypes = 32

    let since: Timestamp
    let until: Timestamp
    /// `nil`: what the endpoint asks for.
    let types: [EventPattern]?
    let missingOnly: Bool
    let dryRun: Bool
    let piece: PieceFields

    /// - Parameter now: Stands in for `until`.
    init(_ body: [UInt8], now: Timestamp) throws(Problem) {
        let problems = FieldProblems()
        let fields = try Fields.parse(body.isEmpty ? Array("{}".utf8) : body, known: Self.names, problems: problems)
        let isGiven = fields.requiredString("since", example: "the time of the first event to send, such as 2026-11-23T06:00:00Z") != nil
        let since = isGiven ? fields.time("since") : nil
        let until = fields.time("until")
        fields.checkOrder(since, until)
        types = fields.strings("types", limit: Self.maximumTypes).map { types in
            if types.isEmpty { fields.report("types", "name at least one type, such as response.*; or leave it out") }
            return types.compactMap { place, text in
                if let pattern = EventPattern(text) { return pattern }
                problems.add("\(place)", "no event is called so.\(Suggestion.text(for: text, among: EventType.all.map(\.rawValue)))")
                return nil
            }
        }
        missingOnly = fields.bool("missing_only") ?? true
        dryRun = fields.bool("dry_run") ?? false
        piece = PieceFields(fields)
        try problems.check()
        guard let since else { throw Problem(.invalidRequest, "a replay needs the time of the first event") }
        self.since = since
        // What is raised from now on is sent anyway.
        self.until = min(until ?? now + .milliseconds(1), now + .milliseconds(1))
    }
}
