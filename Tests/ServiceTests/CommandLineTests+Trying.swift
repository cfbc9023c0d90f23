import Foundation
import RawJSON
import RingbackCore
import Sandbox
import Testing

/// `trigger`, `endpoints test` and `listen --forward-to`: trying an endpoint without a vendor.
extension CommandLineTests {
    @Test("a triggered sample goes through a local listener to the developer's program, signed, and the attempt is shown phase by phase")
    func trigger() async throws {
        try await Surroundings.lend { surroundings in
            let listenerPort = try Bridge.freePort()
            let listenerLog = surroundings.directory.appending(path: "listener.log")
            let listener = try RingbackProcess(
                ["listen", "--listen", "\(listenerPort)", "--forward-to", surroundings.receiverURL],
                environment: ["RINGBACK_WEBHOOK_SECRET": surroundings.secret.reveal()], directory: surroundings.directory, log: listenerLog)
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                try await surroundings.waitForListener(at: "http://127.0.0.1:\(listenerPort)/")
                let endpoint = """
                    {"name": "dev", "url": "http://127.0.0.1:\(listenerPort)/", "secret": "\(surroundings.secret.reveal())", "payload": "full"}
                    """
                let created = try await surroundings.client.post(bridge.url + "/v1/endpoints", endpoint)
                #expect(created.status == 201, "\(created.text)")

                let shown = try await bridge.run("trigger", "response.failed", "--endpoint", "dev")
                #expect(shown.status == 0, "\(shown.errors)")
                for word in ["outcome", "succeeded", "204", "127.0.0.1", "first byte", "total"] {
                    #expect(shown.output.contains(word), "\(word) is missing in: \(shown.output)")
                }
                let callback = try #require(surroundings.received.all.first)
                #expect(callback.verdict == .verified, "the signature survives being handed on")
                let body = try JSON(parsing: callback.body)
                #expect(body["type"] == "response.failed")
                #expect(body["data"]?["error"]?["code"] == "server_error")
                let printed = try String(contentsOf: listenerLog, encoding: .utf8)
                #expect(printed.contains("signature verified"))
                #expect(printed.contains("-> \(surroundings.receiverURL)  204"))

                // The sample leaves no trace: nothing was recorded that could be retried or counted.
                #expect(try await bridge.list("/v1/deliveries").isEmpty)
                #expect(try await bridge.list("/v1/events").isEmpty)

                surroundings.received.answer(500)
                let refused = try await bridge.run("endpoints", "test", "dev", "--json")
                #expect(refused.status == 1)
                #expect(try refused.json()["http_status"] == 500, "the listener answers what the program answered")
                let unknown = try await bridge.run("trigger", "response.fail", "--endpoint", "dev")
                #expect(unknown.status != 0)
                #expect(unknown.errors.contains("response.failed"), "it suggests: \(unknown.errors)")
            }
            _ = await listener.terminate()
        }
    }

    @Test("a listener does not hand on what is not signed with its secret")
    func forged() async throws {
        try await Surroundings.lend { surroundings in
            let port = try Bridge.freePort()
            let listener = try RingbackProcess(
                ["listen", "--listen", "\(port)", "--forward-to", surroundings.receiverURL],
                environment: ["RINGBACK_WEBHOOK_SECRET": surroundings.secret.reveal()], directory: surroundings.directory,
                log: surroundings.directory.appending(path: "listener.log"))
            try await surroundings.waitForListener(at: "http://127.0.0.1:\(port)/")
            let answer = try await surroundings.client.post("http://127.0.0.1:\(port)/", "{}")
            #expect(answer.status == 401)
            #expect(surroundings.received.all.isEmpty)
            _ = await listener.terminate()
        }
    }
}

extension Surroundings {
    /// Waits until a server answers, whatever it answers.
    fileprivate func waitForListener(at url: String) async throws {
        try await eventually(within: .seconds(60), "somebody answers at \(url)") {
            _ = try await client.get(url)
            return true
        }
    }
}
