package import RingbackCore

/// An attempt as the API shows it (contract, section 5).
package struct AttemptObject: Codable, Sendable, Hashable {
    /// How long the phases took, in milliseconds; `null` where a phase did not happen.
    package struct Timing: Codable, Sendable, Hashable {
        @Nullable package var dnsMilliseconds: Double?
        @Nullable package var connectMilliseconds: Double?
        @Nullable package var tlsMilliseconds: Double?
        @Nullable package var firstByteMilliseconds: Double?
        @Nullable package var totalMilliseconds: Double?

        private enum CodingKeys: String, CodingKey {
            case dnsMilliseconds = "dns_ms"
            case connectMilliseconds = "connect_ms"
            case tlsMilliseconds = "tls_ms"
            case firstByteMilliseconds = "first_byte_ms"
            case totalMilliseconds = "total_ms"
        }
    }

    package var number: Int
    package var object = "attempt"
    package var startedAt: APITime
    package var outcome: Attempt.Outcome
    @Nullable package var httpStatus: Int?
    @Nullable package var error: AttemptError?
    /// A sentence beside the label.
    @Nullable package var detail: String?
    /// Seconds.
    @Nullable package var retryAfter: Double?
    package var responseHeaders: [ResponseHeader]
    /// The first 16 KiB, read as UTF-8; what is not UTF-8 shows as U+FFFD.
    package var responseBody: String
    package var timing: Timing
    @Nullable package var address: String?
    /// The proxy it went by, without credentials; `address` is then the one the proxy was told, and `null` where it was told a name.
    @Nullable package var proxy: String?
    /// What a success of this attempt proves; `null` for webhooks and inboxes.
    @Nullable package var proves: SuccessProof?
    /// What keeps a repeat from making a second message; `null` for webhooks and inboxes.
    @Nullable package var identity: RepeatProtection?
    /// Whether nobody can tell if the system took what was sent.
    package var ambiguous: Bool

    private enum CodingKeys: String, CodingKey {
        case number
        case object
        case startedAt = "started_at"
        case outcome
        case httpStatus = "http_status"
        case error
        case detail
        case retryAfter = "retry_after"
        case responseHeaders = "response_headers"
        case responseBody = "response_body"
        case timing
        case address
        case proxy
        case proves
        case identity
        case ambiguous
    }
}

extension AttemptObject {
    package init(_ attempt: Attempt) {
        number = attempt.number
        startedAt = APITime(attempt.startedAt)
        outcome = attempt.outcome
        httpStatus = attempt.httpStatus
        error = attempt.error
        detail = attempt.detail
        retryAfter = attempt.retryAfter?.inSeconds
        responseHeaders = attempt.responseHeaders
        responseBody = String(decoding: attempt.responseBody, as: UTF8.self)
        timing = Timing(attempt.timing)
        address = attempt.address
        proxy = attempt.proxy
        proves = attempt.sink?.proof
        identity = attempt.sink?.protection
        ambiguous = attempt.sink?.isAmbiguous ?? false
    }
}

extension AttemptObject.Timing {
    package init(_ timing: AttemptTiming) {
        dnsMilliseconds = timing.dns.map { Self.milliseconds($0) }
        connectMilliseconds = timing.connect.map { Self.milliseconds($0) }
        tlsMilliseconds = timing.tls.map { Self.milliseconds($0) }
        firstByteMilliseconds = timing.firstByte.map { Self.milliseconds($0) }
        totalMilliseconds = timing.total.map { Self.milliseconds($0) }
    }

    /// Milliseconds to the microsecond: finer digits are noise.
    private static func milliseconds(_ duration: Duration) -> Double {
        (duration.inSeconds * 1_000_000).rounded() / 1000
    }
}
