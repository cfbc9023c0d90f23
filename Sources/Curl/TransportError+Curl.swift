import CCurl
import Glibc
import Transport

/// What has to be known besides libcurl's code to say what went wrong.
struct FailureCircumstances {
    var host: String
    /// libcurl's words.
    var detail: String
    /// The last `errno` libcurl met (CURLINFO_OS_ERRNO); 0 when there was none.
    var errorNumber: Int32
    /// Whether there was a connection ready for the request.
    var isConnected: Bool
    /// Whether the final head had come.
    var hasHead: Bool
    var headerLimit: Int
}

extension TransportError {
    /// Translates a libcurl code (libcurl-errors(3)); `nil` means success.
    init?(_ code: CURLcode, _ circumstances: FailureCircumstances) {
        let detail = circumstances.detail
        switch code {
        case CURLE_OK:
            return nil
        case CURLE_URL_MALFORMAT:
            self = .invalidRequest("the URL is not usable: \(detail)")
        case CURLE_UNSUPPORTED_PROTOCOL where circumstances.isConnected:
            // libcurl's code for an answer that does not begin with a status line ("HTTP/0.9").
            self = .protocolViolation(detail: detail)
        case CURLE_UNSUPPORTED_PROTOCOL:
            self = .invalidRequest("the URL's scheme is not http or https")
        case CURLE_COULDNT_RESOLVE_HOST:
            self = .nameNotFound(host: circumstances.host)
        case CURLE_COULDNT_CONNECT:
            self = .notConnected(circumstances)
        case CURLE_OPERATION_TIMEDOUT:
            self = circumstances.isConnected ? .totalTimeout : .connectTimeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
            self = .tls(detail)
        case CURLE_GOT_NOTHING:
            self = .connectionLost(detail: "it was closed without an answer")
        case CURLE_PARTIAL_FILE, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_SEND_FAIL_REWIND, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            self = .connectionLost(detail: detail)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
            self = .protocolViolation(detail: detail)
        case CURLE_OUT_OF_MEMORY where circumstances.isConnected && !circumstances.hasHead:
            // A header line of more than 100 KB overflows libcurl's own line buffer, which it calls a lack of memory.
            self = .headersTooLarge(limit: circumstances.headerLimit)
        case CURLE_OUT_OF_MEMORY:
            self = .internalTrouble("no memory is left for a transfer")
        default:
            self = .internalTrouble("libcurl error \(code.rawValue): \(detail)")
        }
    }

    private static func notConnected(_ circumstances: FailureCircumstances) -> TransportError {
        switch circumstances.errorNumber {
        case ECONNREFUSED:
            .connectionRefused(host: circumstances.host)
        case EMFILE, ENFILE:
            .internalTrouble("no file descriptor is left for a connection; raise the limit on open files (ulimit -n)")
        case ENOBUFS, ENOMEM:
            .internalTrouble("the system has no memory left for a connection")
        case 0:
            .unreachable(host: circumstances.host, detail: circumstances.detail)
        default:
            .unreachable(host: circumstances.host, detail: systemMessage(circumstances.errorNumber))
        }
    }
}
