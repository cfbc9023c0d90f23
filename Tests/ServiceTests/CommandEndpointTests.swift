import Foundation
import RawJSON
import RingbackCore
import Testing

@Suite("A command of a running bridge", .serialized, .timeLimit(.minutes(3)))
struct CommandEndpointTests {
    @Test("is run for each event, and its output is kept in the attempt")
    func delivered() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            let file = surroundings.directory.appending(path: "seen").path
            try bridge.add(
                command: #"[/bin/sh, -c, 'cat > "$0"; echo "$RINGBACK_STATUS $TEAM"; env >&2', \#(file)]"#,
                "environment: { TEAM: search }")
            try await bridge.lend { _ in
                let response = try await surroundings.createResponse(["duration": "100ms"])
                try await bridge.register(response)
                let delivery = try await bridge.delivery(of: response, to: "program", status: "delivered")
                let seen = try JSON(parsing: Array(try Data(contentsOf: URL(filePath: file))))
                #expect(seen["data"]?["id"]?.string == response)
                #expect(seen["ringback"]?["upstream"]?.string == "default")

                let shown = try await bridge.run("deliveries", "show", delivery["id"]?.string ?? "")
                #expect(shown.output.contains("completed search"), "\(shown.output)")
                // What the bridge itself was given is not what its children get.
                #expect(!shown.output.contains("RINGBACK_MASTER_KEY"))
            }
        }
    }

    @Test("is tried with a test event, and shown without its arguments")
    func tried() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try bridge.add(command: "[/bin/sh, -c, 'echo nothing doing; exit 3', private-argument]")
            try await bridge.lend { _ in
                let trial = try await bridge.run("endpoints", "test", "program")
                #expect(trial.status == 1)
                #expect(trial.output.contains("command_failed") && trial.output.contains("exited with 3"), "\(trial.output)")
                #expect(trial.output.contains("nothing doing"), "\(trial.output)")
                let shown = try await bridge.run("endpoints", "show", "program", "--json")
                #expect(try shown.json()["kind"] == "command" && shown.json()["command"] == "/bin/sh")
                #expect(!shown.output.contains("private-argument"))
            }
        }
    }

    @Test("that runs at SIGTERM may finish within the shutdown's time")
    func shutdown() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            let file = surroundings.directory.appending(path: "state")
            try bridge.add(command: "[/bin/sh, -c, 'echo begun > \"$0\"; sleep 1; echo done > \"$0\"', \(file.path)]")
            try await bridge.lend { _ in
                try await bridge.register(try await surroundings.createResponse(["duration": "100ms"]))
                try await eventually(within: .seconds(30), "the command runs") {
                    try String(contentsOf: file, encoding: .utf8).hasPrefix("begun")
                }
            }
            #expect(try String(contentsOf: file, encoding: .utf8) == "done\n")
        }
    }
}

extension Bridge {
    /// Adds an endpoint `program`, before the start.
    fileprivate func add(command: String, _ lines: String...) throws {
        let text = try String(contentsOf: configuration, encoding: .utf8)
        let endpoint = (["  - name: program", "command: \(command)"] + lines).joined(separator: "\n    ")
        try text.replacing("endpoints:\n", with: "endpoints:\n\(endpoint)\n").write(to: configuration, atomically: true, encoding: .utf8)
    }
}
