import Curl
import Foundation
import RawJSON
import RingbackCore
import Testing
import Transport

@Suite("Mail by libcurl", .timeLimit(.minutes(5)))
struct MailTransportTests {
    private static let message = Array("From: a@ringback.example\r\nSubject: Hello\r\n\r\n.a dot\r\n..\r\nand the rest\r\n".utf8)
    private static let login = MailLogin(username: "ringback", password: Secret("it is a secret"))
    private static let withLogin: JSON = ["tls": "starttls", "login": ["ringback", "it is a secret"]]

    private let transport: CurlMailTransport

    init() throws {
        transport = try CurlMailTransport()
    }

    @Test("arrives as it was written, dots and all, and says that nothing was encrypted where nothing was")
    func arrives() async throws {
        try await MailServerProcess.lend { server in
            let outcome = await transport.send(mail(to: "someone", server, security: .none))
            #expect(outcome.failure == nil)
            #expect(outcome.reply?.code == 250)
            #expect(!outcome.isEncrypted && !outcome.isAuthenticated)
            #expect(outcome.summary.address == "127.0.0.1")
            let mail = try #require(try server.mails().first)
            #expect(mail.bytes == Self.message)
            #expect(mail.envelope["sender"] == "ringback@ringback.example")
            #expect(mail.envelope["recipients"] == ["someone@mail.example"])
            #expect(mail.envelope["client"] == "bridge.example")
        }
    }

    @Test("is encrypted and shows its login over STARTTLS and over TLS from the start", arguments: ["starttls", "implicit"])
    func secured(_ tls: String) async throws {
        try await MailServerProcess.lend(["tls": .string(tls), "login": ["ringback", "it is a secret"]]) { server in
            let security = try #require(MailServer.Security(rawValue: tls))
            let outcome = await transport.send(mail(to: "someone", server, security: security, login: Self.login))
            #expect(outcome.failure == nil)
            #expect(outcome.isEncrypted && outcome.isAuthenticated)
            #expect(outcome.summary.tls != nil)
            let mail = try #require(try server.mails().first)
            #expect(mail.envelope["login"] == "ringback")
            #expect(mail.envelope["tls"] == true)
        }
    }

