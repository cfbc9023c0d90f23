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
        headers = WebhookHeaders.fixed + WebhookHeaders.custom(target.headers)
        // The body has no limit that would be an error: reading stops by itself after `maximumAnswerBytes`.
        limits = TransferLimits(
            connect: endpoint.connectTimeout, total: endpoint.timeout, headerBytes: Self.maximumHeaderBytes, bodyBytes: nil)
        trust = TransferTrust(caFile: target.caFile)
        self.transport = transport
    }

    package var needsResponse: Bool {
        switch form {
        case .thin: false
        case .full: true
        }
    }

    package func attempt(_ job: DeliveryJob, number: Int, startedAt: Timestamp) async -> AttemptReport {
        let request = request(for: job, at: startedAt)
        do {
            let answer = try await transport.perform(request, keeping: Self.maximumAnswerBytes)
            return AttemptReport(answer, now: startedAt + answer.summary.total)
        } catch {
            return AttemptReport(error)
        }
    }

    private func request(for job: DeliveryJob, at time: Timestamp) -> TransferRequest {
        let body =
            switch form {
            case .thin: PayloadBuilder.thin(job.event)
            case .full: PayloadBuilder.full(job.event, response: job.response)
            }
        let signing = keys.filter { $0.expiresAt.map { time < $0 } ?? true }.map(\.key)
        let signature = WebhookSigner.headers(id: job.event.id.rawValue, timestamp: time, body: body, keys: signing)
        // One connection per request in flight keeps slow receivers from each other, hence HTTP/1.1.
        return TransferRequest(
            method: .post, url: url.text, headers: headers + signature, body: body, version: .http1, limits: limits, trust: trust)
    }
}
