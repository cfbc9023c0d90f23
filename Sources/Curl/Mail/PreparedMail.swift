import RingbackCore
import Transport

/// A mail that was checked on its caller's thread: nothing in it can become a command of its own, or go out where it must not.
struct PreparedMail: Sendable {
    /// Of names that libcurl writes into commands.
    private static let maximumNameBytes = 255

    let mail: MailTransfer
    let url: String
    /// The address that the host is; `nil` when it is a name.
    let address: IPAddress?
    let total: Duration

    /// - Throws: ``TransportError/invalidRequest(_:)``, with what to change.
    init(_ mail: MailTransfer) throws(TransportError) {
        let server = mail.server
        address = IPAddress(server.host)
        guard address != nil || Self.isName(server.host) else {
            throw .invalidRequest("the mail server's host is not a name or an IP address")
        }
        guard 1...65535 ~= server.port else { throw .invalidRequest("the mail server's port is not from 1 to 65535") }
        if let name = server.clientName, !Self.isName(name) { throw .invalidRequest("the client's name for EHLO is not a host name") }
        for address in [mail.sender, mail.recipient] where !Self.isAddress(address) {
            throw .invalidRequest("'\(address.prefix(64).filter(\.isASCII))' is no mail address in ASCII")
        }
        if let login = server.login {
            guard server.security != .none else { throw .invalidRequest("a login is sent over TLS only") }
            guard !login.username.utf8.contains(0), !login.password.reveal().utf8.contains(0) else {
                throw .invalidRequest("the login holds a NUL byte")
            }
        }
        guard !mail.message.isEmpty else { throw .invalidRequest("the mail is empty") }

        let scheme = server.security == .implicit ? "smtps" : "smtp"
        let host = address.map { $0.isIPv4 ? "\($0)" : "[\($0)]" } ?? server.host
        url = "\(scheme)://\(host):\(server.port)/\(server.clientName ?? "")"
        total = min(mail.limits.total ?? MailTransfer.longestTotal, MailTransfer.longestTotal)
        self.mail = mail
    }

    /// Letters, digits, hyphens and underscores between dots.
    private static func isName(_ text: String) -> Bool {
        1...maximumNameBytes ~= text.utf8.count
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty
                    && label.utf8.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"):
                            true
                        default: byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                        }
                    }
            }
    }

    private static func isAddress(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= maximumNameBytes
            && text.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") }
    }
}
