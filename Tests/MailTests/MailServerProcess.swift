import Foundation
import RawJSON
import RingbackTesting
import SocketTesting
import Testing

/// A real mail server (aiosmtpd) that does what its options and the recipients' names say; see Tests/Mail/server.py.
final class MailServerProcess: Sendable {
    struct Mail: Sendable {
        let envelope: JSON
        let bytes: [UInt8]
    }

    let port: Int
    /// Whose certificate the server shows; valid for `localhost`.
    let certificate: String
    let directory: URL
    private let program: ChildProgram

    /// Runs `body` with a server of its own.
    static func lend<Result>(_ options: JSON = [:], _ body: (MailServerProcess) async throws -> Result) async throws -> Result {
        try await withTemporaryDirectory { directory in
            let key = directory.appending(path: "key.pem").path
            let certificate = directory.appending(path: "certificate.pem").path
            _ = try await Program.run(
                try #require(ChildProgram.path("openssl")),
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
                ], in: directory)
            let members = (options.members ?? []) + [JSON.Member("key", .string(key)), JSON.Member("certificate", .string(certificate))]
            let program = try Program.start(
                Program.python,
                [Program.script("server.py"), directory.path, String(decoding: JSON.object(members).bytes, as: UTF8.self)],
                in: directory)
            let result: Swift.Result<Result, any Error>
            do {
                let line = try #require(await program.line(with: "port"), "the mail server did not start")
                let port = try #require(line.split(separator: " ").last.flatMap { Int($0) })
                result = .success(
                    try await body(MailServerProcess(port: port, certificate: certificate, directory: directory, program: program)))
            } catch {
                result = .failure(error)
            }
            await program.terminate()
            return try result.get()
        }
    }

    private init(port: Int, certificate: String, directory: URL, program: ChildProgram) {
        self.port = port
        self.certificate = certificate
        self.directory = directory
        self.program = program
    }

    /// The mails it has by now, in the order in which they came.
    func mails() throws -> [Mail] {
        var mails: [Mail] = []
        while let envelope = FileManager.default.contents(atPath: directory.appending(path: "\(mails.count + 1).json").path) {
            let bytes = try Data(contentsOf: directory.appending(path: "\(mails.count + 1).eml"))
            mails.append(Mail(envelope: try JSON(parsing: Array(envelope)), bytes: Array(bytes)))
        }
        return mails
    }

    func expect(mails count: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let found = try mails()
        #expect(found.count == count, sourceLocation: sourceLocation)
    }
}
