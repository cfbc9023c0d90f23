import AddressGuard
import RingbackCore
import WebhookSignature

/// The body of `POST /v1/endpoints`, checked: a new endpoint, complete.
struct EndpointRequest {
    let endpoint: Endpoint
    /// The secret that was made because none was given: shown once, in the answer.
    let freshSecret: Secret?

    init(_ body: [UInt8], known: KnownNames, rule: CallbackGuard) throws(Problem) {
        let problems = FieldProblems()
        let fields = try Fields.parse(body, known: ["name"] + EndpointFields.names, problems: problems)
        let name = Self.name(fields)
        let settings = EndpointFields(fields, known: known, rule: rule)
        if ["url", "inbox", "preset"].count(where: { fields.has($0) }) != 1 {
            fields.report("url", "an endpoint has either a url, an inbox or a preset: write one of them")
        }
        let target = settings.newTarget()
        if let target { settings.checkDigest(of: target.target) }
        try problems.check()
        guard let name, let target else { throw Problem(.invalidRequest, "an endpoint needs a name and a url, an inbox or a preset") }
        var endpoint = Endpoint(name: name, origin: .api, target: target.target)
        settings.apply(to: &endpoint)
        self.endpoint = endpoint
        freshSecret = target.freshSecret
    }

    private static func name(_ fields: Fields) -> EndpointName? {
        guard let text = fields.requiredString("name", example: "a name for the endpoint, such as my-app") else { return nil }
        do {
            return try EndpointName(validating: text)
        } catch {
            fields.report("name", "\(error)")
            return nil
        }
    }
}

/// The body of `PATCH /v1/endpoints/{name}`, checked: what is absent stays, what is `null` goes back to its default.
struct EndpointPatch {
    let endpoint: Endpoint

    init(_ body: [UInt8], of current: Endpoint, known: KnownNames, rule: CallbackGuard) throws(Problem) {
        let problems = FieldProblems()
        let fields = try Fields.parse(body, known: EndpointFields.names, problems: problems)
        let settings = EndpointFields(fields, known: known, rule: rule)
        var endpoint = current
        settings.retarget(&endpoint)
        settings.checkDigest(of: endpoint.target)
        try problems.check()
        settings.apply(to: &endpoint)
        self.endpoint = endpoint
    }
}
