import Curl
import RingbackCore
import Sandbox
import Transport

/// Hands received callbacks on to the program a developer works on, as they came: body, signature and all.
struct CallbackForwarder: Sendable {
    /// What the caller is answered when the program does not answer: it tries again later.
    static let noAnswer = 502
    private static let timeout: Duration = .seconds(30)
    private static let maximumAnswerBytes = 64 * 1024
    /// What belongs to one connection (RFC 9110, section 7.6.1), or is written anew.
    private static let dropped: Set<String> = [
        "host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length", "expect",
    ]

    private let url: HTTPURL
    private let transport: any Transport

    init(to url: HTTPURL, transport: any Transport) {
        self.url = url
        self.transport = transport
    }

    /// - Returns: What to answer to whoever sent the callback, and a line for the developer.
    func forward(_ callback: ReceivedCallback) async -> (status: Int, line: String) {
        let headers = callback.headers.filter { !Self.dropped.contains($0.name.lowercased()) }
        let request = TransferRequest(
            method: .post, url: url.text, headers: headers, body: callback.body, version: .http1,
            limits: TransferLimits(total: Self.timeout))
        do {
            let answer = try await transport.perform(request, keeping: Self.maximumAnswerBytes)
            return (answer.head.status, "-> \(url.redacted)  \(answer.head.status)")
        } catch {
            return (Self.noAnswer, "-> \(url.redacted)  \(error.error)")
        }
    }
}
