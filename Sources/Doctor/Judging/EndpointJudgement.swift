package import AddressGuard
package import RingbackCore
package import Transport

/// What was seen of an endpoint, without sending it anything.
package struct EndpointFacts: Sendable {
    package enum Target: Sendable {
        /// A server, as it may be called before people, and what it showed; `nil` when nobody looked.
        case server(String, ServerLook?)
        /// A directory; the text says what is wrong with it.
        case directory(String, trouble: String?)
        /// Nothing that could be looked at without using it.
        case other(String)
    }

    package let name: EndpointName
    package let target: Target
    /// The guard's word; `nil` for the operator's own endpoints, which it does not judge.
    package var verdict: GuardExplanation.Outcome?
    /// Why nothing is sent to it; `nil` while it is enabled.
    package var disabledReason: String?

    package init(name: EndpointName, target: Target, verdict: GuardExplanation.Outcome? = nil, disabledReason: String? = nil) {
        self.name = name
        self.target = target
        self.verdict = verdict
        self.disabledReason = disabledReason
    }
}

package enum EndpointJudgement {
    package static func findings(_ facts: EndpointFacts, now: Timestamp) -> [Finding] {
        let name = facts.name.rawValue
        var findings: [Finding] = []
        if let reason = facts.disabledReason {
            findings.append(
                Finding(
                    .endpoint, .note, subject: name, "it is disabled (\(reason)): its deliveries wait",
                    advice: "when the cause is gone: ringback endpoints enable \(name)"))
        }
        switch facts.verdict {
        case .refused(let refusal):
            findings.append(
                Finding(
                    .endpoint, .serious, subject: name, "the guard lets nothing out to it: \(refusal)",
                    advice: "give it a public address, or make an exception in security.allow_networks"))
            return findings
        case .unresolved(let why):
            findings.append(
                Finding(.endpoint, .serious, subject: name, "its name leads nowhere: \(why)", advice: "correct its URL or the name server"))
            return findings
        case .allowed, nil:
            return findings + target(facts, name, now)
        }
    }

    private static func target(_ facts: EndpointFacts, _ name: String, _ now: Timestamp) -> [Finding] {
        let judged = facts.verdict == nil ? "" : ", and the guard lets callbacks out to it"
        switch facts.target {
        case .other(let what): return [Finding(.endpoint, .ok, subject: name, "\(what): try it with ringback endpoints test \(name)")]
        case .directory(let path, nil): return [Finding(.endpoint, .ok, subject: name, "the inbox \(path) can be written")]
        case .directory(let path, let trouble?):
            return [
                Finding(
                    .endpoint, .serious, subject: name, "the inbox \(path) \(trouble): its deliveries fail",
                    advice: "make it a directory that Ringback's user can write")
            ]
        case .server(let url, nil): return [Finding(.endpoint, .ok, subject: name, "\(url) was not looked at\(judged)")]
        case .server(let url, let look?):
            let certificate = CertificateJudgement.finding("endpoint \(name)", look, now: now)
            guard let error = look.error else {
                return [Finding(.endpoint, .ok, subject: name, "\(url) can be reached\(judged)")] + [certificate].compactMap { $0 }
            }
            return [reached(url, error, name)] + [certificate].compactMap { $0 }
        }
    }

    private static func reached(_ url: String, _ error: TransportError, _ name: String) -> Finding {
        switch error {
        case .tls, .nameNotFound, .invalidRequest:
            Finding(
                .endpoint, .serious, subject: name, "\(url) cannot be called: \(error)",
                advice: "correct its URL, or have its server mended; with an authority of your own, set ca_file")
        default:
            Finding(
                .endpoint, .note, subject: name, "\(url) cannot be reached now: \(error)",
                advice: "its deliveries wait and are tried again; see that its server runs")
        }
    }
}
