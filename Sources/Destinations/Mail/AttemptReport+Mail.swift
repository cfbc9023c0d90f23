import Delivering
import RingbackCore
import Transport

/// One recipient and what became of the mail to them.
struct MailResult: Sendable {
    let recipient: String
    let outcome: MailTransferOutcome
    let verdict: MailVerdict

    init(recipient: String, outcome: MailTransferOutcome) {
        self.recipient = recipient
        self.outcome = outcome
        verdict = MailVerdict(outcome)
    }
}

/// Several recipients are one delivery: it is done when all of them have their mail.
extension AttemptReport {
    private static let maximumDetailBytes = 1000

    /// - Parameters:
    ///   - results: Of those it was tried for; at least one.
    ///   - served: How many had it before.
    ///   - givesUpWhenUnclear: Whether a mail that may have arrived is not sent again.
    ///   - evidence: What a success proves.
    init(_ results: [MailResult], served: Int, givesUpWhenUnclear: Bool, evidence: SinkEvidence) {
        // What needs the operator, or time, goes before what is settled: somebody may still get the mail.
        let order: [MailVerdict.Consequence] =
            [.disable, .again, .ownTrouble] + (givesUpWhenUnclear ? [] : [.unclear]) + [.hardly, .never, .unclear]
        let deciding = order.lazy.compactMap { consequence in results.first { $0.verdict.consequence == consequence } }.first
        let shown = deciding ?? results.last
        var evidence = evidence
        evidence.isAmbiguous = results.contains { $0.verdict.consequence == .unclear }
        self.init(
            error: deciding?.verdict.error,
            detail: deciding == nil ? nil : Self.detail(results, served: served),
            responseBody: Self.record(results),
            timing: shown.map { AttemptTiming($0.outcome.summary) } ?? AttemptTiming(),
            address: shown?.outcome.summary.address,
            operatorDetail: deciding?.outcome.failure?.operatorDetail,
            verdict: deciding.map { Self.verdict($0.verdict, givesUpWhenUnclear) } ?? .delivered,
            sink: evidence)
    }

    private static func verdict(_ verdict: MailVerdict, _ givesUpWhenUnclear: Bool) -> Verdict {
        switch verdict.consequence {
        case .sent: .delivered
        case .again, .ownTrouble: .again
        case .hardly: .rejectedForNow
        case .never: .rejected
        case .unclear: givesUpWhenUnclear ? .ambiguous : .again
        case .disable: .disable(verdict.detail ?? "the mail server refused the login")
        }
    }

    private static func detail(_ results: [MailResult], served: Int) -> String {
        let failed = results.filter { $0.verdict.detail != nil }
        guard results.count + served > 1 else { return failed.first?.verdict.detail ?? "" }
        let count = served + results.count - failed.count
        let list = failed.map { "\($0.recipient): \($0.verdict.detail ?? "")" }.joined(separator: "; ")
        let text = "\(count) of \(served + results.count) recipients have the mail; \(list)"
        return text.utf8.count <= maximumDetailBytes ? text : "\(text.prefix(maximumDetailBytes / 4))…"
    }

    /// The server's last words to each: the name of a mail in the server's own log is among them.
    private static func record(_ results: [MailResult]) -> [UInt8] {
        Array(
            results.compactMap { result in result.outcome.reply.map { "\(result.recipient): \($0)\n" } }.joined().utf8.prefix(
                Attempt.keptBodyBytes))
    }
}

extension MailTransferFailure {
    /// What only the operator may know.
    fileprivate var operatorDetail: String? {
        switch self {
        case .notSent(let error), .unanswered(let error): error.operatorDetail
        case .refused, .loginRefused, .loginNotOffered: nil
        }
    }
}
