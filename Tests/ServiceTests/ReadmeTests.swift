import Foundation
import RawJSON
import RingbackCore
import RingbackTesting
import Testing
import WebhookSignature

/// A language the README shows how to verify callbacks in.
enum ReadmeLanguage: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case python
    case node = "js"

    var testDescription: String { rawValue }

    var interpreter: String {
        switch self {
        case .python: "python3"
        case .node: "node"
        }
    }

    /// Reads a callback as JSON from standard input, asks the README's function, and prints its answer.
    fileprivate var harness: String {
        switch self {
        case .python:
            """
            import json, sys
            case = json.load(sys.stdin)
            print("true" if verify(case["secret"], case["headers"], base64.b64decode(case["body"])) else "false")
            """
        case .node:
            """
            const given = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
            console.log(String(verify(given.secret, given.headers, Buffer.from(given.body, "base64"))));
            """
        }
    }

    var isInstalled: Bool {
        get async { (try? await Script(language: self, source: "").run(input: ""))?.status == 0 }
    }

    /// The fenced block of this language in the README.
    fileprivate func snippet() throws -> String {
        let readme = try String(contentsOf: CommandLineTests.repository.appending(path: "README.md"), encoding: .utf8)
        let parts = readme.components(separatedBy: "```\(rawValue)\n").dropFirst()
        #expect(parts.count == 1, "the README has one block of \(rawValue)")
        return try #require(parts.first?.components(separatedBy: "\n```").first)
    }
}

@Suite("The README's code for receivers", .timeLimit(.minutes(5)))
struct ReadmeTests {
    private static let body = Array("{\"id\": \"evt_1\", \"object\": \"event\", \"note\": \"späť 世界\"}".utf8)

    @Test(
        "verifies a callback in Python", .enabled("python3 is not installed") { await ReadmeLanguage.python.isInstalled },
        arguments: Callback.allCases)
    func python(callback: Callback) async throws {
        try await check(callback, in: .python)
    }

    @Test(
        "verifies a callback in Node", .enabled("node is not installed") { await ReadmeLanguage.node.isInstalled },
        arguments: Callback.allCases)
    func node(callback: Callback) async throws {
        try await check(callback, in: .node)
    }

    /// What arrives at the receiver.
    enum Callback: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case fresh = "as it was signed"
        case rotating = "during a rotation, signed with another key too"
        case changed = "with a changed body"
        case old = "an hour old"
        case early = "an hour early"
        case foreign = "signed with another key"

        var testDescription: String { rawValue }
        var isGood: Bool { self == .fresh || self == .rotating }
    }

    private func check(_ callback: Callback, in language: ReadmeLanguage) async throws {
        let secret = SigningKey.generate()
        let own = try SigningKey(validating: secret)
        let other = try SigningKey(validating: SigningKey.generate())
        let keys = callback == .rotating ? [other, own] : callback == .foreign ? [other] : [own]
        let age: Duration = callback == .old ? .seconds(3600) : callback == .early ? .seconds(-3600) : .zero
        let headers = WebhookSigner.headers(id: "evt_1", timestamp: SystemTime().wallNow - age, body: Self.body, keys: keys)
        let received = callback == .changed ? Self.body + [UInt8(ascii: " ")] : Self.body
        let input: JSON = [
            "secret": .string(secret.reveal()), "headers": .object(headers.map { JSON.Member($0.name, .string($0.value)) }),
            "body": .string(Data(received).base64EncodedString()),
        ]
        let script = Script(language: language, source: try language.snippet() + "\n\n" + language.harness)
        let answer = try await script.run(input: String(decoding: input.bytes, as: UTF8.self))
        #expect(answer.status == 0, "\(answer.output)")
        #expect(answer.output == (callback.isGood ? "true\n" : "false\n"))
    }
}

/// A program in one of the README's languages.
private struct Script {
    let language: ReadmeLanguage
    let source: String

    /// Runs it to its end; standard error comes with the output.
    func run(input: String) async throws -> (status: Int32, output: String) {
        try await withTemporaryDirectory { directory in
            let scriptFile = directory.appending(path: "script")
            let inputFile = directory.appending(path: "input")
            let outputFile = directory.appending(path: "output")
            try Data(source.utf8).write(to: scriptFile)
            try Data(input.utf8).write(to: inputFile)
            try Data().write(to: outputFile)
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [language.interpreter, scriptFile.path]
            process.standardInput = try FileHandle(forReadingFrom: inputFile)
            let output = try FileHandle(forWritingTo: outputFile)
            process.standardOutput = output
            process.standardError = output
            let (exits, continuation) = AsyncStream<Int32>.makeStream()
            process.terminationHandler = { continuation.yield($0.terminationStatus) }
            try RingbackProcess.spawn(process)
            let status = try #require(await exits.first { _ in true })
            return (status, try String(contentsOf: outputFile, encoding: .utf8))
        }
    }
}
