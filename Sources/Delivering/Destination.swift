package import RingbackCore
package import Store

/// Something deliveries can be made to: a webhook, an inbox directory.
package protocol Destination: Sendable {
    /// Whether ``attempt(_:number:startedAt:)`` needs ``DeliveryJob/response``; the sender then reads it first.
    var needsResponse: Bool { get }

    /// Tries once. Does not throw: whatever happens is an outcome.
    ///
    /// Cancelling the task ends the attempt soon, as a failure that is not counted.
    func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport

    /// Tries once for several deliveries, as one message about all of them. Only asked of endpoints with a digest.
    ///
    /// - Parameter jobs: At least two, in the order of their events. The same ones, however often they are tried, are the same message.
    func attempt(together jobs: [DeliveryJob], startedAt: Timestamp) async -> AttemptReport
}

extension Destination {
    /// For destinations that make no digests: their endpoints cannot have one.
    package func attempt(together jobs: [DeliveryJob], startedAt: Timestamp) async -> AttemptReport {
        AttemptReport(error: .internalTrouble, detail: "this kind of endpoint cannot put several events into one message")
    }
}

/// What one attempt came to, before any decision.
package struct AttemptReport: Sendable, Hashable {
    /// What a receiver can ask for with its `webhook-delivery` header (contract, section 6) or with 410.
    package enum Directive: Sendable, Hashable {
        /// Give this delivery up.
        case abortMessage
        /// Disable the endpoint.
        case disableEndpoint
    }

    /// What the destination itself made of an answer, where the status alone does not say.
    package enum Verdict: Sendable, Hashable {
        case delivered
        /// On schedule.
        case again
        /// On schedule, but three times at most: it will hardly ever work.
        case rejectedForNow
        /// Never again.
        case rejected
        /// Nobody can tell whether it arrived, and it is not to be sent twice.
        case ambiguous
        /// No request could be made.
        case unrenderable
        /// The endpoint is at fault, for the reason given; the delivery waits until somebody mends it.
        case disable(String)
    }

    /// `nil` means success.
    package var error: AttemptError?
    /// A sentence for people; no secret, no body, no query string.
    package var detail: String?
    /// What only the operator may know, for the log; never on record, where the receiver's owner could read it.
    package var operatorDetail: String?
    package var httpStatus: Int?
    package var retryAfter: Duration?
    package var directive: Directive?
    /// Goes before what status and directive say; `nil` for webhooks.
    package var verdict: Verdict?
    /// What a chat, ticket or mail system's answer proves.
    package var sink: SinkEvidence?
    package var responseHeaders: [ResponseHeader]
    package var responseBody: [UInt8]
    package var timing: AttemptTiming
    package var address: String?
    /// The proxy it went by, without credentials.
    package var proxy: String?
    /// How much the receiver said it takes; `nil` when it was not asked, or did not consent.
    package var grant: RateGrant?

    package init(
        error: AttemptError? = nil, detail: String? = nil, httpStatus: Int? = nil, retryAfter: Duration? = nil, directive: Directive? = nil,
        responseHeaders: [ResponseHeader] = [], responseBody: [UInt8] = [], timing: AttemptTiming = AttemptTiming(), address: String? = nil,
        operatorDetail: String? = nil, proxy: String? = nil, grant: RateGrant? = nil, verdict: Verdict? = nil, sink: SinkEvidence? = nil
    ) {
        self.error = error
        self.detail = detail
        self.httpStatus = httpStatus
        self.retryAfter = retryAfter
        self.directive = directive
        self.responseHeaders = responseHeaders
        self.responseBody = responseBody
        self.timing = timing
        self.address = address
        self.operatorDetail = operatorDetail
        self.proxy = proxy
        self.grant = grant
        self.verdict = verdict
        self.sink = sink
    }
}
