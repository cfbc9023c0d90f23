import RingbackCore
import Transport

/// What a mail server has said so far, and what that means for the mail. Pure.
///
/// libcurl leads the conversation (RFC 5321) and shows every line of the server. It goes on without a word when a server does not offer to
/// take the login, and it asks for the end of the conversation after a refusal; both is found out here.
struct SMTPDialogue {
    enum Stage {
        /// Greeting, EHLO, STARTTLS, AUTH. Exit: ``beginEnvelope()`` to envelope.
        case opening
        /// MAIL, RCPT, DATA. Exits: 354 to message; a refusal to over.
        case envelope
        /// The mail itself, and the answer to its end. Exit: any answer to over.
        case message
        /// What is said from now on (the answer to QUIT) changes nothing.
        case over
    }

    private static let maximumTextBytes = 1000

    private(set) var stage = Stage.opening
    /// The last complete answer before the conversation was over.
    private(set) var reply: MailReply?
    /// Where the server said no.
    private(set) var refusal: MailTransferFailure.Stage?
    /// Whether the server has said that it takes care of the mail.
    private(set) var isAccepted = false
    private(set) var isAuthenticated = false
    private var lines: [String] = []

    /// Whether anything was said at all.
    var hasBegun: Bool { reply != nil || !lines.isEmpty }

    /// - Parameter line: With its line break.
    mutating func add(_ line: some Collection<UInt8>) {
        guard stage != .over else { return }
        let digits = line.prefix(3)
        guard digits.count == 3, digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return }
        let code = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        let rest = line.dropFirst(3)
        if lines.reduce(0, { $0 + $1.utf8.count }) < Self.maximumTextBytes { lines.append(Self.words(in: rest.dropFirst())) }
        // RFC 5321, section 4.2.1: every line but the last has a hyphen behind the code.
        guard rest.first != UInt8(ascii: "-") else { return }
        let text = lines.filter { !$0.isEmpty }.joined(separator: " ")
        lines = []
        answered(MailReply(code: code, text: String(text.prefix(Self.maximumTextBytes))))
    }

    private mutating func answered(_ reply: MailReply) {
        self.reply = reply
        switch stage {
        case .opening:
            break
        case .envelope:
            if reply.code == 354 {
                stage = .message
            } else if reply.code >= 400 {
                refusal = .envelope
                stage = .over
            }
        case .message:
            isAccepted = 200..<300 ~= reply.code
            if !isAccepted { refusal = .message }
            stage = .over
        case .over:
            break
        }
    }

    /// The connection is ready, and the mail's sender is about to be named.
    mutating func beginEnvelope() {
        guard stage == .opening else { return }
        // The last answer before the envelope is the one to the login, if there was one (RFC 4954, section 6).
        isAuthenticated = reply?.code == 235
        stage = .envelope
    }

    /// ASCII without control characters, as RFC 5321 wants replies, and what is not replaced.
    private static func words(in bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(maximumTextBytes), as: UTF8.self)
        var words = ""
        for scalar in text.unicodeScalars where scalar.value >= 0x20 && !(0x7F..<0xA0 ~= scalar.value) {
            words.unicodeScalars.append(scalar)
        }
        return String(words.drop { $0 == " " })
    }
}
