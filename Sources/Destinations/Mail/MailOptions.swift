package import MailMessage
package import RingbackCore
package import Transport

/// The server and the addresses of a mail endpoint, checked.
package struct MailOptions: Sendable, Hashable {
    package var server: MailServer
    package var from: MailAddress
    /// At least one, each once.
    package var to: [MailAddress]
    /// PEM file with the certificate authorities to trust instead of the system's.
    package var caFile: String?

    package init(server: MailServer, from: MailAddress, to: [MailAddress], caFile: String? = nil) {
        self.server = server
        self.from = from
        self.to = to
        self.caFile = caFile
    }

    /// Reads an endpoint's parameters: `host`, `port`, `tls`, `from`, `to`, `username`, `password`, `ca_path`, `client_name`.
    ///
    /// - Throws: ``InvalidDestination/mail(_:)``, in words for whoever wrote them.
    package init(parameters: [String: Secret]) throws(InvalidDestination) {
        func text(_ name: String) -> String? { parameters[name].map { $0.reveal() }.flatMap { $0.isEmpty ? nil : $0 } }
        guard let host = text("host") else { throw .mail("'host' is missing: name the mail server") }
        let security = try Self.security(text("tls"))
        let username = text("username")
        let password = parameters["password"].flatMap { $0.isEmpty ? nil : $0 }
        guard (username == nil) == (password == nil) else { throw .mail("'username' and 'password' come together") }
        guard username == nil || security != .none else {
            throw .mail("a password is sent over TLS only: write tls: starttls or tls: implicit")
        }
        let login = username.flatMap { username in password.map { MailLogin(username: username, password: $0) } }
        server = MailServer(
            host: host.lowercased(), port: try Self.port(text("port"), security), security: security, clientName: text("client_name"),
            login: login)
        from = try Self.address(text("from"), "from")
        to = try Self.recipients(text("to"))
        caFile = text("ca_path")
    }

    private static func security(_ text: String?) throws(InvalidDestination) -> MailServer.Security {
        guard let text else { return .startTLS }
        guard let security = MailServer.Security(rawValue: text) else {
            throw .mail("'tls' is \(MailServer.Security.allCases.map(\.rawValue).joined(separator: ", ")), not '\(text.prefix(40))'")
        }
        return security
    }

    /// RFC 6409, section 3.1; RFC 8314, section 7.3; RFC 5321, section 4.5.4.2.
    private static func port(_ text: String?, _ security: MailServer.Security) throws(InvalidDestination) -> Int {
        guard let text else {
            return switch security {
            case .startTLS: 587
            case .implicit: 465
            case .none: 25
            }
        }
        guard let port = Int(text), 1...65535 ~= port else { throw .mail("'port' is a number from 1 to 65535") }
        return port
    }

    private static func address(_ text: String?, _ name: String) throws(InvalidDestination) -> MailAddress {
        guard let text else { throw .mail("'\(name)' is missing: write an address") }
        do {
            return try MailAddress(validating: text)
        } catch {
            throw .mail("'\(name)': \(error)")
        }
    }

    private static func recipients(_ text: String?) throws(InvalidDestination) -> [MailAddress] {
        let recipients: [MailAddress]
        do {
            recipients = try MailAddress.list(validating: text ?? "")
        } catch {
            throw .mail("'to': \(error)")
        }
        guard !recipients.isEmpty else { throw .mail("'to' is missing: write one address, or several with commas between them") }
        guard recipients.count <= MailAddress.maximumInList else {
            throw .mail("'to' has more than \(MailAddress.maximumInList) addresses: make a list of them at the mail server")
        }
        return recipients
    }
}
