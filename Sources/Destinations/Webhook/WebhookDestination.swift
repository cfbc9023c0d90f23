package import AddressGuard
package import Delivering
package import RingbackCore
package import Store
package import Transport
import WebhookSignature

/// A URL that gets signed `POST`s (contract, section 6).
///
/// An attempt is one callback, and what has to come before it: the question whether the receiver consents, and an access token. All of
/// them together have the endpoint's timeout.
package struct WebhookDestination: Destination {
    /// How much of an answer's body is read before the rest is left unread (contract, section 9). What is kept of it is less, see
    /// ``Attempt/keptBodyBytes``: reading on to the end of an ordinary answer is what lets its connection be used again.
    static let maximumAnswerBytes = 64 * 1024
    /// All header lines of an answer together.
    static let maximumHeaderBytes = 64 * 1024

    private let form: PayloadForm
    private let keys: SigningKeys
    private let hub: HubSignature?
    private let headers: [(name: String, value: String)]
    private let route: WebhookRoute
    private let consent: Consent?
    private let tokens: AccessTokens?

    /// - Parameters:
    ///   - callbackGuard: The guard as it is configured now, asked before each request; `nil` for the operator's own endpoints.
    ///   - egressProxy: The proxy for all callbacks as it is configured now.
    ///   - time: Measures what is left of the timeout.
    /// - Throws: ``InvalidDestination`` when the URL or a secret cannot be used.
    package init(
        _ target: WebhookTarget, of endpoint: Endpoint, transport: any Transport, callbackGuard: (@Sendable () -> CallbackGuard)?,
        egressProxy: @escaping @Sendable () -> EgressProxy? = { nil }, time: any TimeSource
    ) throws(InvalidDestination) {
        keys = try SigningKeys(target.secrets)
        hub = target.hubSecret.map { HubSignature(secret: $0) }
        form = target.payload
        headers = WebhookHeaders.custom(target.headers)
        let route = try WebhookRoute(
            target, of: endpoint, transport: transport, callbackGuard: callbackGuard, egressProxy: egressProxy, time: time)
        self.route = route
        consent = target.handshake.map { Consent($0, route: route) }
        tokens = try target.credentials.map { credentials throws(InvalidDestination) in try AccessTokens(credentials, route: route) }
    }

    package var needsResponse: Bool { form.holdsResponse }

    package func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
        let proxy = route.proxy
        var report = await attempt(job, startedAt: startedAt)
        report.proxy = proxy?.address
        return report
    }

    private func attempt(_ job: DeliveryJob, startedAt: Timestamp) async -> AttemptReport {
        let deadline = route.deadline
        var grant: RateGrant?
        var report: AttemptReport
        do throws(FailedAttempt) {
            grant = try await consent?.require(headers: headers, now: startedAt, by: deadline)
            report = try await call(job, at: startedAt, by: deadline)
        } catch {
            report = error.report
        }
        report.grant = grant
        return report
    }

    /// The callback itself, with an access token where one is needed.
    private func call(_ job: DeliveryJob, at startedAt: Timestamp, by deadline: Moment) async throws(FailedAttempt) -> AttemptReport {
        guard let tokens else { return await post(job, authorization: [], at: startedAt, by: deadline) }
        let token = try await tokens.token(now: startedAt, by: deadline)
        let report = await post(job, authorization: WebhookHeaders.bearer(token), at: startedAt, by: deadline)
        guard report.httpStatus == 401 else { return report }
        // The receiver may have forgotten the token before its time. One fresh token decides whether it is the token's fault.
        await tokens.forget(token)
        let fresh = try await tokens.token(now: startedAt, by: deadline)
        return fresh == token ? report : await post(job, authorization: WebhookHeaders.bearer(fresh), at: startedAt, by: deadline)
    }

    private func post(
        _ job: DeliveryJob, authorization: [(name: String, value: String)], at time: Timestamp, by deadline: Moment
    ) async -> AttemptReport {
        let payload = CallbackPayload(job, as: form)
        let signature =
            WebhookSigner.headers(id: job.event.id.rawValue, timestamp: time, body: payload.body, keys: keys.signing(at: time))
            + [hub?.header(for: payload.body)].compactMap { $0 }
        let described =
            [(name: "Content-Type", value: payload.contentType)] + WebhookHeaders.userAgent + payload.headers + (job.trace?.headers ?? [])
        let all = described + headers + authorization + (consent?.headers ?? []) + signature
        do {
            let answer = try await route.perform(.post, headers: all, body: payload.body, by: deadline)
            return AttemptReport(answer, now: time + answer.summary.total)
        } catch {
            return AttemptReport(error)
        }
    }
}
