import MailMessage

/// The parameters of a preset that goes by SMTP, beyond what each can say of itself: whoever writes them is to hear of it at once, with the
/// place, and not from the first mail. The messages show no value.
enum MailParameters {
    /// - Parameter given: Values by name.
    static func problems(of given: [String: String]) -> [ParameterProblem] {
        func problem(_ name: String, _ message: String, _ suggestion: String?) -> ParameterProblem {
            ParameterProblem(name: name, message: message, suggestion: suggestion)
        }
        var problems: [ParameterProblem] = []
        if let host = given["host"], !isHost(host) {
            problems.append(problem("host", "is not the name of a server alone", "write smtp.example.com, and its port as 'port'"))
        }
        // What is no number at all is told of by the parameter itself.
        if let port = given["port"].flatMap({ Int64($0) }), !(1...65535).contains(port) {
            problems.append(problem("port", "is no port", "write a number from 1 to 65535"))
        }
        if let from = given["from"], (try? MailAddress(validating: from)) == nil {
            problems.append(problem("from", "is no mail address", "write \"Ringback <ringback@example.com>\""))
        }
        if let to = given["to"] { problems += self.problems(ofRecipients: to) }
        if given["username"] != nil, given["password"] == nil {
            problems.append(problem("username", "comes without a password", "give 'password' too, or neither"))
        }
        if given["password"] != nil, given["username"] == nil {
            problems.append(problem("password", "comes without a username", "give 'username' too, or neither"))
        }
        if given["password"] != nil, given["tls"] == "none" {
            problems.append(problem("password", "is sent over TLS only", "write tls: starttls or tls: implicit"))
        }
        return problems
    }

    private static func problems(ofRecipients text: String) -> [ParameterProblem] {
        guard let recipients = try? MailAddress.list(validating: text), !recipients.isEmpty else {
            return [
                ParameterProblem(
                    name: "to", message: "is no list of mail addresses",
                    suggestion: "write \"ops@example.com, Batch jobs <batch@example.com>\"")
            ]
        }
        guard recipients.count > MailAddress.maximumInList else { return [] }
        return [
            ParameterProblem(
                name: "to", message: "has more than \(MailAddress.maximumInList) addresses",
                suggestion: "make a list of them at the mail server")
        ]
    }

    /// A name or an IPv4 address; an IPv6 address has several colons, and `name:port` has one.
    private static func isHost(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 255 && !text.contains { $0.isWhitespace || "/@".contains($0) } && text.count { $0 == ":" } != 1
    }
}
