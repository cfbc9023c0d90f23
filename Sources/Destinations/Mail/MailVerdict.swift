import Delivering
import RingbackCore
import Transport

/// What handing a mail over to a server came to, for one recipient, and what follows from that. Pure.
///
/// | the server | verdict |
/// |---|---|
/// | takes the mail | sent |
/// | 4xx | again, along the schedule |
/// | 454 to the recipient | hardly: Postfix says so for domains that it will never relay to; three times at most |
/// | 5xx at its greeting | hardly: it turns everybody away, perhaps not for good |
/// | 5xx | never |
/// | 530, 535: no login, or a wrong one | disable the endpoint: who goes on is locked out |
/// | was sent everything and did not answer | unclear |
/// | was not reached, or left in between | again |
struct MailVerdict: Sendable, Hashable {
    enum Consequence: Sendable, Hashable {
        case sent
        case again
        case hardly
        case never
        case disable
        /// It may have arrived.
        case unclear
        /// Ringback's own trouble: not counted.
        case ownTrouble
    }

    let consequence: Consequence
    /// `nil` when it was sent.
    let error: AttemptError?
    /// For people: no secret.
    let detail: String?

    init(_ outcome: MailTransferOutcome) {
        let words = outcome.reply.map { "\($0)" } ?? "nothing"
        switch outcome.failure {
        case nil:
            self.init(.sent, nil, nil)
        case .refused(let stage):
            self.init(refused: stage, code: outcome.reply?.code ?? 0, words: words)
        case .loginRefused:
            self.init(.disable, .authorization, "the mail server refused the login: \(words)")
        case .loginNotOffered:
            self.init(.again, .authorization, "the mail server does not offer to take a login (PLAIN or LOGIN), so nothing was sent")
        case .unanswered(let error):
            self.init(
                .unclear, AttemptError(error),
                "the mail was sent, but its answer did not come, so it may have arrived: \(Self.words(error))")
        case .notSent(let error):
            let label = AttemptError(error)
            self.init(label.isOurOwn ? .ownTrouble : .again, label, Self.words(error))
        }
    }

    private init(refused stage: MailTransferFailure.Stage, code: Int, words: String) {
        switch (stage, code) {
        case (_, 530), (_, 535): self.init(.disable, .authorization, "the mail server wants another login: \(words)")
        case (.envelope, 454): self.init(.hardly, .systemRefused, "the mail server refused: \(words)")
        case (.opening, 500...): self.init(.hardly, .systemRefused, "the mail server turned the connection away: \(words)")
        case (_, 552): self.init(.never, .systemRefused, "the mail is too large for the server, or the mailbox is full: \(words)")
        case (_, 500...): self.init(.never, .systemRefused, "the mail server refused: \(words)")
        case (_, _): self.init(.again, .systemRefused, "the mail server put it off: \(words)")
        }
    }

    private init(_ consequence: Consequence, _ error: AttemptError?, _ detail: String?) {
        self.consequence = consequence
        self.error = error
        self.detail = detail
    }

    /// The transport's words are about HTTP where it matters.
    private static func words(_ error: TransportError) -> String {
        switch error {
        case .invalidRequest(let reason): "the mail cannot be sent: \(reason)"
        case .protocolViolation(let detail): "the mail server does not keep to SMTP: \(detail)"
        default: error.description
        }
    }
}
