import AddressGuard
import RingbackCore
import Transport

/// The way to one receiver: its URL, whose certificates are believed, the bounds of every request, and the guard that judges each.
struct WebhookRoute: Sendable {
    private let url: HTTPURL
    private let limits: TransferLimits
    private let trust: TransferTrust
    private let transport: any Transport
    private let time: any TimeSource
    private let timeout: Duration
    private let callbackGuard: (@Sendable () -> CallbackGuard)?

    init(
        _ target: WebhookTarget, of endpoint: Endpoint, transport: any Transport, callbackGuard: (@Sendable () -> CallbackGuard)?,
        time: any TimeSource
    ) throws(InvalidDestination) {
        do {
            url = try HTTPURL(validating: target.url)
        } catch {
            throw .url(error)
        }
        // The body has no limit that would be an error: reading stops by itself after `maximumAnswerBytes`.
        limits = TransferLimits(
            connect: endpoint.connectTimeout, total: endpoint.timeout, headerBytes: WebhookDestination.maximumHeaderBytes, bodyBytes: nil)
        trust = TransferTrust(
            caFile: target.caFile,
            identity: target.certificate.map { TransferIdentity(certificateFile: $0.certificateFile, keyFile: $0.keyFile) })
        self.transport = transport
        self.time = time
        self.callbackGuard = callbackGuard
        timeout = endpoint.timeout
    }

    /// When an attempt that begins now has to be over.
    var deadline: Moment { time.now + timeout }

    /// Sends a request to the receiver.
    func perform(
        _ method: TransferRequest.Method, headers: [(name: String, value: String)], body: [UInt8]? = nil, by deadline: Moment
    ) async throws(TransferFailure) -> TransferAnswer {
        // One connection per request in flight keeps slow receivers from each other, hence HTTP/1.1.
        try await perform(
            TransferRequest(method: method, url: url.text, headers: headers, body: body, version: .http1, trust: trust), by: deadline)
    }

    /// Sends a request on the same terms to somebody else, such as whoever gives out tokens for the receiver.
    func perform(_ request: TransferRequest, by deadline: Moment) async throws(TransferFailure) -> TransferAnswer {
        let left = deadline - time.now
        guard left > .zero else { throw TransferFailure(.totalTimeout) }
        var request = request
        request.addressPolicy = try addressPolicy(for: request.url)
        request.limits = limits
        request.limits.total = left
        return try await transport.perform(request, keeping: WebhookDestination.maximumAnswerBytes)
    }

    /// Judges a URL by itself, and says how to judge where it leads. Asked each time, since the rules may have changed since the endpoint's
    /// registration.
    private func addressPolicy(for url: String) throws(TransferFailure) -> TransferAddressPolicy? {
        guard let callbackGuard = callbackGuard?() else { return nil }
        do {
            return TransferAddressPolicy(callbackGuard, for: try callbackGuard.judge(url))
        } catch {
            throw TransferFailure(.refusedByGuard(TransferRefusal(error)))
        }
    }
}
