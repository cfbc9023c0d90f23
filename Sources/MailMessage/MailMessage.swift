import Cryptography
package import RingbackCore

/// One mail to one recipient, as text and, beside it, as HTML (RFC 5322, RFC 2045 to 2047).
///
/// Everything but the addresses may come from strangers: no text can begin a header line, end the body or be taken for a boundary. The same
/// message always has the same bytes.
package struct MailMessage: Sendable, Hashable {
    /// Of the text, before it is encoded; more of it is cut.
    package static let maximumTextBytes = 256 * 1024
    /// Of the HTML, before it is encoded. Nothing that was cut in the middle is HTML: a longer one is left out.
    package static let maximumHTMLBytes = 256 * 1024

    package var from: MailAddress
    package var to: MailAddress
    package var subject: String
    package var date: Timestamp
    package var id: MailMessageID
    /// The first mail of the conversation this one belongs to. There need not be such a mail: programs gather those that name the same one.
    package var thread: MailMessageID?
    package var text: String
    package var html: String?

    package init(
        from: MailAddress, to: MailAddress, subject: String, date: Timestamp, id: MailMessageID, thread: MailMessageID?, text: String,
        html: String?
    ) {
        self.from = from
        self.to = to
        self.subject = subject
        self.date = date
        self.id = id
        self.thread = thread
        self.text = text
        self.html = html
    }

    /// The mail as it goes to the server: ASCII, every line ended by CR LF and shorter than the 998 bytes of RFC 5322, section 2.1.1.
    package var bytes: [UInt8] {
        header + MailHeader.line("MIME-Version", "1.0") + content
    }

    private var header: [UInt8] {
        var lines = MailHeader.line("Date", MailDate.text(of: date))
        lines += MailHeader.address("From", from)
        lines += MailHeader.address("To", to)
        lines += MailHeader.text("Subject", subject)
        lines += MailHeader.line("Message-ID", "<\(id.rawValue)>")
        if let thread {
            lines += MailHeader.line("In-Reply-To", "<\(thread.rawValue)>")
            lines += MailHeader.line("References", "<\(thread.rawValue)>")
        }
        // RFC 3834, section 5; and what Microsoft's servers ask instead. Nobody who is away shall answer.
        lines += MailHeader.line("Auto-Submitted", "auto-generated")
        lines += MailHeader.line("X-Auto-Response-Suppress", "All")
        return lines
    }

    private var content: [UInt8] {
        let text = part(type: "text/plain", MailText.cut(self.text, limit: Self.maximumTextBytes))
        guard let html, html.utf8.count <= Self.maximumHTMLBytes else { return text }
        var content = MailHeader.line("Content-Type", "multipart/alternative;\r\n boundary=\"\(boundary)\"") + Self.lineEnd
        // Programs show the last part that they can show.
        for part in [text, part(type: "text/html", html)] {
            content += "--\(boundary)\r\n".utf8
            content += part
        }
        return content + "--\(boundary)--\r\n".utf8
    }

    /// No encoded part can hold it: quoted-printable writes every "=" as "=3D" (RFC 2045, section 6.7, gives this advice).
    private var boundary: String { "=_" + MailMessageID.hash(of: ["boundary", id.rawValue]) }

    private func part(type: String, _ text: String) -> [UInt8] {
        MailHeader.line("Content-Type", "\(type); charset=utf-8") + MailHeader.line("Content-Transfer-Encoding", "quoted-printable")
            + Self.lineEnd + QuotedPrintable.encode(MailText.lines(text))
    }

    private static let lineEnd = Array("\r\n".utf8)
}
