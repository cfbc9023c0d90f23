import AddressGuard
import RingbackCore
import Store

/// The body of `POST /v1/watches` (contract, section 5), checked.
struct WatchRequest {
    static let maximumEndpoints = 64
    private static let ages = Duration.seconds(1)...Duration.seconds(366 * 86400)
    private static let names = ["response_id", "upstream", "endpoints", "callback", "metadata", "headers", "max_age"]
    private static let callbackNames = ["url", "secret", "payload", "headers"]

    let watch: NewWatch

    /// - Throws: ``Problem`` with everything that is wrong.
    init(_ body: [UInt8], known: KnownNames, rule: CallbackGuard) throws(Problem) {
        let problems = FieldProblems()
        let fields = try Fields.parse(body, known: Self.names, problems: problems)
        let response = Self.responseID(fields)
        let upstream = Self.upstream(fields, known: known)
        let endpoints = (fields.strings("endpoints", limit: Self.maximumEndpoints) ?? []).compactMap { place, text in
            known.endpoint(text) { problems.add("\(place)", $0) }
        }
        let callback = Self.callback(fields, rule: rule)
        let metadata = fields.metadata("metadata") ?? [:]
        let headers = fields.headers("headers", rule: .upstream) ?? []
        let maximumAge = fields.duration("max_age", in: Self.ages)
        try problems.check()
        guard let response, let upstream else { throw Problem(.invalidRequest, "response_id and an upstream are needed") }
        watch = NewWatch(
            upstream: upstream, response: response, endpoints: unique(endpoints), callback: callback, metadata: metadata, headers: headers,
            maximumAge: maximumAge
        )
    }

    private static func responseID(_ fields: Fields) -> ResponseID? {
        guard let text = fields.requiredString("response_id", example: "the id the create call answered, such as resp_…") else {
            return nil
        }
        do {
            return try ResponseID(validating: text)
        } catch {
            fields.report("response_id", "\(error)")
            return nil
        }
    }

    private static func upstream(_ fields: Fields, known: KnownNames) -> UpstreamName? {
        if fields.has("upstream"), let text = fields.string("upstream") {
            return known.upstream(text) { fields.report("upstream", $0) }
        }
        if known.defaultUpstream == nil { fields.report("upstream", "no upstream is configured: add one to the configuration") }
        return known.defaultUpstream
    }

    private static func callback(_ fields: Fields, rule: CallbackGuard) -> Callback? {
        guard let callback = fields.object("callback", known: callbackNames) else { return nil }
        _ = callback.requiredString("url", example: "the URL to call, such as https://app.example.com/hooks/ringback")
        let url = callback.callbackURL("url", rule: rule)
        let secret = callback.signingSecret("secret")
        let payload: PayloadForm = callback.choice("payload") ?? .thin
        let headers = callback.headers("headers", rule: .callback) ?? []
        return url.map { Callback(url: $0, secret: secret, payload: payload, headers: headers) }
    }
}

/// The elements without repetitions, in order.
func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
    var seen: Set<Element> = []
    return elements.filter { seen.insert($0).inserted }
}
