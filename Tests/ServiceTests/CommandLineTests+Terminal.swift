import Foundation
import RawJSON
import RingbackCore
import Testing

// Commands at a terminal: `script` gives them one.
extension CommandLineTests {
    @Test("shows how a wait goes on at a terminal, and leaves the result alone in its lines")
    func waitingAtTerminal() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let response = try await surroundings.createResponse(["duration": "4s"])
                let screen = try await Self.typescript(["watch", response, "--wait"], bridge)
                #expect(screen.contains("\r\(response)  in_progress"), "\(screen.debugDescription)")
                // What stands in a line when all is done: the live line was erased before the others came.
                let lines = screen.split(separator: "\r\n").map {
                    $0.split(separator: "\u{1B}[K", omittingEmptySubsequences: false).last ?? ""
                }
                #expect(lines.contains { $0.hasPrefix("\(response)  completed  ") && $0.contains("output token") }, "\(lines)")
                #expect(lines.contains { $0.hasPrefix("Patience is not the ability to wait") }, "\(lines)")
            }
        }
    }

    @Test("shows a live picture at a terminal until q is pressed and gives the terminal back, and prints one elsewhere")
    func top() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let response = try await surroundings.createResponse(["duration": "100ms"])
                try await bridge.register(response)
                _ = try await bridge.delivery(of: response, to: "app", status: "delivered")
                let once = try await bridge.run("top")
                #expect(once.status == 0, "\(once.errors)")
                #expect(once.output.hasPrefix("ringback ") && once.output.contains(response) && !once.output.contains("\u{1B}"))
                #expect(once.output.contains("\nscripts") && once.output.contains("watches   0 open"))

                let screen = try await Self.typescript(["top"], bridge, keys: "q")
                #expect(screen.contains("\u{1B}[?1049h\u{1B}[?25l\u{1B}[H"), "\(screen.debugDescription.prefix(200))")
                #expect(screen.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
                #expect(screen.contains(response.prefix(16)), "the rest may not fit")

                let refused = try await Invocation.run(
                    ["top"], environment: ["RINGBACK_SERVER": "http://127.0.0.1:1"], in: surroundings.directory)
                #expect(refused.status == 1 && refused.output.isEmpty)
            }
        }
    }

    /// What a command writes to a terminal of its own, byte for byte.
    static func typescript(_ arguments: [String], _ bridge: Bridge, keys: String = "") async throws -> String {
        let directory = bridge.surroundings.directory
        let (log, input) = (directory.appending(path: "typescript-\(UUID().uuidString)"), directory.appending(path: "keys"))
        try Data(keys.utf8).write(to: input)
        let command = try ([RingbackProcess.binary.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let process = try RingbackProcess(
            ["--quiet", "--return", "--command", command, "/dev/null"], environment: ["RINGBACK_SERVER": bridge.url, "TERM": "xterm"],
            directory: directory, log: log, input: input, program: URL(filePath: "/usr/bin/script"))
        let exit = await process.waitForExit()
        if exit == nil { await process.killGroup() }
        #expect(exit == RingbackProcess.Exit(status: 0, wasSignalled: false), "\(process.logText)")
        return process.logText
    }
}
