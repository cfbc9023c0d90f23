/// One thing the doctor looked at, and what to think of it. Holds no secret.
package struct Finding: Sendable, Hashable, Codable {
    package enum Severity: String, Sendable, Hashable, Codable, CaseIterable {
        case ok
        /// Worth knowing; nothing is lost.
        case note
        /// Something does not work, or will not much longer.
        case serious
    }

    /// What was looked at: the words of the lists below.
    package enum Check: String, Sendable, Hashable, Codable, CaseIterable {
        case store
        case server
        case upstream
        case endpoint
        case certificate
        case clock
        case machine
    }

    package let check: Check
    package let severity: Severity
    /// Which one of several, for example an upstream's name.
    package let subject: String?
    package let what: String
    package let advice: String?

    package init(_ check: Check, _ severity: Severity, subject: String? = nil, _ what: String, advice: String? = nil) {
        self.check = check
        self.severity = severity
        self.subject = subject
        self.what = what
        self.advice = advice
    }
}

extension [Finding] {
    package var isSerious: Bool { contains { $0.severity == .serious } }
}
