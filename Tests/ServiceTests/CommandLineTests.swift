import Foundation
import RawJSON
import RingbackCore
import RingbackTesting
import Testing
import WebhookSignature

/// The commands that need no bridge. Those that talk to one are in the other files of this suite.
@Suite("The command line", .serialized, .timeLimit(.minutes(3)))
struct CommandLineTests {
    /// The root of the repository.
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Vector A of the Standard Webhooks test suites.
    private static let verification = [
        "verify", "--id", "msg_p5jXN8AQM9LWM0D4loKWxJek", "--timestamp", "1614265330",
        "--signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ]
    private static let secretOfVector = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let bodyOfVector = "{\"test\": 2432232314}"

    @Test("verifies a published signature, whichever way it is told the secret")
    func verify() async throws {
        try await withTemporaryDirectory { directory in
            let arguments = Self.verification + ["--tolerance", "36500d"]
            let byOption = try await Invocation.run(
                arguments + ["--secret", Self.secretOfVector], input: Self.bodyOfVector, in: directory)
            #expect(byOption.status == 0)
            #expect(byOption.output == "verified\n")
            let byEnvironment = try await Invocation.run(
                arguments, input: Self.bodyOfVector, environment: ["RINGBACK_WEBHOOK_SECRET": Self.secretOfVector], in: directory)
            #expect(byEnvironment.status == 0)
        }
    }

    @Test("does not verify a changed body, another secret or an old timestamp, and says which")
    func verifyRefuses() async throws {
        try await withTemporaryDirectory { directory in
            let tolerant = Self.verification + ["--tolerance", "36500d", "--secret"]
            let changed = try await Invocation.run(tolerant + [Self.secretOfVector], input: Self.bodyOfVector + " ", in: directory)
            #expect(changed.status == 1)
            #expect(changed.errors.hasPrefix("ringback: not verified: "))
            #expect(changed.output.isEmpty)
            let other = try await Invocation.run(
                tolerant + ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"], input: Self.bodyOfVector, in: directory)
            #expect(other.status == 1)
            let old = try await Invocation.run(
                Self.verification + ["--secret", Self.secretOfVector], input: Self.bodyOfVector, in: directory)
            #expect(old.status == 1)
            #expect(old.errors.contains("too long ago"), "it says: \(old.errors)")
        }
    }

    @Test("prints a fresh secret each time, which signs")
    func secret() async throws {
        try await withTemporaryDirectory { directory in
            let first = try await Invocation.run(["secret"], in: directory)
            let second = try await Invocation.run(["secret"], in: directory)
            #expect(first.status == 0)
            #expect(first.line.hasPrefix("whsec_"))
            #expect(first.line != second.line)
            _ = try SigningKey(validating: Secret(first.line))
        }
    }

    @Test("finds the example configuration in order, and shows none of its secrets")
    func configCheck() async throws {
        try await withTemporaryDirectory { directory in
            let example = Self.repository.appending(path: "config/ringback.yaml").path
            let environment = ["OPENAI_API_KEY": "sk-very-private", "RINGBACK_WEBHOOK_SECRET": Self.secretOfVector]
            let check = try await Invocation.run(["config", "check", example], environment: environment, in: directory)
            #expect(check.status == 0, "\(check.errors)")
            #expect(check.output.contains("is in order"))
            #expect(check.output.contains("https://api.openai.com/v1"))
            #expect(!check.output.contains("sk-very-private") && !check.output.contains(Self.secretOfVector))
        }
    }

    @Test("names line, column and the right word for what is wrong with a configuration, and starts nothing with it")
    func brokenConfiguration() async throws {
        try await withTemporaryDirectory { directory in
            let yaml = """
                upstreams:
                  - name: default
                    base_uri: https://api.example.com/v1
                endpoints:
                  - name: app
                    url: ftp://example.com/hook
                """
            try yaml.write(to: directory.appending(path: "ringback.yaml"), atomically: true, encoding: .utf8)
            let byName = [["config", "check", "ringback.yaml"], ["serve", "--config", "ringback.yaml"]]
            for command in byName + [["config", "check"], ["serve"]] {
                let run = try await Invocation.run(command, in: directory)
                #expect(run.status == 2, "\(command)")
                #expect(run.errors.contains("ringback.yaml:3:5: "), "\(command) says: \(run.errors)")
                #expect(run.errors.contains("did you mean 'base_url'?"), "\(command) says: \(run.errors)")
                #expect(run.errors.contains("ringback.yaml:6:10: "), "\(command) names the second problem too: \(run.errors)")
                #expect(run.output.isEmpty)
            }
            #expect(!FileManager.default.fileExists(atPath: directory.appending(path: "data").path), "no store was made")
        }
    }

    @Test("says what is missing when there is no configuration at all")
    func noConfiguration() async throws {
        try await withTemporaryDirectory { directory in
            let missing = try await Invocation.run(["serve"], in: directory)
            #expect(missing.status == 2)
            #expect(missing.errors.contains("RINGBACK_UPSTREAM_BASE_URL") && missing.errors.contains("ringback.yaml"))
            let nowhere = try await Invocation.run(["config", "check", "nowhere.yaml"], in: directory)
            #expect(nowhere.status == 2)
            #expect(nowhere.errors.contains("nowhere.yaml") && nowhere.errors.contains("no such file"), "it says: \(nowhere.errors)")
        }
    }

    @Test(
        "answers a usage error with exit code 2 and a hint",
        arguments: [
            (["wach"], "wach"), (["serve", "--confg", "x"], "--config"), (["watch"], "Missing expected argument"),
            (["watch", "resp/1"], "a response id cannot contain '/'"), (["watch", "resp_1", "--timeout", "5s"], "--wait"),
            (["watch", "resp_1", "--wait", "--timeout", "5"], "--timeout"), (["watch", "resp_1", "--callback-secret", "x"], "--callback"),
            (["watches", "list", "--limit", "0"], "1 to 500"), (["endpoints", "add", "App", "--url", "http://x"], "lower-case"),
            (["endpoints", "add", "app"], "--url, --inbox or --preset"), (["sandbox", "--vendor", "acme"], "openai"),
            (["verify", "--id", "a", "--timestamp", "1", "--signature", "v1,x"], "RINGBACK_WEBHOOK_SECRET"),
            (["verify", "--id", "a", "--timestamp", "1", "--signature", "v1,x", "--secret", "whsec_AAAA"], "secret"),
            (["watches", "list", "--server", "ftp://x"], "server's address"), (["dead-letters", "list", "--since", "soon"], "--since"),
            (["config", "chek"], "chek"), (["create", "--wait"], "JSON"),
        ])
    func usageErrors(arguments: [String], hint: String) async throws {
        try await withTemporaryDirectory { directory in
            let run = try await Invocation.run(arguments, in: directory)
            #expect(run.status == 2)
            #expect(run.errors.hasPrefix("ringback: "), "it says: \(run.errors)")
            #expect(run.errors.contains(hint), "it says: \(run.errors)")
            #expect(run.output.isEmpty)
        }
    }

    @Test("asks whether the server runs when nothing answers, and exits with 1")
    func serverNotRunning() async throws {
        let port = try Bridge.freePort()
        try await withTemporaryDirectory { directory in
            for command in [["watches", "list"], ["watch", "resp_1"], ["endpoints", "test", "app"], ["health"]] {
                let run = try await Invocation.run(command + ["--server", "http://127.0.0.1:\(port)"], in: directory)
                #expect(run.status == 1, "\(command)")
                #expect(run.errors.contains("ringback serve") && run.errors.contains("--server"), "\(command) says: \(run.errors)")
                #expect(run.output.isEmpty)
            }
        }
    }

    @Test("has help for every command")
    func help() async throws {
        try await withTemporaryDirectory { directory in
            let dump = try await Invocation.run(["--experimental-dump-help"], in: directory)
            let commands = Self.commands(in: try #require(try dump.json()["command"]))
            #expect(commands.count > 30)
            for command in commands {
                let help = try await Invocation.run(command + ["--help"], in: directory)
                #expect(help.status == 0, "ringback \(command)")
                #expect(help.output.contains("USAGE: ringback"), "ringback \(command) prints: \(help.output)")
                #expect(help.output.contains("OVERVIEW: "), "ringback \(command) says what it is for")
                #expect(help.errors.isEmpty, "ringback \(command)")
            }
            let version = try await Invocation.run(["--version"], in: directory)
            #expect(version.status == 0)
            #expect(version.line == RingbackVersion.current)
        }
    }

    @Test("shows every outcome in the demo, delivered and verified")
    func demo() async throws {
        try await withTemporaryDirectory { directory in
            let demo = try await Invocation.run(["demo", "--once", "--listen", "0"], in: directory)
            #expect(demo.status == 0, "\(demo.output)\(demo.errors)")
            for outcome in TerminalStatus.allCases {
                let lines = demo.output.split(separator: "\n")
                #expect(lines.contains { $0.contains("response.\(outcome.rawValue)") && $0.contains("signature verified") })
                #expect(lines.contains { $0.contains("new/") && $0.hasSuffix(".\(outcome.rawValue).json") })
            }
            #expect(demo.errors.isEmpty)
        }
    }

    /// Every command with its parents' names before it, the root first.
    private static func commands(in description: JSON, below parents: [String] = []) -> [[String]] {
        let subcommands = (description["subcommands"]?.elements ?? []).filter { $0["commandName"] != "help" }
        return [parents]
            + subcommands.flatMap { subcommand in
                commands(in: subcommand, below: parents + [subcommand["commandName"]?.string ?? ""])
            }
    }
}
