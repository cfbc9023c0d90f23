import Foundation
import RawJSON
import RingbackTesting
import Testing

/// The real binary at a directory that is filled here as a writer fills it.
@Suite("The inbox command", .serialized, .timeLimit(.minutes(5)))
struct InboxCommandTests {
    @Test("gives each of 500 files to exactly one of eight consumers")
    func manyConsumers() async throws {
        try await Self.lend { inbox in
            let names = (0..<500).map { "20261123T061208Z.resp_\($0).completed" }
            for name in names {
                try inbox.deliver("\(name).txt", "words")
                try inbox.deliver("\(name).json")
            }
            let consumers = try (0..<8).map { number in
                try inbox.shell(
                    "while file=$(ringback inbox next --lease 1h); do echo \"$file\"; done", log: "consumer-\(number)")
            }
            var claimed: [String] = []
            for consumer in consumers {
                #expect(await consumer.waitForExit()?.status == 0)
                claimed += consumer.lines.filter { $0.hasPrefix(inbox.directory.path) }
            }
            let stems = claimed.map { $0.components(separatedBy: "/").last ?? "" }.map { $0.components(separatedBy: ".claimed-")[0] }
            #expect(stems.count == 500)
            #expect(stems.sorted() == names.sorted())
            #expect(try inbox.names("new").isEmpty)
            #expect(try inbox.names("cur").count == 1000)

            let acknowledged = try await inbox.run(["ack"] + claimed)
            #expect(acknowledged.status == 0, "\(acknowledged.errors)")
            #expect(try inbox.names("cur").isEmpty)
        }
    }

    @Test("brings back what a consumer had claimed that was killed")
    func killedConsumer() async throws {
        try await Self.lend { inbox in
            try inbox.deliver("a.json")
            let consumer = try inbox.shell("ringback inbox next --lease 1s; exec sleep 600", log: "consumer")
            try await eventually(within: .seconds(60), "the consumer has its file") { consumer.lines.count == 1 }
            await consumer.kill()
            let first = consumer.lines[0]
            // The next one waits for the end of the lease.
            let next = try await inbox.run(["next", "--wait", "--timeout", "60s"])
            #expect(next.status == 0, "\(next.errors)")
            #expect(next.line != first && next.line.contains("/cur/a.claimed-"))

            let late = try await inbox.run(["ack", first])
            #expect(late.status == 1)
            #expect(late.errors.contains("is not claimed any more"))
            #expect(try await inbox.run(["ack", next.line]).status == 0)
            #expect(try inbox.names("cur").isEmpty)
        }
    }

    @Test("waits until there is a file, and leaves it; 124 tells that there is none")
    func waiting() async throws {
        try await Self.lend { inbox in
            let none = try await inbox.run(["next"])
            #expect(none.status == 124 && none.output.isEmpty && none.errors.contains("no file is in \(inbox.directory.path)"))
            #expect(try await inbox.run(["wait", "--timeout", "100ms"]).status == 124)
            #expect(try await inbox.run(["next", "--wait", "--timeout", "100ms"]).status == 124)

            let waiting = try inbox.shell("ringback inbox wait", log: "waiting")
            try inbox.deliver("a.json", "{\"id\":\"evt_1\"}\n")
            #expect(await waiting.waitForExit()?.status == 0)
            #expect(waiting.lines == ["\(inbox.directory.path)/new/a.json"])

            let content = try await inbox.run(["next", "--json"])
            #expect(content.output == "{\"id\":\"evt_1\"}\n")
            let path = content.errors.split(separator: "\n").last.map(String.init) ?? ""
            #expect(try await inbox.run(["nack", path]).status == 0)
            #expect(try inbox.names("new") == ["a.json"])
        }
    }

    @Test("lists what waits and what is claimed")
    func listing() async throws {
        try await Self.lend { inbox in
            #expect(try await inbox.run(["list"]).line == "The inbox is empty.")
            for name in ["a.json", "b.json", ".hidden"] { try inbox.deliver(name) }
            _ = try await inbox.run(["next", "--lease", "1h"])
            let text = try await inbox.run(["list"])
            #expect(text.output.contains("claimed") && text.output.contains("b.json"))
            #expect(text.output.contains("Given to no consumer: 1"))
            let entries = try #require(try await inbox.run(["list", "--json"]).json()["data"]?.elements)
            #expect(entries.map { $0["state"]?.string } == ["new", "claimed"])
            #expect(entries[1]["lease_until"]?.string != nil)
        }
    }

    @Test("says in words what it cannot do, and tells mistakes of use from trouble")
    func mistakes() async throws {
        try await Self.lend { inbox in
            try inbox.deliver("a.json")
            let cases: [(arguments: [String], status: Int32, message: String)] = [
                (["next", "--dir", "missing"], 1, "it is no inbox, or it is not there"),
                (["wait", "--dir", "missing"], 1, "it is no inbox, or it is not there"),
                (["list", "--dir", "run.sh"], 1, "is no directory"),
                (["ack", inbox.directory.path + "/new/a.json"], 1, "is no claimed file"),
                (["ack", "../../etc/passwd"], 1, "is no claimed file"),
                (["nack", "a.json"], 1, "is not claimed any more"),
                (["next", "--lease", "0s"], 2, "--lease takes 1s to 30d"),
                (["next", "--lease", "soon"], 2, "lease"),
                (["next", "--timeout", "1s"], 2, "--timeout needs --wait"),
                (["ack"], 2, "file"),
            ]
            try Data().write(to: inbox.home.appending(path: "run.sh"))
            for (arguments, status, message) in cases {
                let run = try await inbox.run(arguments)
                #expect(run.status == status, "\(arguments): \(run.errors)")
                #expect(run.errors.contains(message), "\(arguments): \(run.errors)")
                #expect(run.output.isEmpty)
            }
            #expect(try inbox.names("new") == ["a.json"])
        }
    }

