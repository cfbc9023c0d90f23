import Delivering
import RingbackCore
import Transport

/// What an answer, or its absence, means for an attempt (contract, section 6). Whether and when to try again is decided elsewhere.
extension AttemptReport {
    /// What is kept of the answer's header lines.
    static let keptHeaders = 64
    static let keptHeaderBytes = 8 * 1024

    /// - Parameter now: When the answer came, for a `Retry-After` that is a date.
    init(_ answer: TransferAnswer, now: Timestamp) {
        let status = answer.head.status
        self.init(
            error: Self.error(for: status),
            detail: Self.detail(for: status),
            httpStatus: status,
            retryAfter: answer.head["retry-after"].flatMap { RetryAfter.parse($0, now: now) },
            directive: Self.directive(status: status, header: answer.head["webhook-delivery"]),
            responseHeaders: Self.kept(answer.head.headers),
            responseBody: Array(answer.body.prefix(Attempt.keptBodyBytes)),
            timing: AttemptTiming(answer.summary),
            address: answer.summary.address)
    }

    /// An answer whose head came but whose end did not is a failure, whatever its status: nobody knows what the receiver did next.
    init(_ failure: TransferFailure) {
        self.init(
            error: AttemptError(failure.error),
            detail: failure.error.description,
            httpStatus: failure.head?.status,
            responseHeaders: Self.kept(failure.head?.headers ?? []),
            responseBody: Array(failure.body.prefix(Attempt.keptBodyBytes)),
            timing: AttemptTiming(failure.summary),
            address: failure.summary.address,
            operatorDetail: failure.error.operatorDetail)
    }

    /// A receiver that was asked for its consent and did not give it. 410 and 429 mean what they always mean.
    init(handshakeRefused reason: String, _ answer: TransferAnswer, now: Timestamp) {
        self.init(answer, now: now)
        guard answer.head.status != 410 else { return }
        error = .handshakeRefused
        detail = "the receiver did not consent to callbacks: \(reason)"
    }

    private static func error(for status: Int) -> AttemptError? {
        switch status {
        case 200..<300: nil
        case 300..<400: .redirect
        default: .httpStatus
        }
    }

    private static func detail(for status: Int) -> String? {
        switch status {
        case 200..<300: nil
        case 300..<400: "the receiver answered \(status), but redirects are never followed: give the final URL as the endpoint's own"
        case 410: "the receiver answered 410: it is gone for good"
        default: "the receiver answered \(status)"
        }
    }

    private static func directive(status: Int, header: String?) -> Directive? {
        let wish = header?.split(separator: " ").joined().lowercased()
        if status == 410 || wish == "disable" { return .disableEndpoint }
        // A receiver that accepted the callback has nothing left to abort.
        return wish == "abort-message" && error(for: status) != nil ? .abortMessage : nil
    }

    private static func kept(_ headers: [(name: String, value: String)]) -> [ResponseHeader] {
        var room = keptHeaderBytes
        return headers.prefix(keptHeaders).prefix { header in
            room -= header.name.utf8.count + header.value.utf8.count
            return room >= 0
        }.map { ResponseHeader(name: $0.name, value: $0.value) }
    }
}

extension AttemptTiming {
    init(_ summary: TransferSummary) {
        self.init(dns: summary.dns, connect: summary.connect, tls: summary.tls, firstByte: summary.firstByte, total: summary.total)
    }
}

extension AttemptError {
    init(_ error: TransportError) {
        switch error {
        // The endpoint's definition is at fault (a header with a line break, say): trying for ever would not mend it, so it counts.
        case .invalidRequest: self = .protocolViolation
        case .nameNotFound: self = .nameNotFound
        case .nameUnanswered: self = .resolver
        case .proxyTrouble: self = .proxy
        case .connectionRefused, .unreachable: self = .connectionRefused
        case .refusedByGuard: self = .addressRefused
        case .connectTimeout: self = .connectTimeout
        case .totalTimeout, .idleTimeout: self = .timeout
        case .tls: self = .tls
        case .connectionLost: self = .connectionLost
        case .protocolViolation: self = .protocolViolation
        case .headersTooLarge, .bodyTooLarge: self = .answerTooLarge
        case .cancelled, .closed, .internalTrouble: self = .internalTrouble
        }
    }
}
