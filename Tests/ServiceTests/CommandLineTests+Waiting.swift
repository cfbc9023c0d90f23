import Foundation
import RawJSON
import RingbackCore
import Sandbox
import Testing

/// `create`, `watch` and `cancel`: contract, section 3.
extension CommandLineTests {
    @Test("waits for a response that it creates, prints the output text, and tells the outcome by its exit code")
    func createAndWait() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let codes: [(outcome: TerminalStatus, code: Int32, reason: String)] = [
                    (.completed, 0, ""), (.failed, 3, "The sandbox was asked to fail this response."), (.incomplete, 4, "incomplete"),
                    (.cancelled, 5, "cancelled"),
                ]
                for (outcome, code, reason) in codes {
                    let run = try await bridge.run("create", "--wait", input: request(["outcome": outcome.rawValue, "duration": "300ms"]))
                    #expect(run.status == code, "\(outcome): \(run.errors)")
                    #expect(run.line.hasPrefix("Patience is not the ability to wait"), "\(outcome): what there is of the text is printed")
                    #expect(outcome == .completed ? run.errors.isEmpty : run.errors.contains(reason), "\(outcome): \(run.errors)")
                }
                let whole = try await bridge.run("create", "--wait", "--json", input: request(["duration": "300ms"]))
                #expect(whole.status == 0)
                let id = try #require(try whole.json()["id"]?.string)
                #expect(try await bridge.list("/v1/watches?response_id=\(id)").count == 1)
                let direct = try await surroundings.client.get("\(surroundings.upstreamURL)/responses/\(id)")
                #expect(whole.line == direct.text, "the response is the upstream's, byte for byte")
            }
        }
    }

    @Test("goes at once without --wait, and names what to do next")
    func createWithoutWaiting() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let text = try await bridge.run("create", "--endpoint", "scripts", input: request(["duration": "1h"]))
                #expect(text.status == 0)
                let watch = try #require(text.output.firstMatch(of: /ringback watches show (watch_[0-9a-f]+)/)?.1, "\(text.output)")
                let object = try await bridge.get("/v1/watches/\(watch)").json()
                #expect(object["endpoints"] == ["scripts"])

                let id = try #require(object["response_id"]?.string)
                let cancel = try await bridge.run("cancel", id)
                #expect(cancel.status == 0)
                let wait = try await bridge.run("watch", id, "--endpoint", "scripts", "--wait")
                #expect(wait.status == 5, "\(wait.errors)")

                let json = try await bridge.run("create", "--json", input: request([:]))
                #expect(try json.json()["status"] == "queued")
                let refused = try await bridge.run("create", input: request(["outcome": "nonsense"]))
                #expect(refused.status == 1)
                #expect(refused.errors.contains("sandbox.outcome"), "the upstream's own words are passed on: \(refused.errors)")
                let foreground = try await bridge.run("create", input: "{\"model\": \"m\", \"background\": false}")
                #expect(foreground.status == 2)
                #expect(foreground.errors.contains("background"))
            }
        }
    }

    @Test("waits for a response that somebody else created")
    func watchAndWait() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let id = try await surroundings.createResponse(["duration": "1s"])
                let registered = try await bridge.run("watch", id, "--metadata", "team=search")
                #expect(registered.status == 0)
                #expect(registered.output.contains(id))
                let json = try await bridge.run("watch", id, "--wait", "--json", "--timeout", "60s")
                #expect(json.status == 0, "\(json.errors)")
                let direct = try await surroundings.client.get("\(surroundings.upstreamURL)/responses/\(id)")
                #expect(json.line == direct.text)
                let text = try await bridge.run("watch", id, "--wait")
                #expect(text.line == (try direct.json()["output"]?[0]?["content"]?[0]?["text"]?.string))

                let callback = try await surroundings.createResponse(["duration": "100ms"])
                let own = try await bridge.run(
                    "watch", callback, "--callback", surroundings.receiverURL + "/own", "--callback-secret", surroundings.secret.reveal(),
                    "--endpoint", "scripts", "--wait")
                #expect(own.status == 0, "\(own.errors)")
                try await eventually(within: .seconds(30), "the callback of the watch alone has arrived, signed") {
                    surroundings.received.all.contains { $0.path.hasSuffix("/own") && $0.verdict == .verified }
                }
            }
        }
    }

    @Test("gives up with 124 when --timeout passes, and with 6 when the upstream has forgotten the response")
    func timeoutAndLoss() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings, notFoundGrace: "0s")
            try await bridge.lend { _ in
                async let forgotten = bridge.run(
                    "create", "--wait", input: request(["duration": "1h", "delta_interval": "200ms", "forget_after": "1s"]))
                async let slow = bridge.run("create", "--wait", "--timeout", "1s", input: request(["duration": "1h"]))
                let timedOut = try await slow
                #expect(timedOut.status == 124)
                #expect(timedOut.errors.contains("ringback watches show watch_"), "it says where to look: \(timedOut.errors)")
                let lost = try await forgotten
                #expect(lost.status == 6)
                #expect(lost.errors.contains("lost"), "\(lost.errors)")
            }
        }
    }

    @Test("refuses to watch for an endpoint that does not exist, and names the nearest; conditions of a new one are shown")
    func routing() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let watch = try await bridge.run("watch", "resp_1", "--endpoint", "scirpts")
                #expect(watch.status == 1)
                #expect(watch.errors.contains("Did you mean 'scripts'?"), "it says: \(watch.errors)")
                let create = try await bridge.run("create", "--endpoint", "scirpts", input: request([:]))
                #expect(create.status == 1)
                #expect(create.errors.contains("Did you mean 'scripts'?"), "it says: \(create.errors)")
                #expect(try await bridge.list("/v1/watches").isEmpty)

                let pager = try await bridge.run(
                    "endpoints", "add", "pager", "--url", surroundings.receiverURL, "--match", "status=failed", "--match", "status=lost",
                    "--match", "metadata.team=search")
                #expect(pager.status == 0, "\(pager.errors)")
                #expect(pager.output.contains("failed, lost") && pager.output.contains("search"), "\(pager.output)")
                let wrong = try await bridge.run(
                    "endpoints", "add", "other", "--url", surroundings.receiverURL, "--match", "modle=gpt-*")
                #expect(wrong.status == 1)
                #expect(wrong.errors.contains("Did you mean 'model'?"), "it says: \(wrong.errors)")
            }
        }
    }

    /// The body of a create call; `background` is left to the command.
    private func request(_ script: [String: String]) -> String {
        let metadata = script.map { "\"sandbox.\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
        return "{\"model\": \"test\", \"input\": \"hi\", \"metadata\": {\(metadata)}}"
    }
}