    @Test("works in the README's loop: what is handled is gone, what is not comes back")
    func readmeLoop() async throws {
        try await Self.lend { inbox in
            let readme = try String(contentsOf: CommandLineTests.repository.appending(path: "README.md"), encoding: .utf8)
            let blocks = readme.components(separatedBy: "```sh\n").dropFirst().compactMap { $0.components(separatedBy: "\n```").first }
            let loop = try #require(blocks.first { $0.contains("inbox next --wait") })
            let handler = inbox.home.appending(path: "handle")
            // Handles everything, and the bad file only the second time.
            let script = """
                #!/bin/sh
                case "$1" in *bad*) [ -e tried ] || { touch tried; exit 1; } ;; esac
                cat "$1" >> handled
                """
            try Data(script.utf8).write(to: handler)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: handler.path)
            for name in ["1.good", "2.bad", "3.good"] { try inbox.deliver("\(name).json", "\(name)\n") }

            let consumer = try inbox.shell(loop.replacing("--after 1m", with: "--after 1s"), log: "loop")
            try await eventually(within: .seconds(60), "all three are handled, and gone") {
                let handled = try String(contentsOf: inbox.home.appending(path: "handled"), encoding: .utf8)
                return try handled.split(separator: "\n").sorted() == ["1.good", "2.bad", "3.good"] && inbox.names("cur").isEmpty
            }
            await consumer.killGroup()
            #expect(try inbox.names("new").isEmpty)
        }
    }

    @Test(
        "has systemd units that systemd finds in order",
        .enabled("systemd-analyze is not installed") { FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze") })
    func units() async throws {
        try await withTemporaryDirectory { directory in
            for suffix in ["path", "timer", "service"] {
                let source = CommandLineTests.repository.appending(path: "config/ringback-inbox.\(suffix)")
                // What the service runs is not installed where the tests run; whether it is there is all that systemd asks.
                let text = try String(contentsOf: source, encoding: .utf8).replacing("/usr/local/bin/ringback", with: "/bin/true")
                try Data(text.utf8).write(to: directory.appending(path: source.lastPathComponent))
            }
            let output = directory.appending(path: "output")
            let verification = try Self.process(
                "/usr/bin/systemd-analyze", ["verify", "./ringback-inbox.path", "./ringback-inbox.timer", "./ringback-inbox.service"],
                in: directory, log: output)
            let exit = await verification.waitForExit()
            #expect(exit?.status == 0, "\(verification.lines)")
            #expect(verification.lines.filter { $0.contains("ringback-inbox") }.isEmpty, "\(verification.lines)")
        }
    }

    private static func lend(_ body: (InboxOnDisk) async throws -> Void) async throws {
        try await withTemporaryDirectory { home in
            let inbox = InboxOnDisk(home: home)
            for folder in ["tmp", "new", "cur"] {
                try FileManager.default.createDirectory(at: inbox.directory.appending(path: folder), withIntermediateDirectories: true)
            }
            try await body(inbox)
        }
    }

    fileprivate static func process(_ program: String, _ arguments: [String], in directory: URL, log: URL) throws -> RingbackProcess {
        let binaries = try RingbackProcess.binary.deletingLastPathComponent().path
        return try RingbackProcess(
            arguments, environment: ["PATH": "\(binaries):/usr/bin:/bin"], directory: directory, log: log, program: URL(filePath: program))
    }
}

/// An inbox, and a directory around it for what goes with it.
private struct InboxOnDisk: Sendable {
    let home: URL

    var directory: URL { home.appending(path: "inbox") }

    func deliver(_ name: String, _ content: String = "{}\n") throws {
        let draft = directory.appending(path: "tmp/\(UUID().uuidString)")
        try Data(content.utf8).write(to: draft)
        try FileManager.default.moveItem(at: draft, to: directory.appending(path: "new/\(name)"))
    }

    func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: folder).path).sorted()
    }

    func run(_ arguments: [String]) async throws -> Invocation {
        try await Invocation.run(["inbox"] + arguments, environment: ["RINGBACK_INBOX": directory.path], in: home)
    }

    /// A shell that finds `ringback` and this inbox.
    func shell(_ script: String, log: String) throws -> RingbackProcess {
        try InboxCommandTests.process(
            "/bin/sh", ["-c", "export RINGBACK_INBOX='\(directory.path)'\n\(script.replacing("export RINGBACK_INBOX=./inbox", with: ""))"],
            in: home, log: home.appending(path: log))
    }
}

extension RingbackProcess {
    fileprivate var lines: [String] {
        logText.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("ringback: no file") }
    }
}
