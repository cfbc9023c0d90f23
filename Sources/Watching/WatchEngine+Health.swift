import Logging
import ResponsesAPI
import RingbackCore
import Transport

/// What is remembered about an upstream from the answers to all of its watches.
extension WatchEngine {
    func noteHealth(after end: StreamEnd, of upstream: FollowedUpstream) {
        if end.isRefusal { upstream.manners.streamRefused(time.now) }
        switch end {
        case .closed, .announced, .empty, .refused, .notFound, .tooLarge, .unwelcome, .json: break
        case .unauthorized(let status): noteRefusedCredentials("the upstream answered \(status)", of: upstream)
        case .rateLimited(let retryAfter): hold(upstream, for: retryAfter)
        case .unavailable, .failed: upstream.failed(end.trouble ?? "the stream failed")
        }
    }

    func noteHealth(after result: Result<Retrieved, TransportError>, of upstream: FollowedUpstream) {
        switch result {
        case .success(let retrieved):
            switch retrieved.answer {
            case .response, .notFound: upstream.answered()
            case .unauthorized(let status, let message): noteRefusedCredentials("the upstream answered \(status): \(message)", of: upstream)
            case .rateLimited(let retryAfter): hold(upstream, for: retryAfter)
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

    /// A rate limit is the credential's, not the watch's: everybody waits, though not for ever, since limits differ by kind of request.
    private func hold(_ upstream: FollowedUpstream, for retryAfter: Duration?) {
        guard let retryAfter else { return }
        upstream.governor.hold(until: time.now + min(retryAfter, Self.longestHold))
    }

    private static let longestHold: Duration = .seconds(60)
}
