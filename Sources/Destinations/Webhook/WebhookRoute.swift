import AddressGuard
import RingbackCore
import Transport

/// The way to one receiver: its URL, whose certificates are believed, the bounds of every request, the guard that judges each, and the proxy
/// by which it goes.
struct WebhookRoute: Sendable {
    private let url: HTTPURL
    private let limits: TransferLimits
    private let trust: TransferTrust
    private let transport: any Transport
    private let time: any TimeSource
    private let timeout: Duration
    private let callbackGuard: (@Sendable () -> CallbackGuard)?
    private let rule: ProxyRule
    private let egressProxy: @Sendable () -> EgressProxy?

    init(
        _ target: WebhookTarget, of endpoint: Endpoint, transport: any Transport, callbackGuard: (@Sendable () -> CallbackGuard)?,
        egressProxy: @escaping @Sendable () -> EgressProxy?, time: any TimeSource
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
        rule = target.proxy
        self.egressProxy = egressProxy
        timeout = endpoint.timeout
    }

    /// The proxy by which requests go now.
    var proxy: EgressProxy? { rule.proxy(standard: egressProxy()) }

    /// When an attempt that begins now has to be over.
    var deadline: Moment { time.now + timeout }

    /// Sends a request to the receiver.
    ///
    /// - Parameter mayBeRepeated: Whether it may arrive twice when a kept connection breaks. Callbacks may: they have an id.
    func perform(
        _ method: TransferRequest.Method, headers: [(name: String, value: String)], body: [UInt8]? = nil, mayBeRepeated: Bool = true,
        by deadline: Moment
    ) async throws(TransferFailure) -> TransferAnswer {
        // One connection per request in flight keeps slow receivers from each other, hence HTTP/1.1.
        try await perform(
            TransferRequest(
                method: method, url: url.text, headers: headers, body: body, version: .http1, trust: trust, mayBeRepeated: mayBeRepeated),
            by: deadline)
    }

    /// Sends a request on the same terms to somebody else, such as whoever gives out tokens for the receiver.
    func perform(_ request: TransferRequest, by deadline: Moment) async throws(TransferFailure) -> TransferAnswer {
        let left = deadline - time.now
        guard left > .zero else { throw TransferFailure(.totalTimeout) }
        var request = request
        request.proxy = proxy
        request.addressPolicy = try addressPolicy(for: request.url, by: request.proxy)
        request.limits = limits
        request.limits.total = left
        do {
            return try await transport.perform(request, keeping: WebhookDestination.maximumAnswerBytes)
        } catch {
            throw blaming(error)
        }
    }

    /// Judges a URL by itself, and says how to judge where it leads. Asked each time, since the rules may have changed since the endpoint's
    /// registration.
    private func addressPolicy(for url: String, by proxy: EgressProxy?) throws(TransferFailure) -> TransferAddressPolicy? {
        // The names of the operator's own endpoints are left to the proxy, as every proxy's user expects.
        guard let callbackGuard = callbackGuard?() else { return proxy == nil ? .operatorsOwn : nil }
        do {
            return TransferAddressPolicy(callbackGuard, for: try callbackGuard.judge(url))
        } catch {
            throw TransferFailure(.refusedByGuard(TransferRefusal(error)))
        }
    }

    /// A stranger who breaks the name server of his own name would have his deliveries tried for ever: for him no answer is no name.
    private func blaming(_ failure: TransferFailure) -> TransferFailure {
        guard callbackGuard != nil, case .nameUnanswered(let host) = failure.error else { return failure }
        return TransferFailure(error: .nameNotFound(host: host), summary: failure.summary, head: failure.head, body: failure.body)
    }
}
