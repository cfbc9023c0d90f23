import Foundation
import RawJSON
import RingbackCore
import RingbackTesting
import Sandbox
import Testing

/// The vendor's own client, unchanged: whoever uses it must not be able to tell Ringback from the vendor, except by the callbacks.
///
/// `make test` installs it into `.build/sdk`; without it this suite fails.
@Suite("The official OpenAI SDK for Python", .timeLimit(.minutes(5)))
struct SDKTests {
    @Test(
        "brings the same results through Ringback as without it, and every background response rings back", arguments: ["mka1", "openai"])
    func sameResults(_ dialect: String) async throws {
        try await Surroundings.lend(dialect: try #require(Dialect.named(dialect))) { surroundings in
            let direct = try await SDKScript.conversation.run(surroundings, arguments: [surroundings.upstreamURL])
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let relayed = try await SDKScript.conversation.run(surroundings, arguments: [bridge.url + "/v1"])
                try expectEqual(direct, relayed)
                try await expectCallbacks(for: relayed, surroundings)

                let named = try await SDKScript.conversation.run(surroundings, arguments: [bridge.url + "/upstreams/default/v1"])
                try expectEqual(direct, named)
            }
        }
    }

    private func expectEqual(_ direct: JSON, _ relayed: JSON) throws {
        let steps = try #require(direct["results"]?.members)
        #expect(steps.count == relayed["results"]?.members?.count)
        for step in steps {
            let other = relayed["results"]?[step.key]
            #expect(
                other == step.value,
                """
                \(step.key)
                without Ringback: \(String(decoding: step.value.bytes, as: UTF8.self))
                through Ringback: \(other.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "nothing")
                """)
        }
    }

    /// Every background response of the conversation was called back about, and the SDK itself takes the callbacks for the vendor's.
    private func expectCallbacks(for conversation: JSON, _ surroundings: Surroundings) async throws {
        let expected = try #require(conversation["responses"]?.members).map {
            [.string("response.\($0.value.string ?? "")"), .string($0.key)] as JSON
        }
        try await eventually(within: .seconds(60), "all callbacks have come") {
            let ids = try surroundings.received.webhookIDs()
            return expected.allSatisfy { ids[$0[1]?.string ?? ""] != nil }
        }
        let callbacks = surroundings.received.all.map { callback -> JSON in
            [
                "headers": .object(callback.headers.map { JSON.Member($0.name, .string($0.value)) }),
                "body": .string(String(decoding: callback.body, as: UTF8.self)),
            ]
        }
        let input: JSON = ["secret": .string(surroundings.secret.reveal()), "callbacks": .array(callbacks)]
        let unwrapped = try await SDKScript.unwrap.run(surroundings, input: input)
        for event in expected { #expect(unwrapped.elements?.contains(event) == true, "\(event) did not come") }
    }
}

/// A Python program under `Tests/SDK`.
struct SDKScript: Sendable {
    static let conversation = SDKScript(file: "conversation.py")
    static let unwrap = SDKScript(file: "unwrap.py")

    let file: String

    private static var interpreter: URL { CommandLineTests.repository.appending(path: ".build/sdk/bin/python") }

    /// Runs it to its end.
    ///
    /// - Returns: The JSON it printed.
    func run(_ surroundings: Surroundings, arguments: [String] = [], input: JSON? = nil) async throws -> JSON {
        let name = UUID().uuidString
        let files = ["input", "output", "errors"].map { surroundings.directory.appending(path: "\(name).\($0)") }
        try Data(input?.bytes ?? []).write(to: files[0])
        for file in files.dropFirst() { try Data().write(to: file) }
        try #require(
            FileManager.default.isExecutableFile(atPath: Self.interpreter.path),
            "the SDK is not installed: run `make test-deps`, which puts it into .build/sdk")
        let process = Process()
        process.executableURL = Self.interpreter
        process.arguments = [CommandLineTests.repository.appending(path: "Tests/SDK/\(file)").path] + arguments
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": surroundings.directory.path]
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        let (exits, continuation) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { continuation.yield($0.terminationStatus) }
        try RingbackProcess.spawn(process)
        let status = try #require(await exits.first { _ in true })
        let errors = try String(contentsOf: files[2], encoding: .utf8)
        try #require(status == 0, "\(file) failed:\n\(errors.suffix(4000))")
        return try JSON(parsing: Array(try Data(contentsOf: files[1])))
    }
}