    @Test("does not go to a server whose certificate is not believed")
    func untrusted() async throws {
        try await MailServerProcess.lend(Self.withLogin) { server in
            var mail = mail(to: "someone", server, login: Self.login)
            mail.trust = TransferTrust()
            let outcome = await transport.send(mail)
            guard case .notSent(.tls) = outcome.failure else { return #expect(Bool(false), "\(outcome)") }
            try server.expect(mails: 0)
        }
    }

    @Test("does not go to a server without STARTTLS, with or without a login", arguments: [true, false])
    func noTLS(_ hasLogin: Bool) async throws {
        try await MailServerProcess.lend { server in
            let outcome = await transport.send(mail(to: "someone", server, login: hasLogin ? Self.login : nil))
            guard case .notSent(.tls) = outcome.failure else { return #expect(Bool(false), "\(outcome)") }
            try server.expect(mails: 0)
        }
    }

    @Test("does not go to a server that would take it without the login it was given")
    func loginNotOffered() async throws {
        try await MailServerProcess.lend(["tls": "starttls", "offers_login": false]) { server in
            let outcome = await transport.send(mail(to: "someone", server, login: Self.login))
            #expect(outcome.failure == .loginNotOffered)
            #expect(!outcome.isAuthenticated)
            try server.expect(mails: 0)
        }
    }

    @Test("tells a wrong password from everything else, and repeats nothing a server might say about it")
    func wrongPassword() async throws {
        try await MailServerProcess.lend(Self.withLogin) { server in
            let login = MailLogin(username: "ringback", password: Secret("wrong"))
            let outcome = await transport.send(mail(to: "someone", server, login: login))
            #expect(outcome.failure == .loginRefused)
            #expect(outcome.reply == MailReply(code: 535, text: "5.7.8"))
        }
    }

    @Test("is never sent with a login in the clear")
    func noLoginInTheClear() async throws {
        try await MailServerProcess.lend { server in
            let outcome = await transport.send(mail(to: "someone", server, security: .none, login: Self.login))
            #expect(outcome.failure == .notSent(.invalidRequest("a login is sent over TLS only")))
        }
    }

    @Test(
        "knows who refused what",
        arguments: [
            ("unknown", 550, MailTransferFailure.Stage.envelope), ("full", 452, .envelope), ("relay", 454, .envelope),
            ("rejected", 554, .message), ("deferred", 451, .message),
        ])
    func refused(_ name: String, _ code: Int, _ stage: MailTransferFailure.Stage) async throws {
        try await MailServerProcess.lend { server in
            let outcome = await transport.send(mail(to: name, server, security: .none))
            #expect(outcome.failure == .refused(stage))
            #expect(outcome.reply?.code == code)
            #expect(outcome.reply?.text.isEmpty == false)
            try server.expect(mails: 0)
        }
    }

    @Test("is refused by size before it is sent, where the server told its limit")
    func tooLarge() async throws {
        try await MailServerProcess.lend(["size": 1000]) { server in
            var mail = mail(to: "someone", server, security: .none)
            mail.message += [UInt8](repeating: UInt8(ascii: "x"), count: 2000) + "\r\n".utf8
            let outcome = await transport.send(mail)
            #expect(outcome.failure == .refused(.envelope))
            #expect(outcome.reply?.code == 552)
        }
    }

    @Test("may have arrived when its answer was lost, and says so")
    func answerLost() async throws {
        try await MailServerProcess.lend { server in
            let outcome = await transport.send(mail(to: "lost", server, security: .none))
            guard case .unanswered = outcome.failure else { return #expect(Bool(false), "\(outcome)") }
            #expect(outcome.reply?.code == 354)
            try server.expect(mails: 1)
        }
    }

    @Test("may have arrived when no answer came in time, and does not wait longer than it may")
    func answerTooLate() async throws {
        try await MailServerProcess.lend { server in
            var mail = mail(to: "silent", server, security: .none)
            mail.limits.total = .milliseconds(1500)
            let outcome = await transport.send(mail)
            guard case .unanswered = outcome.failure else { return #expect(Bool(false), "\(outcome)") }
            try server.expect(mails: 1)
        }
    }

    @Test("is told apart when the server turned everybody away at its greeting")
    func turnedAway() async throws {
        try await MailServerProcess.lend(["greeting": "421 4.3.2 Shutting down"]) { server in
            let outcome = await transport.send(mail(to: "someone", server, security: .none))
            #expect(outcome.failure == .refused(.opening))
            #expect(outcome.reply?.code == 421)
        }
    }

    @Test("has arrived although the server never says goodbye")
    func slowFarewell() async throws {
        try await MailServerProcess.lend(["slow_quit": true]) { server in
            var mail = mail(to: "someone", server, security: .none)
            mail.limits.total = .seconds(100)
            let outcome = await transport.send(mail)
            #expect(outcome.failure == nil)
            #expect(outcome.summary.total < .seconds(20))
        }
    }

    @Test("ends soon when its task is cancelled")
    func cancelled() async throws {
        try await MailServerProcess.lend { server in
            let mail = mail(to: "silent", server, security: .none)
            let outcome = await withTaskGroup(of: MailTransferOutcome.self) { group in
                group.addTask { await transport.send(mail) }
                while (try? server.mails().isEmpty) != false { await Task.yield() }
                group.cancelAll()
                return await group.next()
            }
            #expect(outcome?.failure == .notSent(.cancelled))
        }
    }

    @Test("goes nowhere when there is nobody")
    func nobody() async throws {
        // Nobody listens on the first port of loopback.
        let outcome = await transport.send(mail(to: "someone", port: 1, security: .none))
        guard case .notSent(.connectionRefused) = outcome.failure else { return #expect(Bool(false), "\(outcome)") }
    }

    @Test("goes only where its policy lets it go")
    func judged() async throws {
        try await MailServerProcess.lend { server in
            var mail = mail(to: "someone", server, security: .none)
            let refusal = TransferRefusal(reason: "not there", detail: "loopback")
            mail.addressPolicy = TransferAddressPolicy(trafficClass: "test") { _ in refusal }
            #expect(await transport.send(mail).failure == .notSent(.refusedByGuard(refusal)))
            mail.addressPolicy = TransferAddressPolicy(trafficClass: "test") { addresses in addresses.isEmpty ? refusal : nil }
            #expect(await transport.send(mail).failure == nil)
            try server.expect(mails: 1)
        }
    }

    @Test(
        "takes no address that would become a command",
        arguments: ["a@b.example>\r\nRCPT TO:<c@d.example", "a b@c.example", "a@b@c", "@b", "a", "é@b.example", ""])
    func hostileAddress(_ recipient: String) async throws {
        var mail = mail(to: "someone", port: 9, security: .none)
        mail.recipient = recipient
        guard case .notSent(.invalidRequest) = await transport.send(mail).failure else { return #expect(Bool(false), "\(recipient)") }
    }

    @Test("waits for its turn when a server has enough, and every one arrives")
    func many() async throws {
        try await MailServerProcess.lend { server in
            let transport = try CurlMailTransport(options: CurlMailTransport.Options(maxTransfers: 4, maxPerServer: 2))
            let failures = await withTaskGroup(of: MailTransferFailure?.self) { group in
                for number in 0..<30 {
                    let mail = mail(to: "someone\(number)", server, security: .none)
                    group.addTask { await transport.send(mail).failure }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(failures.allSatisfy { $0 == nil })
            try server.expect(mails: 30)
        }
    }

    private func mail(
        to name: String, _ server: MailServerProcess, security: MailServer.Security = .startTLS, login: MailLogin? = nil
    ) -> MailTransfer {
        var mail = mail(to: name, port: server.port, security: security, login: login)
        mail.trust = TransferTrust(caFile: server.certificate)
        return mail
    }

    private func mail(
        to name: String, port: Int, security: MailServer.Security, login: MailLogin? = nil
    ) -> MailTransfer {
        MailTransfer(
            server: MailServer(host: "localhost", port: port, security: security, clientName: "bridge.example", login: login),
            sender: "ringback@ringback.example", recipient: "\(name)@mail.example", message: Self.message,
            limits: TransferLimits(connect: .seconds(30), total: .seconds(30)))
    }
}
