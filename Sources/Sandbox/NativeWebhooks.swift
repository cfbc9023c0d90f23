import Cryptography
import RawJSON
import RingbackCore
import ServiceLifecycle
package import Transport

/// Where a response's create call wants to be told of its status: `webhook_url` and `webhook_secret`.
struct NativeWebhook: Sendable {
    let url: String
    let secret: Secret?
}

/// A vendor's own webhooks, as MKA1 has them: one POST for each new status, but none for `cancelled`.
///
/// What their documents leave open is decided here: the body is the response object, the signature is HMAC-SHA256 over it in hexadecimal,
/// and each webhook is tried once.
package struct NativeWebhooks: Service {
    /// Beyond so many new responses that nobody has begun to follow, webhooks are not sent.
    static let maximumBacklog = 10_000
    static let signatureHeader = "X-Webhook-Signature"

    private let upstream: SandboxUpstream
    private let transport: any Transport
    private let responses: AsyncStream<SandboxResponse>
    private let continuation: AsyncStream<SandboxResponse>.Continuation

    package init(upstream: SandboxUpstream, transport: any Transport) {
        self.upstream = upstream
        self.transport = transport
        (responses, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.maximumBacklog))
    }

    /// Sends webhooks until cancelled or shut down gracefully.
    package func run() async throws {
        await withDiscardingTaskGroup { group in
            for await response in responses.cancelOnGracefulShutdown() {
                group.addTask { await tell(response) }
            }
            group.cancelAll()
        }
    }

    func follow(_ response: SandboxResponse) {
        continuation.yield(response)
    }

    private func tell(_ response: SandboxResponse) async {
        guard let webhook = response.request.webhook else { return }
        var told: String?
        // It throws when the sandbox stops: nothing is left to tell then.
        while let current = try? await upstream.changed(response.id, from: told) {
            let now = await upstream.now()
            guard current.end(now: now) != .cancelled else { return }
            told = current.status(at: now - current.start)
            await send(current.document(now: now).bytes, to: webhook)
            if current.end(now: now) != nil { return }
        }
    }

    private func send(_ body: [UInt8], to webhook: NativeWebhook) async {
        var headers = [(name: "Content-Type", value: "application/json")]
        if let secret = webhook.secret {
            let code = HMACSHA256(key: Array(secret.reveal().utf8)).authenticationCode(for: body)
            headers.append((name: Self.signatureHeader, value: Hex.encode(code)))
        }
        // The vendor does not care what becomes of its webhooks, which is why one does not rely on them.
        _ = try? await transport.perform(TransferRequest(method: .post, url: webhook.url, headers: headers, body: body))
    }
}
