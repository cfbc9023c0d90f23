package import RingbackCore
package import Transport

/// What an upstream said to a question about a response that does not exist.
package struct UpstreamFacts: Sendable {
    package enum Outcome: Sendable {
        /// Status, the vendor's own words, and whether the answer was JSON.
        case answered(status: Int, message: String?, isJSON: Bool)
        case failed(TransportError)
    }

    package let name: UpstreamName
    /// Without a query.
    package let url: String
    /// Whether it is asked with a key of the configuration. Where clients bring theirs, there is none to try.
    package let hasKey: Bool
    package let bringsOwnKey: Bool
    package let outcome: Outcome

    package init(name: UpstreamName, url: String, hasKey: Bool, bringsOwnKey: Bool, outcome: Outcome) {
        self.name = name
        self.url = url
        self.hasKey = hasKey
        self.bringsOwnKey = bringsOwnKey
        self.outcome = outcome
    }
}

package enum UpstreamJudgement {
    package static func finding(_ facts: UpstreamFacts) -> Finding {
        switch facts.outcome {
        case .failed(let error):
            return finding(facts, .serious, "\(facts.url) does not answer: \(error)", advice: "check base_url and this machine's way there")
        case .answered(let status, let message, let isJSON):
            return answered(facts, status, message.map { ": \"\($0)\"" } ?? "", isJSON: isJSON)
        }
    }

    private static func answered(_ facts: UpstreamFacts, _ status: Int, _ words: String, isJSON: Bool) -> Finding {
        switch status {
        case 404, 410, 400, 422:
            guard isJSON else {
                return finding(
                    facts, .note, "\(facts.url) answered \(status) without JSON: it may be no Responses API",
                    advice: "check base_url: it ends where /responses begins, mostly with /v1")
            }
            let key = facts.hasKey ? " and takes the key" : ""
            return finding(facts, .ok, "\(facts.url) answers\(key) (\(status) for a response that does not exist\(words))")
        case 401 where facts.bringsOwnKey, 403 where facts.bringsOwnKey:
            return finding(facts, .ok, "\(facts.url) answers; keys come from clients, so none was tried")
        case 401, 403:
            return finding(
                facts, .serious, "\(facts.url) refuses \(facts.hasKey ? "the key" : "calls without a key") with \(status)\(words)",
                advice: facts.hasKey ? "put a valid key into api_key, and check api_key_header" : "give the upstream an api_key")
        case 429:
            return finding(
                facts, .note, "\(facts.url) answered 429\(words)", advice: "lower requests_per_second, or ask the vendor for more")
        case 300...399:
            return finding(
                facts, .serious, "\(facts.url) answered \(status), a redirect, which is never followed", advice: "check base_url")
        case 500...:
            return finding(
                facts, .serious, "\(facts.url) is in trouble: it answered \(status)\(words)",
                advice: "watches wait for it; look at the vendor's status page")
        default:
            return finding(
                facts, .note, "\(facts.url) answered \(status)\(words), which is not what was expected", advice: "check base_url")
        }
    }

    private static func finding(_ facts: UpstreamFacts, _ severity: Finding.Severity, _ what: String, advice: String? = nil) -> Finding {
        Finding(.upstream, severity, subject: facts.name.rawValue, what, advice: advice)
    }
}
