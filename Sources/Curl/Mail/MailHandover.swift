import CCurl
import Glibc
import RingbackCore
import Synchronization
import Transport

/// Hands one mail over, on a thread that may block.
///
/// Not `Sendable`, on purpose: it lives on that thread. Only ``Cancellation`` is reached from others.
final class MailHandover {
    /// Set by whoever does not want the mail to be sent any more; libcurl asks about once per second.
    final class Cancellation: Sendable {
        private let flag = Atomic(false)

        var isCancelled: Bool { flag.load(ordering: .relaxed) }

        func cancel() { flag.store(true, ordering: .relaxed) }
    }

    /// How long the answer to QUIT is waited for. What matters has been said by then.
    static let quitPatienceSeconds = 2

    private let prepared: PreparedMail
    private let cancellation: Cancellation
    private let resolver: any NameResolver
    private let deadline: MonotonicInstant
    private let start: MonotonicInstant
    private var dialogue = SMTPDialogue()
    private var addresses: [IPAddress] = []
    private var lookup: Duration?
    /// How much of the message libcurl has.
    private var sent = 0
    private var received = 0
    private var hasEnvelope = false
    /// A decision taken inside a callback, where libcurl only learns that something is wrong.
    private var ending: MailTransferFailure?
    private var easy: EasyHandle?

    /// - Parameter start: When the mail was ordered: what it waited for a place is part of its time.
    init(_ prepared: PreparedMail, start: MonotonicInstant, resolver: any NameResolver, cancellation: Cancellation) {
        self.prepared = prepared
        self.start = start
        self.resolver = resolver
        self.cancellation = cancellation
        deadline = start + prepared.total
    }

    /// The whole conversation. Called once.
    func run() -> MailTransferOutcome {
        if let failure = findRoute() { return MailTransferOutcome(failure: .notSent(failure)) }
        let left = deadline - .now()
        guard left > .zero else {
            return MailTransferOutcome(failure: .notSent(lookup == nil ? Self.noPlace : .connectTimeout))
        }
        guard let easy = EasyHandle(share: nil) else {
            return MailTransferOutcome(failure: .notSent(.internalTrouble("no memory is left for a mail")))
        }
        self.easy = easy
        // The handle borrows this object, so its connection is closed before either goes.
        defer { self.easy = nil }
        do throws(TransportError) {
            try easy.write(prepared, user: self, addresses: addresses, left: left)
        } catch {
            return MailTransferOutcome(failure: .notSent(error))
        }
        return outcome(curl_easy_perform(easy.raw), easy)
    }

    static let noPlace = TransportError.internalTrouble("the mail waited for a place among those being sent until its time was over")

    // MARK: Before libcurl

    /// Finds and judges the addresses of a server that is not the operator's own.
    private func findRoute() -> TransportError? {
        guard let policy = prepared.mail.addressPolicy else { return nil }
        if let address = prepared.address {
            addresses = [address]
        } else {
            let begin = MonotonicInstant.now()
            switch resolver.addresses(of: prepared.mail.server.host) {
            case .addresses(let found): addresses = found
            // A stranger who breaks his own name server would have his mails tried for ever.
            case .notFound, .unanswered: return .nameNotFound(host: prepared.mail.server.host)
            case .failed(let detail): return .internalTrouble(detail)
            }
            lookup = .now() - begin
        }
        guard !addresses.isEmpty else { return .nameNotFound(host: prepared.mail.server.host) }
        return policy.judge(addresses).map { .refusedByGuard($0) }
    }

    // MARK: From libcurl's callbacks

    /// A line of the server.
    ///
    /// - Returns: Whether libcurl shall go on.
    func received(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        received += line.count
        guard ending == nil else { return false }
        guard received <= prepared.mail.limits.headerBytes else {
            ending = .notSent(.headersTooLarge(limit: prepared.mail.limits.headerBytes))
            return false
        }
        dialogue.add(line)
        // After the last word libcurl 7.88 would wait two minutes for the answer to its QUIT.
        if dialogue.stage == .over { easy?.boundFarewell(seconds: Self.quitPatienceSeconds) }
        return true
    }

