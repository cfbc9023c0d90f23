import RingbackCore
import Transport

/// What a receiver answered to the question whether it wants callbacks (CloudEvents, HTTP 1.1 Web Hooks, sections 4.1 and 4.2).
///
/// | the answer | reading |
/// |---|---|
/// | 2xx, `WebHook-Allowed-Origin` is `*` or the origin that asked | allowed |
/// | … and `WebHook-Allowed-Rate` is a whole number above zero | allowed, so many a minute |
/// | … and the rate is `*`, missing, or makes no sense | allowed without a limit |
/// | 2xx without `WebHook-Allowed-Origin`, or with another one | refused |
/// | any other status | refused |
///
/// The specification wants a rate back where one was asked for. A receiver that forgets it has still consented, and its own 429s limit us,
/// so a missing rate is no refusal.
enum HandshakeAnswer: Sendable, Hashable {
    case allowed(perMinute: Int?)
    /// The text is for people, and holds nothing the receiver wrote.
    case refused(String)

    init(_ head: TransferHead, to handshake: WebhookHandshake) {
        guard (200..<300).contains(head.status) else {
            self = .refused("it answered the question (OPTIONS) with \(head.status)")
            return
        }
        guard let allowed = head["webhook-allowed-origin"] else {
            self = .refused("its answer to OPTIONS has no WebHook-Allowed-Origin")
            return
        }
        // Names of hosts are compared without case (RFC 4343).
        guard allowed == "*" || allowed.lowercased() == handshake.origin.lowercased() else {
            self = .refused("its answer to OPTIONS allows another origin than '\(handshake.origin)'")
            return
        }
        self = .allowed(perMinute: head["webhook-allowed-rate"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil })
    }
}
