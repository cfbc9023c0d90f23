import Delivering
import RingbackCore
import Transport

/// Lets callbacks through to a receiver that has consented to them, and asks it before (CloudEvents, HTTP 1.1 Web Hooks, section 4).
struct Consent: Sendable {
    /// After this time a receiver is asked again: its owner may have changed.
    static let validity: Duration = .seconds(24 * 3600)

    private let handshake: WebhookHandshake
    private let route: WebhookRoute
    private let answer = SharedAnswer<RateGrant>()

    init(_ handshake: WebhookHandshake, route: WebhookRoute) {
        self.handshake = handshake
        self.route = route
    }

    /// Under which name the receiver was asked: on the question and on every callback after it (section 2.1).
    var headers: [(name: String, value: String)] { [(name: "WebHook-Request-Origin", value: handshake.origin)] }

    /// - Parameter headers: The endpoint's own, by which the receiver may know us.
    /// - Returns: How much it takes, for as long as its consent holds.
    /// - Throws: ``FailedAttempt`` when the receiver did not consent or could not be asked.
    func require(headers: [(name: String, value: String)], now: Timestamp, by deadline: Moment) async throws(FailedAttempt) -> RateGrant {
        try await answer.value(now: now) { await ask(headers: headers, now: now, by: deadline) }.get()
    }

    private func ask(
        headers own: [(name: String, value: String)], now: Timestamp, by deadline: Moment
    ) async -> Result<SharedAnswer<RateGrant>.Kept, FailedAttempt> {
        var question = headers
        if let rate = handshake.requestedRate { question.append((name: "WebHook-Request-Rate", value: "\(rate)")) }
        do {
            let heard = try await route.perform(.options, headers: WebhookHeaders.userAgent + own + question, by: deadline)
            switch HandshakeAnswer(heard.head, to: handshake) {
            case .allowed(let perMinute):
                let until = now + Self.validity
                return .success(SharedAnswer.Kept(value: RateGrant(perMinute: perMinute, until: until), until: until))
            case .refused(let reason):
                return .failure(FailedAttempt(AttemptReport(handshakeRefused: reason, heard, now: now + heard.summary.total)))
            }
        } catch {
            return .failure(FailedAttempt(AttemptReport(error)))
        }
    }
}

extension RateGrant {
    fileprivate init(perMinute: Int?, until: Timestamp) {
        // More than a machine sends is no limit that matters.
        self.init(rate: perMinute.flatMap { RateLimit(min($0, RateLimit.maximumCount), per: .minute) }, until: until)
    }
}
