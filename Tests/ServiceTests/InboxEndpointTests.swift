import Foundation
import RawJSON
import RingbackCore
import Testing

@Suite("An inbox of a running bridge", .serialized, .timeLimit(.minutes(3)))
struct InboxEndpointTests {
    @Test("with as many files as it may hold lets deliveries wait, and goes on by itself when scripts take some")
    func full() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try bridge.addToInbox("max_files: 2\n    output_text: true\n    mode: 0660")
            try await bridge.lend { _ in
                for _ in 0..<3 { try await bridge.register(try await surroundings.createResponse(["duration": "100ms"])) }
                try await eventually(within: .seconds(60), "two files are there and the third delivery waits") {
                    let waiting = try await bridge.list("/v1/deliveries?endpoint=scripts&status=pending")
                    return try bridge.jsonFiles().count == 2 && waiting.count == 1
                }
                let trial = try await bridge.run("endpoints", "test", "scripts")
                #expect(trial.status == 1)
                #expect(trial.output.contains("inbox_full"), "\(trial.output)")

                let claim = try await bridge.run("inbox", "next", "--dir", bridge.inbox.path)
                let text = claim.line.replacing(/\.json$/, with: ".txt")
                #expect(FileManager.default.fileExists(atPath: text), "the text was moved along: \(text)")
                try await eventually(within: .seconds(60), "the third file is there") { try bridge.jsonFiles().count == 2 }
                for delivery in try await bridge.list("/v1/deliveries?endpoint=scripts") {
                    try await eventually(within: .seconds(30), "the outcome is on record") {
                        try await bridge.get("/v1/deliveries/\(delivery["id"]?.string ?? "")").json()["status"] == "delivered"
                    }
                    let object = try await bridge.get("/v1/deliveries/\(delivery["id"]?.string ?? "")").json()
                    #expect(object["attempts"]?.elements?.count ?? object["attempts"]?.integer.map { Int($0) } == 1)
                }
            }
        }
    }

    @Test("that is gone makes dead letters, which arrive when it is back and they are redriven")
    func redriven() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try bridge.addToInbox("retry: { schedule: [200ms], jitter: 0 }", replacingRetry: true)
            try await bridge.lend { _ in
                // The directory is made for the first file; after that it is missed when it is gone.
                let first = try await surroundings.createResponse(["duration": "100ms"])
                try await bridge.register(first)
                _ = try await bridge.delivery(of: first, to: "scripts", status: "delivered")
                try FileManager.default.moveItem(at: bridge.inbox, to: surroundings.directory.appending(path: "away"))
                let response = try await surroundings.createResponse(["duration": "100ms"])
                try await bridge.register(response)
                let dead = try await bridge.delivery(of: response, to: "scripts", status: "dead")
                #expect(dead["dead_reason"] == "exhausted")
                try FileManager.default.moveItem(at: surroundings.directory.appending(path: "away"), to: bridge.inbox)
                let redrive = try await bridge.run("dead-letters", "redrive", "--endpoint", "scripts")
                #expect(redrive.status == 0, "\(redrive.errors)")
                try await eventually(within: .seconds(30), "the file is there") { try bridge.jsonFiles().count == 2 }
            }
        }
    }

    @Test("that the API adds later gets past events by a replay, and one that was acknowledged by a resend")
    func replayed() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            let late = surroundings.directory.appending(path: "late").path
            try await bridge.lend { _ in
                let response = try await surroundings.createResponse(["duration": "100ms"])
                try await bridge.register(response)
                _ = try await bridge.delivery(of: response, to: "scripts", status: "delivered")
                let added = try await bridge.run("endpoints", "add", "late", "--inbox", late)
                #expect(added.status == 0, "\(added.errors)")
                let replay = try await bridge.run("endpoints", "replay", "late", "--since", "1h")
                #expect(replay.status == 0, "\(replay.errors)")
                let first = try await bridge.run("inbox", "next", "--wait", "--timeout", "60s", "--dir", late)
                #expect(first.line.contains(".claimed-"), "\(first.errors)")
                let content = try JSON(parsing: Array(try Data(contentsOf: URL(filePath: first.line))))
                #expect(content["data"]?["id"]?.string == response)
                #expect(try await bridge.run("inbox", "ack", first.line).status == 0)

                let resent = try await bridge.run("events", "resend", content["id"]?.string ?? "", "--endpoint", "late")
                #expect(resent.status == 0, "\(resent.errors)")
                let second = try await bridge.run("inbox", "next", "--wait", "--timeout", "60s", "--dir", late, "--json")
                #expect(try second.json()["id"] == content["id"])
            }
        }
    }
}

extension Bridge {
    /// Adds settings to the endpoint `scripts`, before the start.
    fileprivate func addToInbox(_ lines: String, replacingRetry: Bool = false) throws {
        var text = try String(contentsOf: configuration, encoding: .utf8)
        let line = "inbox: \(inbox.path)"
        let parts = text.components(separatedBy: line)
        var rest = parts[1]
        if replacingRetry, let start = rest.range(of: "    retry:"), let end = rest[start.upperBound...].firstIndex(of: "\n") {
            rest.removeSubrange(start.lowerBound..<end)
        }
        text = parts[0] + line + "\n    " + lines + rest
        try text.write(to: configuration, atomically: true, encoding: .utf8)
    }

    fileprivate func jsonFiles() throws -> [String] {
        try inboxFiles().filter { $0.hasSuffix(".json") }
    }
}
