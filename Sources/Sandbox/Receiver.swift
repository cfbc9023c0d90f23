package import Hummingbird
import NIOCore
package import RingbackCore
package import WebhookSignature

/// A callback as the receiver saw it.
package struct ReceivedCallback: Sendable {
    /// What the signature check said.
    package enum Verdict: Sendable, Hashable {
        case verified
        /// There is no key to check with.
        case unchecked
        case refused(String)
    }

    package let path: String
    package let webhookID: String?
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]
    package let verdict: Verdict
    package let receivedAt: Timestamp
}

/// A webhook receiver that verifies every callback as a stranger's receiver would, and hands it on.
package struct Receiver: Sendable {
    /// What is read of a callback's body; a full payload carries the whole response object.
    static let maximumBodyBytes = 64 * 1024 * 1024
    private let keys: [VerifyingKey]
    private let time: any TimeSource
    private let handler: @Sendable (ReceivedCallback) async -> Int

    /// - Parameters:
    ///   - keys: Any of them may have signed. Without keys callbacks are taken unverified.
    ///   - handler: Is given each callback and answers the HTTP status to reply with. A callback whose signature is wrong gets 401 whatever it says.
    package init(keys: [VerifyingKey], time: any TimeSource = SystemTime(), handler: @escaping @Sendable (ReceivedCallback) async -> Int) {
        self.keys = keys
        self.time = time
        self.handler = handler
    }

    package func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.post("**") { request, _ in try await receive(request) }
        router.post("/") { request, _ in try await receive(request) }
        return router
    }

    private func receive(_ request: Request) async throws -> Response {
        let body = Array(try await request.body.collect(upTo: Self.maximumBodyBytes).readableBytesView)
        let headers = request.headers.map { (name: $0.name.canonicalName, value: $0.value) }
        let callback = ReceivedCallback(
            path: request.uri.path, webhookID: headers.first { $0.name == "webhook-id" }?.value, headers: headers, body: body,
            verdict: verdict(headers: headers, body: body), receivedAt: time.wallNow
        )
        let status = await handler(callback)
        if case .refused = callback.verdict { return Response(status: .unauthorized) }
        return Response(status: .init(code: status))
    }

    private func verdict(headers: [(name: String, value: String)], body: [UInt8]) -> ReceivedCallback.Verdict {
        func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
        guard !keys.isEmpty else { return .unchecked }
        do {
            try WebhookVerifier.verify(
                id: header("webhook-id"), timestamp: header("webhook-timestamp"), signature: header("webhook-signature"), body: body,
                keys: keys, now: time.wallNow
            )
            return .verified
        } catch {
            return .refused(error.description)
        }
    }
}
