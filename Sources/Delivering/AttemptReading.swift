package import RingbackCore

/// What an attempt's report says about the receiver, sorted by what follows from it (contract, section 6).
///
/// | report | reading |
/// |---|---|
/// | a verdict of the destination's own | as it says |
/// | no error, 2xx or no HTTP at all | success |
/// | Ringback's own trouble | ownTrouble |
/// | 410 | gone |
/// | `webhook-delivery: abort-message` | refused |
/// | `webhook-delivery: disable` | disabled |
/// | 4xx other than 408, 410, 425, 429; a command's exit code other than 0 and 75 | rejected |
/// | 408, 425, 429, every other status, timeouts, network, files | failed |
enum AttemptReading: Sendable, Hashable {
    /// Delivered; the receiver may still have asked to be disabled.
    case success(disabling: DisablingCause?)
    case ownTrouble
    case gone
    case refused
    case disabled(DisablingCause)
    case rejected
    /// Never again, for the reason given.
    case hopeless(DeadReason)
    case failed

    init(_ report: AttemptReport) {
        if let verdict = report.verdict, report.error?.isOurOwn != true {
            self.init(verdict)
            return
        }
        switch (report.error, report.httpStatus) {
        case (nil, nil), (nil, .some(200..<300)):
            self = .success(disabling: report.directive == .disableEndpoint ? .asked : nil)
        case (let error?, _) where error.isOurOwn:
            self = .ownTrouble
        case (.httpStatus, 410), (nil, 410):
            self = .gone
        case (_, let status):
            switch report.directive {
            case .abortMessage: self = .refused
            case .disableEndpoint: self = .disabled(.asked)
            case nil: self = Self.isRejection(report.error, status) ? .rejected : .failed
            }
        }
    }

    private init(_ verdict: AttemptReport.Verdict) {
        switch verdict {
        case .delivered: self = .success(disabling: nil)
        case .again: self = .failed
        case .rejectedForNow: self = .rejected
        case .rejected: self = .hopeless(.rejected)
        case .ambiguous: self = .hopeless(.ambiguous)
        case .unrenderable: self = .hopeless(.unrenderable)
        case .disable(let reason): self = .disabled(.judged(reason))
        }
    }

    var isSuccess: Bool {
        switch self {
        case .success: true
        case .ownTrouble, .gone, .refused, .disabled, .rejected, .hopeless, .failed: false
        }
    }

    /// Whether the answer means that the same request will hardly ever be welcome.
    private static func isRejection(_ error: AttemptError?, _ status: Int?) -> Bool {
        if error == .commandFailed { return true }
        // An answer that broke off, or was no proper HTTP, proves nothing by its status line.
        guard error == nil || error == .httpStatus, let status else { return false }
        switch status {
        // RFC 9110, section 15.5.9; RFC 8470, section 5.2; RFC 6585, section 4: these say "later", not "no".
        case 408, 425, 429: return false
        case 400..<500: return true
        default: return false
        }
    }
}

/// Why an endpoint is disabled by an answer.
package enum DisablingCause: Sendable, Hashable {
    /// The receiver answered 410.
    case gone
    /// The receiver answered with `webhook-delivery: disable`.
    case asked
    /// The system's answer says so, in the words of its preset.
    case judged(String)
    /// Nothing but failures came since then.
    case failing(since: Timestamp)

    /// For people, kept with the endpoint and told in `endpoint.disabled`.
    package var reason: String {
        switch self {
        case .gone: "the receiver answered 410 Gone"
        case .asked: "the receiver asked for it with `webhook-delivery: disable`"
        case .judged(let reason): reason
        case .failing(let since): "every attempt has failed since \(since), for more than \(Breaker.disablingAfter.text)"
        }
    }
}

extension Breaker.Verdict {
    /// What an attempt says about the receiver.
    ///
    /// A receiver that declines one message (`abort-message`) is at work, but the answer is no success either. One that wants to be disabled
    /// gets its wish, and needs no breaker.
    init(_ reading: AttemptReading, _ error: AttemptError?) {
        switch reading {
        case .success: self = .success
        case .ownTrouble, .gone, .refused, .disabled: self = .nothing
        case .rejected, .hopeless, .failed: self = error?.isTheReceivers == false ? .nothing : .failure
        }
    }
}
