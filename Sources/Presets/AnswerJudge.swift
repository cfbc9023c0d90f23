package import RingbackCore

/// What came of a request.
package struct Judgement: Sendable, Hashable {
    package let verdict: AnswerVerdict
    /// A sentence for people; nothing of the answer's own words but its status.
    package let reason: String?
    package let captured: [String: String]
    package let retryAfter: Duration?

    package init(_ verdict: AnswerVerdict, reason: String?, captured: [String: String] = [:], retryAfter: Duration? = nil) {
        self.verdict = verdict
        self.reason = reason
        self.captured = captured
        self.retryAfter = retryAfter
    }
}

/// Says what an answer means, by the preset's rules and then by HTTP's.
///
/// | status | without a rule |
/// |---|---|
/// | 2xx | delivered; where the preset has a rule for `delivered` that did not hold: permanent |
/// | 408, 425, 429, 500, 503 | retry |
/// | 502, 504 | ambiguous: whoever stands in between may have passed the request on |
/// | 401 | disable |
/// | 404, 410 for a request about something kept | missing |
/// | everything else | permanent |
package struct AnswerJudge: Sendable {
    private let preset: Preset
    private let request: PresetRequest
    private let kind: RequestKind

    /// - Parameter kind: One the preset has.
    package init(_ preset: Preset, _ kind: RequestKind) {
        guard let request = preset.requests[kind] else { preconditionFailure("the preset \(preset.name) has no request '\(kind)'") }
        self.preset = preset
        self.request = request
        self.kind = kind
    }

    package func judge(_ answer: PresetAnswer, now: Timestamp) -> Judgement {
        let json = answer.json
        let rules = request.answers + preset.answers
        let (verdict, reason) = verdict(of: answer, by: rules.first { $0.holds(for: answer, json: json) }, among: rules)
        // Some systems tell with every answer when their count begins anew: that means something only where the count is the trouble.
        let hints = (verdict == .retry && answer.status < 500 ? preset.retryHints : []) + [RetryHint.standard]
        let waits = hints.compactMap { $0.wait(in: answer, now: now) }
        let captured = verdict == .delivered ? self.captured(answer) : [:]
        return Judgement(verdict, reason: reason, captured: captured, retryAfter: waits.max())
    }

    /// Whether the answer to a search or a check holds what was looked for.
    ///
    /// - Parameter confirmation: That of the request that was sent: an answer that does not hold it is about something else.
    package func isFound(_ judgement: Judgement, in answer: PresetAnswer, confirmation: String?) -> Bool {
        guard judgement.verdict == .delivered else { return false }
        guard confirmation.map({ String(decoding: answer.body, as: UTF8.self).contains($0) }) ?? true else { return false }
        return request.captures.allSatisfy { $0.isOptional || judgement.captured[$0.name] != nil }
    }

    private func captured(_ answer: PresetAnswer) -> [String: String] {
        let json = answer.json
        return Dictionary(
            request.captures.compactMap { capture in capture.value(in: answer, json: json).map { (capture.name, $0) } },
            uniquingKeysWith: { first, _ in first })
    }

    private func verdict(
        of answer: PresetAnswer, by rule: AnswerRule?, among rules: [AnswerRule]
    ) -> (verdict: AnswerVerdict, reason: String?) {
        if let rule { return (rule.verdict, rule.reason ?? Self.words(for: rule.verdict, status: answer.status)) }
        switch answer.status {
        case 200..<300:
            guard rules.contains(where: { $0.verdict == .delivered }) else { return (.delivered, nil) }
            return (.permanent, "the system answered \(answer.status), but not that it took the message")
        case 300..<400: return (.permanent, "the system answered \(answer.status), but redirects are never followed: give the final URL")
        case 401: return (.disable, "the system does not know these credentials (401)")
        case 404 where isAboutSomethingKept, 410 where isAboutSomethingKept:
            return (.missing, "what was made earlier is no longer there (\(answer.status))")
        case 408, 425, 429, 500, 503: return (.retry, "the system answered \(answer.status)")
        case 502, 504: return (.ambiguous, "a gateway answered \(answer.status): nobody knows what the system itself did")
        default: return (.permanent, "the system answered \(answer.status)")
        }
    }

    private var isAboutSomethingKept: Bool {
        switch kind {
        case .search, .create: false
        case .update, .check, .comment, .close: true
        }
    }

    private static func words(for verdict: AnswerVerdict, status: Int) -> String? {
        switch verdict {
        case .delivered: nil
        case .retry, .permanent, .ambiguous, .disable: "the system answered \(status)"
        case .plain: "the system does not understand the text's markup (\(status))"
        case .missing: "what was made earlier is no longer there (\(status))"
        }
    }
}
