import RingbackCore
import Store

/// The body of `POST /v1/dead-letters/redrive` (contract, section 5), checked. An empty one means all dead letters.
struct RedriveRequest {
    static let maximumIDs = 10_000
    private static let names = ["ids", "endpoint", "reason", "since", "until", "dry_run", "limit", "cursor"]

    let filter: DeadLetterFilter
    let dryRun: Bool
    let piece: PieceFields

    init(_ body: [UInt8]) throws(Problem) {
        let problems = FieldProblems()
        let fields = try Fields.parse(body.isEmpty ? Array("{}".utf8) : body, known: Self.names, problems: problems)
        let ids = fields.strings("ids", limit: Self.maximumIDs)
        // Dead letters may belong to an endpoint that is gone: its name is taken as it is.
        let endpoint = fields.string("endpoint")
        let reason: DeadReason? = fields.choice("reason")
        let since = fields.time("since")
        let until = fields.time("until")
        fields.checkOrder(since, until)
        dryRun = fields.bool("dry_run") ?? false
        piece = PieceFields(fields)
        try problems.check()
        filter = DeadLetterFilter(
            ids: ids.map { $0.map { DeliveryID(trusted: $0.text) } }, endpoint: endpoint.map { EndpointName(trusted: $0) }, reason: reason,
            since: since, until: until
        )
    }
}
