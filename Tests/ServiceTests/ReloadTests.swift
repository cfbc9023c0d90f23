import Foundation
import RawJSON
import RingbackCore
import Testing

/// `POST /v1/reload` and SIGHUP on the real binary: contract, section 4.
@Suite("A changed configuration", .serialized, .timeLimit(.minutes(3)))
struct ReloadTests {
    @Test("is taken over by POST /v1/reload while everything runs, and the next response goes where it says")
    func reload() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let running = try await surroundings.createResponse(["duration": "2s"])
                try await bridge.register(running)
                let archive = surroundings.directory.appending(path: "archive")
                try bridge.editConfiguration {
                    $0.replacing("endpoints:\n", with: "endpoints:\n  - { name: archive, inbox: \(archive.path) }\n")
                }
                let answer = try await surroundings.client.post(bridge.url + "/v1/reload", "")
                #expect(answer.status == 200, "\(answer.text)")
                #expect(try answer.json()["changed"] == ["endpoints"])
                #expect(try answer.json()["needs_restart"] == [])
                #expect(try await bridge.list("/v1/endpoints").compactMap { $0["name"]?.string } == ["app", "archive", "scripts"])
                // The response began before the reload and is followed through it.
                try await eventually(within: .seconds(60), "the running response reaches the new endpoint") {
                    try FileManager.default.contentsOfDirectory(atPath: archive.appending(path: "new").path).contains {
                        $0.contains(running)
                    }
                }
            }
        }
    }

    @Test("that is broken changes nothing: the answer points at the mistake, the log and the metric tell of it")
    func broken() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { process in
                let before = try await bridge.get("/v1/endpoints").text
                try bridge.editConfiguration {
                    $0.replacing("inbox:", with: "inbx:").replacing("endpoints:\n", with: "endpoints:\n  - { name: more, inbox: ./more }\n")
                }
                let answer = try await surroundings.client.post(bridge.url + "/v1/reload", "")
                #expect(answer.status == 422)
                #expect(try answer.json()["type"] == "urn:ringback:problem:configuration-refused")
                let errors = try #require(try answer.json()["errors"]?.elements).compactMap { $0["detail"]?.string }
                #expect(errors.contains { $0.contains("ringback.yaml:") && $0.contains("inbox") }, "\(errors)")
                #expect(!answer.text.contains(surroundings.secret.reveal()))
                #expect(try await bridge.get("/v1/endpoints").text == before)

                process.signal(SIGHUP)
                try await eventually(within: .seconds(30), "the second refusal is counted") {
                    try await bridge.get("/metrics").text.contains("ringback_config_reloads_total{result=\"refused\"} 2")
                }
                #expect(try await bridge.get("/metrics").text.contains("ringback_config_last_reload_successful 0"))
                #expect(try String(contentsOf: process.log, encoding: .utf8).contains("nothing was changed"))
                #expect(try await bridge.get("/v1/endpoints").text == before)
            }
        }
    }

    @Test("is taken over by SIGHUP, endpoints of the API stay, and what needs a restart is named")
    func hangUp() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { process in
                let made = try await surroundings.client.post(
                    bridge.url + "/v1/endpoints", "{\"name\": \"made\", \"inbox\": \"\(surroundings.directory.path)/made\"}")
                #expect(made.status == 201, "\(made.text)")
                try bridge.editConfiguration { $0.replacing("name: scripts", with: "name: files") + "\nlog_level: warning\n" }
                process.signal(SIGHUP)
                try await eventually(within: .seconds(30), "the renamed endpoint is there") {
                    try await bridge.list("/v1/endpoints").compactMap { $0["name"]?.string } == ["app", "files", "made"]
                }
                let again = try await bridge.run("config", "reload")
                #expect(again.status == 0, "\(again.errors)")
                try bridge.editConfiguration { $0.replacing("listen: 127.0.0.1:", with: "listen: localhost:") }
                let restart = try await bridge.run("config", "reload")
                #expect(restart.output.contains("listen"), "it names what waits for a restart: \(restart.output)")
            }
        }
    }

    @Test("turns the level of the log, unless the command line has said it", arguments: [[], ["--log-level", "info"]])
    func logLevel(arguments: [String]) async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            let process = try RingbackProcess(
                ["serve", "--config", bridge.configuration.path] + arguments, directory: surroundings.directory,
                log: surroundings.directory.appending(path: "bridge.log"))
            do {
                try await bridge.waitUntilReady()
                try bridge.editConfiguration { $0 + "\nlog_level: warning\n" }
                let answer = try await surroundings.client.post(bridge.url + "/v1/reload", "")
                #expect(try answer.json()["changed"] == ["log_level"], "\(answer.text)")
                // Told before the answer, at `notice`: after the turn it is too unimportant.
                #expect(process.logText.contains("The configuration was read again") == !arguments.isEmpty)
            } catch {
                await process.kill()
                throw error
            }
            #expect(await process.terminate()?.status == 0)
        }
    }
}

extension Bridge {
    fileprivate func editConfiguration(_ edit: (String) -> String) throws {
        let text = try String(contentsOf: configuration, encoding: .utf8)
        try edit(text).write(to: configuration, atomically: true, encoding: .utf8)
    }
}
