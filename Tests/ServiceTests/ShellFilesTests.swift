import Foundation
import RingbackTesting
import Testing

@Suite("What shells and manual readers get", .timeLimit(.minutes(5)))
struct ShellFilesTests {
    @Test("is a completion script that the shell can read", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) async throws {
        try await withTemporaryDirectory { directory in
            let script = try await Invocation.run(["completions", shell], in: directory)
            #expect(script.status == 0)
            #expect(script.output.contains("dead-letters") && script.output.contains("doctor"))
            let program = URL(filePath: "/usr/bin/\(shell)")
            // Not every machine has every shell.
            guard FileManager.default.fileExists(atPath: program.path) else { return }
            let file = directory.appending(path: "script")
            try Data(script.output.utf8).write(to: file)
            let check = try await Invocation.run(["-n", file.path], in: directory, program: program)
            #expect(check.status == 0, "\(check.errors)")
        }
    }

    @Test("is a page for every command, which a formatter takes without a word")
    func manual() async throws {
        try await withTemporaryDirectory { directory in
            let pages = directory.appending(path: "man")
            #expect(try await Invocation.run(["manual", pages.path, "--date", "2026-11-29"], in: directory).status == 0)
            let names = try FileManager.default.contentsOfDirectory(atPath: pages.path).sorted()
            #expect(names.contains("ringback.1") && names.contains("ringback-endpoints.1") && !names.contains("ringback-manual.1"))
            let endpoints = try String(contentsOf: pages.appending(path: "ringback-endpoints.1"), encoding: .utf8)
            #expect(endpoints.contains(".SS ringback endpoints rotate\\-secret"))
            let formatter = URL(filePath: "/usr/bin/mandoc")
            guard FileManager.default.fileExists(atPath: formatter.path) else { return }
            for name in names {
                let lint = try await Invocation.run(
                    ["-T", "lint", "-W", "warning", pages.appending(path: name).path], in: directory, program: formatter)
                #expect(lint.status == 0, "\(name): \(lint.output)\(lint.errors)")
            }
        }
    }
}