    /// The connection is ready: the last moment at which nothing of the mail is told yet.
    ///
    /// libcurl sends mails without a login to servers that offer none, although it was given one.
    func mayBegin() -> Bool {
        dialogue.beginEnvelope()
        guard ending == nil else { return false }
        guard prepared.mail.server.login == nil || dialogue.isAuthenticated else {
            ending = .loginNotOffered
            easy?.boundFarewell(seconds: Self.quitPatienceSeconds)
            return false
        }
        hasEnvelope = true
        return true
    }

    /// The next bytes of the message.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let piece = prepared.mail.message[sent...].prefix(buffer.count)
        buffer.copyBytes(from: piece)
        sent += piece.count
        return piece.count
    }

    func mayConnect(to address: IPAddress?) -> Bool {
        guard let policy = prepared.mail.addressPolicy else { return true }
        guard let address, addresses.contains(address) else {
            ending = .notSent(.refusedByGuard(TransferRefusal.unjudged(address)))
            return false
        }
        guard let refusal = policy.judge([address]) else { return true }
        ending = .notSent(.refusedByGuard(refusal))
        return false
    }

    var isCancelled: Bool { cancellation.isCancelled }

    // MARK: Afterwards

    private func outcome(_ code: CURLcode, _ easy: EasyHandle) -> MailTransferOutcome {
        var summary = TransferSummary(easy, isConnected: hasEnvelope, lookup: lookup)
        summary.total = .now() - start
        return MailTransferOutcome(
            failure: failure(code, easy),
            reply: dialogue.reply.map(scrubbed),
            // libcurl comes to the envelope only over the TLS it was told to insist on.
            isEncrypted: hasEnvelope && prepared.mail.server.security != .none,
            isAuthenticated: dialogue.isAuthenticated,
            summary: summary)
    }

    private func failure(_ code: CURLcode, _ easy: EasyHandle) -> MailTransferFailure? {
        if dialogue.isAccepted { return nil }
        if let refusal = dialogue.refusal { return .refused(refusal) }
        if let ending { return ending }
        if isCancelled { return .notSent(.cancelled) }
        let replied = dialogue.reply?.code ?? 0
        switch code {
        case CURLE_LOGIN_DENIED where 400..<500 ~= replied: return .refused(.opening)
        case CURLE_LOGIN_DENIED where replied >= 500: return .loginRefused
        case CURLE_LOGIN_DENIED: return .loginNotOffered
        case CURLE_USE_SSL_FAILED: return .notSent(.tls("the server does not offer STARTTLS"))
        case CURLE_WEIRD_SERVER_REPLY where replied >= 400, CURLE_REMOTE_ACCESS_DENIED where replied >= 400: return .refused(.opening)
        default: break
        }
        let error = transportError(code, easy)
        return sent >= prepared.mail.message.count && dialogue.stage == .message ? .unanswered(error) : .notSent(error)
    }

    private func transportError(_ code: CURLcode, _ easy: EasyHandle) -> TransportError {
        let circumstances = FailureCircumstances(
            host: prepared.mail.server.host, detail: easy.errorDetail(code),
            errorNumber: Int32(truncatingIfNeeded: easy.long(CURLINFO_OS_ERRNO)), isConnected: dialogue.hasBegun, hasHead: true,
            headerLimit: prepared.mail.limits.headerBytes)
        return TransportError(code, circumstances) ?? .protocolViolation(detail: "the server did not say whether it took the mail")
    }

    /// A server's words are on record for everybody who may read; what it could say about the login is not among them.
    private func scrubbed(_ reply: MailReply) -> MailReply {
        guard let login = prepared.mail.server.login else { return reply }
        let isFree = hasEnvelope && !reply.text.contains(login.password.reveal())
        return isFree ? reply : MailReply(code: reply.code, text: String(reply.text.prefix { $0.isNumber || $0 == "." }.prefix(10)))
    }
}
