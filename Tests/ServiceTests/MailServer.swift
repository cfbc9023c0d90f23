import Foundation
import RawJSON
import Testing

/// A real mail server beside the bridge; see Tests/Mail/server.py.
struct MailServer: Sendable {
    struct Mail: Sendable {
        let recipient: String
        let login: String
        /// As it was sent.
        let text: String

        /// The body without the line ends that quoted-printable puts into long lines.
        var body: String { parts.dropFirst().joined(separator: "\n\n").replacing("=\n", with: "") }

        /// As it was sent; none of those that tests ask for is longer than a line.
        func header(_ name: String) -> String? {
            parts.first?.split(separator: "\n").first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
        }

        private var parts: [String] { text.replacing("\r\n", with: "\n").components(separatedBy: "\n\n") }
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
