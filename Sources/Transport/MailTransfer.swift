package import RingbackCore

/// Something that hands mails to mail servers (RFC 5321): libcurl in the product, a script in tests.
package protocol MailTransport: Sendable {
    /// Hands one mail for one recipient to a server. Does not throw: whatever happens is an outcome.
    ///
    /// Cancelling the task ends it soon, as ``TransportError/cancelled``.
    func send(_ mail: MailTransfer) async -> MailTransferOutcome
}

/// One mail for one recipient, complete with its server and its bounds.
///
/// One recipient, because a server that takes one of two and refuses the other has no way to say so that every client understands.
package struct MailTransfer: Sendable {
    package var server: MailServer
    /// Who hears of bounces (MAIL FROM), an address in ASCII without brackets.
    package var sender: String
    /// RCPT TO, an address in ASCII without brackets.
    package var recipient: String
    /// The mail with its header, lines ended by CR LF. Dots at the beginning of lines are doubled on the way, and not here.
    package var message: [UInt8]
    /// ``TransferLimits/total`` counts from the order and holds the wait for a place; `nil` means ``MailTransfer/longestTotal``.
    package var limits: TransferLimits
    package var trust: TransferTrust
    /// Judges the addresses before a connection is made; `nil` connects wherever the name leads.
    package var addressPolicy: TransferAddressPolicy?

    /// RFC 5321, section 4.5.3.2.6, would have a client wait ten minutes for the last answer.
    package static let longestTotal: Duration = .seconds(600)

    package init(
        server: MailServer, sender: String, recipient: String, message: [UInt8], limits: TransferLimits = TransferLimits(),
        trust: TransferTrust = TransferTrust(), addressPolicy: TransferAddressPolicy? = nil
    ) {
        self.server = server
        self.sender = sender
        self.recipient = recipient
        self.message = message
        self.limits = limits
        self.trust = trust
        self.addressPolicy = addressPolicy
    }
}

/// Where mails are handed over, and how the connection is secured.
package struct MailServer: Sendable, Hashable {
    package enum Security: String, Sendable, Hashable, CaseIterable {
        /// Plain at first; nothing is said before STARTTLS has succeeded (RFC 3207).
        case startTLS = "starttls"
        /// TLS from the first byte (RFC 8314, section 3).
        case implicit
        /// None at all: for a server on this machine. Not with a login.
        case none
    }

    /// A name in ASCII, or an IP address without brackets.
    package var host: String
    package var port: Int
    package var security: Security
    /// The name by which the client introduces itself (EHLO); `nil`: the machine's own.
    package var clientName: String?
    package var login: MailLogin?

    package init(host: String, port: Int, security: Security, clientName: String? = nil, login: MailLogin? = nil) {
        self.host = host
        self.port = port
        self.security = security
        self.clientName = clientName
        self.login = login
    }
}

/// What a mail server is shown before it takes mails for everybody (RFC 4954).
package struct MailLogin: Sendable, Hashable {
    package var username: String
    package var password: Secret

    package init(username: String, password: Secret) {
        self.username = username
        self.password = password
    }
}

/// What became of handing over one mail.
package struct MailTransferOutcome: Sendable, Hashable {
    /// `nil`: the server has answered that it takes care of the mail from now on (RFC 5321, section 4.2.5).
    package var failure: MailTransferFailure?
    /// The server's last answer before it was left.
    package var reply: MailReply?
    package var isEncrypted: Bool
    /// Whether the server has said that it took the login.
    package var isAuthenticated: Bool
    package var summary: TransferSummary

    package init(
        failure: MailTransferFailure? = nil, reply: MailReply? = nil, isEncrypted: Bool = false, isAuthenticated: Bool = false,
        summary: TransferSummary = TransferSummary()
    ) {
        self.failure = failure
        self.reply = reply
        self.isEncrypted = isEncrypted
        self.isAuthenticated = isAuthenticated
        self.summary = summary
    }
}

/// Why a mail was not handed over, or why nobody knows.
package enum MailTransferFailure: Error, Sendable, Hashable {
    /// Where in the conversation a server said no.
    package enum Stage: Sendable, Hashable {
        /// At its greeting, or when it was greeted.
        case opening
        /// Before it saw the mail: the sender, the recipient, or the wish to send anything.
        case envelope
        /// After it saw the whole mail.
        case message
    }

    /// The server said no; the reply says whether for now (4xx) or for good (5xx).
    case refused(Stage)
    /// The server did not take the login.
    case loginRefused
    /// There is a login, and the server offers no way to give it that Ringback knows (PLAIN, LOGIN).
    case loginNotOffered
    /// The whole mail was sent, and no answer came. It may have been taken or not.
    case unanswered(TransportError)
    /// The mail was surely not taken.
    case notSent(TransportError)
}

/// A server's answer (RFC 5321, section 4.2).
package struct MailReply: Sendable, Hashable {
    package var code: Int
    /// Its words on one line, with the enhanced status code where there is one (RFC 3463); may be empty. Cut, without control characters.
    package var text: String

    package init(code: Int, text: String) {
        self.code = code
        self.text = text
    }
}

extension MailReply: CustomStringConvertible {
    package var description: String { text.isEmpty ? "\(code)" : "\(code) \(text)" }
}
