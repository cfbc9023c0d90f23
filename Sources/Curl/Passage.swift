import CCurl
import Glibc
import RingbackCore
import Transport

/// The way of one transfer by a proxy, and whose trouble it is when it does not open.
///
/// Until there is a way to the receiver, whatever goes wrong is the proxy's trouble, and so our own: nobody can tell from here whether a
/// proxy that answers 502 or nothing at all is broken itself or cannot reach the receiver. Only SOCKS says it (RFC 1928, section 6).
struct Passage {
    /// The answer of a proxy that wants other credentials (RFC 9110, section 15.5.8). Receivers have no use for it.
    private static let credentialsWanted = 407

    let proxy: EgressProxy
    /// The address of the receiver that the proxy is told; `nil` where it is told a name.
    let told: String?
    /// Whether the proxy passes bytes on. Otherwise it reads the request, and sends it itself.
    private let isTunnel: Bool

    /// - Parameters:
    ///   - judged: What the receiver's name led to, in the order in which the addresses are to be tried.
    /// - Returns: `nil` for a request without a proxy.
    init?(of request: PreparedRequest, judged: [IPAddress]) {
        guard let proxy = request.request.proxy else { return nil }
        self.proxy = proxy
        // The proxy gets one address and cannot try another. Every network carries IPv4.
        told = (judged.first(where: \.isIPv4) ?? judged.first ?? request.address).map { "\($0)" }
        let tellsAddress = !judged.isEmpty && request.address == nil
        isTunnel = request.isTLS || proxy.scheme == .socks5h || tellsAddress
    }

    /// - Returns: `nil` when the answer is the receiver's.
    func trouble(withAnswer head: TransferHead) -> TransportError? {
        !isTunnel && head.status == Self.credentialsWanted ? trouble("answered with 407: it wants other credentials") : nil
    }

    /// - Returns: `nil` when the trouble is not the proxy's.
    func failure(_ code: CURLcode, _ circumstances: FailureCircumstances, _ handle: EasyHandle) -> TransportError? {
        guard !circumstances.isConnected else { return afterwards(code, circumstances) }
        let status = handle.long(CURLINFO_HTTP_CONNECTCODE)
        guard !(200..<300).contains(status) else { return nil }
        if status == Self.credentialsWanted { return trouble("answered CONNECT with 407: it wants other credentials") }
        if status > 0 { return trouble("answered CONNECT with \(status)") }
        switch code {
        case CURLE_COULDNT_RESOLVE_PROXY: return trouble("cannot be found: its name does not resolve")
        case CURLE_COULDNT_CONNECT: return notReached(circumstances)
        case CURLE_PROXY: return refusedBySOCKS(circumstances, handle.long(CURLINFO_PROXY_ERROR))
        case CURLE_OPERATION_TIMEDOUT: return trouble("opened no way to the receiver within the connect timeout")
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_WEIRD_SERVER_REPLY:
            return trouble("closed the connection before there was a way to the receiver")
        default: return nil
        }
    }

    /// A proxy that reads requests answers also for a receiver that does not: when it says nothing, it is in trouble itself.
    private func afterwards(_ code: CURLcode, _ circumstances: FailureCircumstances) -> TransportError? {
        guard !isTunnel, !circumstances.hasHead else { return nil }
        switch code {
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING: return trouble("closed the connection without an answer")
        default: return nil
        }
    }

    private func notReached(_ circumstances: FailureCircumstances) -> TransportError {
        switch circumstances.errorNumber {
        case ECONNREFUSED: trouble("refused the connection")
        // Descriptors and memory are nobody else's trouble.
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: TransportError(CURLE_COULDNT_CONNECT, circumstances) ?? trouble("cannot be reached")
        case 0: trouble("cannot be reached")
        default: trouble("cannot be reached: \(systemMessage(circumstances.errorNumber))")
        }
    }

    private func refusedBySOCKS(_ circumstances: FailureCircumstances, _ reply: Int) -> TransportError {
        switch reply {
        case Int(CURLPX_REPLY_CONNECTION_REFUSED.rawValue): .connectionRefused(host: circumstances.host)
        case Int(CURLPX_REPLY_HOST_UNREACHABLE.rawValue): .unreachable(host: circumstances.host, detail: "the proxy found no way to it")
        case Int(CURLPX_REPLY_NETWORK_UNREACHABLE.rawValue), Int(CURLPX_REPLY_TTL_EXPIRED.rawValue):
            .unreachable(host: circumstances.host, detail: "the proxy has no way to its network")
        default: trouble("opened no way to the receiver (SOCKS error \(reply))")
        }
    }

    private func trouble(_ words: String) -> TransportError {
        .proxyTrouble(ProxyTrouble(detail: "the proxy \(proxy.address) \(words)"))
    }
}
