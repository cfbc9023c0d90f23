package import Delivering
package import RingbackCore
package import Store
package import Transport
import WebhookSignature

/// A URL that gets signed `POST`s (contract, section 6).
package struct WebhookDestination: Destination {
    /// How much of an answer's body is read before the rest is left unread (contract, section 9). What is kept of it is less, see
    /// ``Attempt/keptBodyBytes``: reading on to the end of an ordinary answer is what lets its connection be used again.
    static let maximumAnswerBytes = 64 * 1024
    /// All header lines of an answer together.
    static let maximumHeaderBytes = 64 * 1024

    private struct Key: Sendable {
        let key: SigningKey
        let expiresAt: Timestamp?
    }

    private let url: HTTPURL
    private let form: PayloadForm
    private let keys: [Key]
    private let headers: [(name: String, value: String)]
    private let limits: TransferLimits
    private let trust: TransferTrust
    private let transport: any Transport
    private let handshake: (question: WebhookHandshake, gate: HandshakeGate)?

    /// - Throws: ``InvalidDestination`` when the URL or a secret cannot be used.
    package init(_ target: WebhookTarget, of endpoint: Endpoint, transport: any Transport) throws(InvalidDestination) {
        do {
            url = try HTTPURL(validating: target.url)
        } catch {
            throw .url(error)
        }
        var keys: [Key] = []
        for secret in target.secrets {
            do {
                keys.append(Key(key: try SigningKey(validating: secret.secret), expiresAt: secret.expiresAt))
            } catch {
                throw .secret(error)
            }
        }
        self.keys = keys
        form = target.payload
        headers = WebhookHeaders.custom(target.headers)
        // The body has no limit that would be an error: reading stops by itself after `maximumAnswerBytes`.
        limits = TransferLimits(
            connect: endpoint.connectTimeout, total: endpoint.timeout, headerBytes: Self.maximumHeaderBytes, bodyBytes: nil)
        trust = TransferTrust(caFile: target.caFile)
        self.transport = transport
        handshake = target.handshake.map { ($0, HandshakeGate()) }
    }

    package var needsResponse: Bool { form.holdsResponse }

    package func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
        if let handshake,
            let refusal = await handshake.gate.refusal(now: startedAt, ask: { await ask(handshake.question, at: startedAt) })
        {
            return refusal
        }
        let request = request(for: job, at: startedAt)
        do {
            let answer = try await transport.perform(request, keeping: Self.maximumAnswerBytes)
            return AttemptReport(answer, now: startedAt + answer.summary.total)
        } catch {
            return AttemptReport(error)
        }
    }

    /// Asks the receiver whether it wants callbacks.
    ///
    /// - Returns: Why none may go out, as an attempt that failed; `nil` when it does.
    private func ask(_ question: WebhookHandshake, at time: Timestamp) async -> AttemptReport? {
        var own = WebhookHeaders.origin(question)
        if let rate = question.requestedRate { own.append((name: "WebHook-Request-Rate", value: "\(rate)")) }
        let request = TransferRequest(
            method: .options, url: url.text, headers: WebhookHeaders.userAgent + headers + own, version: .http1, limits: limits,
            trust: trust)
        do {
            let answer = try await transport.perform(request, keeping: Self.maximumAnswerBytes)
            switch HandshakeAnswer(answer.head, to: question) {
            case .allowed: return nil
            case .refused(let reason): return AttemptReport(handshakeRefused: reason, answer, now: time + answer.summary.total)
            }
        } catch {
            return AttemptReport(error)
        }
    }

    private func request(for job: DeliveryJob, at time: Timestamp) -> TransferRequest {
        let payload = CallbackPayload(job, as: form)
        let signing = keys.filter { $0.expiresAt.map { time < $0 } ?? true }.map(\.key)
        let signature = WebhookSigner.headers(id: job.event.id.rawValue, timestamp: time, body: payload.body, keys: signing)
        let described = [(name: "Content-Type", value: payload.contentType)] + WebhookHeaders.userAgent + payload.headers
        let origin = handshake.map { WebhookHeaders.origin($0.question) } ?? []
        // One connection per request in flight keeps slow receivers from each other, hence HTTP/1.1.
        return TransferRequest(
            method: .post, url: url.text, headers: described + headers + origin + signature, body: payload.body, version: .http1,
            limits: limits, trust: trust)
    }
}
