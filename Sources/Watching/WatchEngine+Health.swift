import Logging
import ResponsesAPI
import RingbackCore
import Transport

/// What is remembered about an upstream from the answers to all of its watches.
extension WatchEngine {
    func noteHealth(after end: StreamEnd, of upstream: FollowedUpstream, _ request: Followed.Request) {
        switch end {
        case .closed, .announced, .empty, .refused, .notFound, .tooLarge, .unwelcome, .json: break
        case .unauthorized(let status): noteRefusedCredentials("the upstream answered \(status)", of: upstream)
        case .rateLimited(let retryAfter): noteRateLimit(retryAfter, of: upstream, request)
        case .unavailable, .failed: upstream.failed(end.trouble ?? "the stream failed")
        }
    }

    func noteHealth(after result: Result<Retrieved, TransportError>, of upstream: FollowedUpstream, _ request: Followed.Request) {
        switch result {
        case .success(let retrieved):
            if let renewal = retrieved.renewal { request.governor.governor.hold(until: time.now + renewal) }
            switch retrieved.answer {
            case .response, .notFound: upstream.answered()
            case .unauthorized(let status, let message): noteRefusedCredentials("the upstream answered \(status): \(message)", of: upstream)
            case .rateLimited(let retryAfter): noteRateLimit(retryAfter, of: upstream, request)
            case .unavailable, .refused, .unusable: upstream.failed(Self.trouble(of: result) ?? "the request failed")
            }
        case .failure(let error):
            upstream.failed("\(error)")
        }
    }

    /// What to tell people about a GET; `nil` when all is well.
    static func trouble(of result: Result<Retrieved, TransportError>) -> String? {
        switch result {
        case .failure(let error): "the upstream could not be asked: \(error)"
        case .success(let retrieved):
            switch retrieved.answer {
            case .response: nil
            case .notFound: "the upstream answered 404 or 410: it does not know the response"
            case .unauthorized(let status, let message):
                "the upstream answered \(status), check its api_key and the watch's headers: \(message)"
            case .rateLimited: "the upstream answered 429: its rate limit is reached; a lower requests_per_second may help"
            case .unavailable(let status, let message, _): "the upstream answered \(status): \(message)"
            case .refused(let status, let message): "the upstream answered \(status): \(message)"
            case .unusable(let detail): "the upstream's answer cannot be used: \(detail)"
            }
        }
    }

    func note(_ trouble: String, about followed: Followed) {
        guard followed.lastError != trouble else { return }
        followed.lastError = trouble
        markDirty(followed)
    }

    private func noteRefusedCredentials(_ message: String, of upstream: FollowedUpstream) {
        if !upstream.health.isUnauthorized {
            logger.warning(
                "An upstream refuses the credentials; its watches are kept and asked about slowly.",
                metadata: ["upstream.name": "\(upstream.upstream.name)"]
            )
        }
        upstream.refusedCredentials(message)
    }

    /// A rate limit is the credential's, not the watch's: everybody with it waits, and goes on more slowly.
    private func noteRateLimit(_ retryAfter: Duration?, of upstream: FollowedUpstream, _ request: Followed.Request) {
        upstream.totals.rateLimited += 1
        let now = time.now
        request.governor.governor.limited(retryAfter: retryAfter, sentAt: request.sentAt ?? now, now: now, dice: dice.fraction())
    }
}
