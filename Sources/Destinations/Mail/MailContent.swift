/// What a mail says. The subject and the text are plain; whoever made the HTML has made it harmless.
package struct MailContent: Sendable, Hashable {
    package var subject: String
    package var text: String
    package var html: String?

    package init(subject: String, text: String, html: String? = nil) {
        self.subject = subject
        self.text = text
        self.html = html
    }
}

extension MailContent {
    /// The fields of a preset whose transport is SMTP: `subject`, `text`, and `html` where it has one.
    init(fields: [String: String]) throws(MissingMailField) {
        guard let subject = fields["subject"] else { throw MissingMailField(name: "subject") }
        guard let text = fields["text"] else { throw MissingMailField(name: "text") }
        self.init(subject: subject, text: text, html: fields["html"].flatMap { $0.isEmpty ? nil : $0 })
    }
}

/// A preset for mail lacks what every mail has.
struct MissingMailField: Error, CustomStringConvertible {
    let name: String

    var description: String { "the preset has no field '\(name)': a mail is made of 'subject' and 'text', and 'html' beside them" }
}
