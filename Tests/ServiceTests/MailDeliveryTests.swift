import Foundation
import RawJSON
import RingbackCore
import Testing

/// The real binary and a real mail server (aiosmtpd), which `make test-deps` puts into `.build/mail`.
@Suite("Mail of the real binary", .timeLimit(.minutes(5)))
struct MailDeliveryTests {
    @Test("comes to each recipient once, though the bridge is killed while one of them cannot have it yet")
    func severalRecipients() async throws {
        try await Surroundings.lend { surroundings in
            try await MailServer.lend(in: surroundings.directory) { server in
                let bridge = try Bridge(surroundings)
                try server.add(to: bridge.configuration, recipients: "good@mail.example, once-bad@mail.example")
                let first = try bridge.start()
                try await bridge.waitUntilReady()
                let response = try await surroundings.createResponse(["duration": "0s", "outcome": "failed"])
                try await bridge.register(response)
                try await eventually(within: .seconds(60), "the first recipient has the mail") { try server.mails().count >= 1 }
                await first.kill()
                try await bridge.lend { _ in
                    try await eventually(within: .seconds(120), "both have it, and it is on record") {
                        let deliveries = try await surroundings.client.get(bridge.url + "/v1/deliveries?endpoint=mail").json()
                        return try server.mails().count >= 2 && deliveries["data"]?[0]?["status"] == "delivered"
                    }
                }
                let mails = try server.mails()
                #expect(Set(mails.map(\.recipient)) == ["good@mail.example", "once-bad@mail.example"])
                #expect(mails.allSatisfy { $0.text.contains("Message-ID: <\(response).failed.") && $0.login == "ringback" })
                let log = try String(contentsOf: surroundings.directory.appending(path: "bridge.log"), encoding: .utf8)
                #expect(!log.contains("it is a secret"))
            }
        }
    }

    @Test("gathers a batch into one digest, and each delivery is on record")
    func digest() async throws {
        try await Surroundings.lend { surroundings in
            try await MailServer.lend(in: surroundings.directory) { server in
                let bridge = try Bridge(surroundings)
                try server.add(to: bridge.configuration, recipients: "good@mail.example", lines: "digest: { window: 4s, max: 20 }")
                try await bridge.lend { _ in
                    for number in 0..<6 {
                        let outcome = number < 2 ? "failed" : "completed"
                        try await bridge.register(try await surroundings.createResponse(["duration": "0s", "outcome": outcome]))
                    }
                    try await eventually(within: .seconds(60), "all deliveries are delivered") {
                        let deliveries = try await surroundings.client.get(bridge.url + "/v1/deliveries?endpoint=mail").json()
                        let all = deliveries["data"]?.elements ?? []
                        return all.count == 6 && all.allSatisfy { $0["status"] == "delivered" && $0["attempts"] == 1 }
                    }
                }
                let mails = try server.mails()
                #expect(mails.count == 1, "a batch of six is one mail")
                let mail = try #require(mails.first)
                #expect(mail.text.contains("4 completed, 2 failed"))
            }
        }
    }
}

/// A real mail server beside the bridge; see Tests/Mail/server.py.
private struct MailServer: Sendable {
    struct Mail: Sendable {
        let recipient: String
        let login: String
        let text: String
    }

    private static var python: URL { CommandLineTests.repository.appending(path: ".build/mail/bin/python") }

    let port: Int
    let directory: URL

    static func lend(in surroundings: URL, _ body: (MailServer) async throws -> Void) async throws {
        let directory = surroundings.appending(path: "mail")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try #require(
            FileManager.default.isExecutableFile(atPath: python.path), "the mail server is not installed: run `make test-deps`")
        let made = try await run(
            URL(filePath: "/usr/bin/openssl"),
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "certificate.pem",
            ], in: directory)
        try #require(made == 0)
        let options: JSON = [
            "tls": "starttls", "login": ["ringback", "it is a secret"], "key": "key.pem", "certificate": "certificate.pem",
        ]
        let process = Process()
        process.executableURL = python
        let script = CommandLineTests.repository.appending(path: "Tests/Mail/server.py").path
        process.arguments = [script, directory.path, String(decoding: options.bytes, as: UTF8.self)]
        process.currentDirectoryURL = directory
        let output = directory.appending(path: "output")
        try Data().write(to: output)
        let input = Pipe()
        process.standardInput = input
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = FileHandle.nullDevice
        try RingbackProcess.spawn(process)
        defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        var port: Int?
        try await eventually(within: .seconds(30), "the mail server is there") {
            port = try String(contentsOf: output, encoding: .utf8).split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) }
            return port != nil
        }
        try await body(MailServer(port: try #require(port), directory: directory))
    }

    private static func run(_ executable: URL, _ arguments: [String], in directory: URL) async throws -> Int32 {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.standardError = FileHandle.nullDevice
        let (exits, continuation) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { continuation.yield($0.terminationStatus) }
        try RingbackProcess.spawn(process)
        return await exits.first { _ in true } ?? -1
    }

    /// Adds an endpoint `mail` to a configuration.
    func add(to configuration: URL, recipients: String, lines: String = "") throws {
        try "it is a secret".write(to: directory.appending(path: "password"), atomically: true, encoding: .utf8)
        let endpoint = """
            endpoints:
              - name: mail
                preset: email
                with:
                  host: localhost
                  port: \(port)
                  from: "Ringback <ringback@ringback.example>"
                  to: "\(recipients)"
                  username: ringback
                  password_file: \(directory.path)/password
                  ca_path: \(directory.path)/certificate.pem
                retry: { schedule: [\(Bridge.patientSchedule.joined(separator: ", "))], jitter: 0.2 }
                \(lines)
            """
        let text = try String(contentsOf: configuration, encoding: .utf8)
        try text.replacing("endpoints:\n", with: endpoint + "\n", maxReplacements: 1).write(
            to: configuration, atomically: true, encoding: .utf8)
    }

    func mails() throws -> [Mail] {
        var mails: [Mail] = []
        while let data = FileManager.default.contents(atPath: directory.appending(path: "\(mails.count + 1).json").path) {
            let envelope = try JSON(parsing: Array(data))
            let text = try String(contentsOf: directory.appending(path: "\(mails.count + 1).eml"), encoding: .utf8)
            mails.append(
                Mail(recipient: envelope["recipients"]?[0]?.string ?? "", login: envelope["login"]?.string ?? "", text: text))
        }
        return mails
    }
}
