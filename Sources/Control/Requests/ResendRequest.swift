import RingbackCore

/// The body of `POST /v1/events/{id}/resend`: the endpoint that gets the event once more.
struct ResendRequest {
    let endpoint: EndpointName

    init(_ body: [UInt8], known: KnownNames) throws(Problem) {
        let problems = FieldProblems()
        let fields = try Fields.parse(body, known: ["endpoint"], problems: problems)
        let name = fields.requiredString("endpoint", example: "the name of the endpoint that gets the event").flatMap { text in
            known.endpoint(text) { fields.report("endpoint", $0) }
        }
        try problems.check()
        guard let name else { throw Problem(.invalidRequest, "an endpoint is needed") }
        endpoint = name
    }
}
