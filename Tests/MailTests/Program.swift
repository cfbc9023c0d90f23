import Foundation
import RawJSON
import SocketTesting
import Testing

/// Programs beside the tests: Python's, of the environment that `make test-deps` makes in `.build/mail`, and `openssl`.
///
/// By plain system calls: Foundation's `Process` reads past its memory while the tests beside these hold thousands of descriptors.
enum Program {
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let python = repository.appending(path: ".build/mail/bin/python").path

    static func script(_ name: String) -> String {
        repository.appending(path: "Tests/Mail/\(name)").path
    }

    /// A program that runs beside the test.
    static func start(_ executable: String, _ arguments: [String], in directory: URL) throws -> ChildProgram {
        try #require(FileManager.default.isExecutableFile(atPath: executable), "\(executable) is missing: run `make test-deps`")
        return try ChildProgram(executable, arguments, in: directory.path)
    }

    /// Runs it to its end, in files of `directory`.
    static func run(_ executable: String, _ arguments: [String], input: [UInt8] = [], in directory: URL) async throws -> [UInt8] {
        let name = UUID().uuidString
        let files = ["input", "output", "errors"].map { directory.appending(path: "\(name).\($0)") }
        try Data(input).write(to: files[0])
        let redirected = ["-c", "exec \"$@\" <\(name).input >\(name).output 2>\(name).errors", "sh", executable] + arguments
        let status = await (try start("/bin/sh", redirected, in: directory)).wait()
        let errors = try String(contentsOf: files[2], encoding: .utf8)
        try #require(status == 0, "\(executable) failed:\n\(errors.suffix(4000))")
        return Array(try Data(contentsOf: files[1]))
    }

    /// What another program's parser, which overlooks nothing, finds in mails.
    static func read(_ mails: [[UInt8]], in directory: URL) async throws -> [JSON] {
        let input = JSON.array(mails.map { .string(Data($0).base64EncodedString()) })
        let output = try await run(python, [script("read.py")], input: input.bytes, in: directory)
        return try #require(try JSON(parsing: output).elements)
    }
}
