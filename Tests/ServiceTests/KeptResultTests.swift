import Foundation
import RawJSON
import RingbackCore
import Sandbox
import Testing
import WebhookSignature

/// Vendors forget, receivers are down, bridges restart: the result has to be there all the same, or what is missing has to be said.
@Suite("A finished result", .serialized, .timeLimit(.minutes(3)))
struct KeptResultTests {
    private func isForgotten(_ response: String, _ surroundings: Surroundings) async throws -> Bool {
        try await surroundings.client.get(surroundings.upstreamURL + "/responses/\(response)").status == 404
    }

    private func watch(_ bridge: Bridge) async throws -> JSON {
        try #require(try await bridge.list("/v1/watches").first)
    }

    private func callbacks(_ bridge: Bridge) throws -> [JSON] {
        try bridge.surroundings.received.all.map { try JSON(parsing: $0.body) }
    }

    @Test("is delivered whole long after the vendor has forgotten it, to a receiver that was down, and over a kill")
    func receiverDown() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings, payload: "full")
            surroundings.received.answer(503)
            let process = try bridge.start()
            try await bridge.waitUntilReady()
            let response = try await surroundings.createResponse(["duration": "500ms", "forget_after": "8s", "output_bytes": "5000"])
            try await bridge.register(response)
            try await eventually(within: .seconds(30), "the watch ends") { try await watch(bridge)["status"] == "completed" }
            try await eventually(within: .seconds(30), "the vendor forgets") { try await isForgotten(response, surroundings) }
            #expect(surroundings.received.all.isEmpty)
            await process.kill()
            surroundings.received.answer(204)
            try await bridge.lend { _ in
                try await eventually(within: .seconds(60), "the callback arrives") { !surroundings.received.all.isEmpty }
                let kept = try await surroundings.client.get(bridge.url + "/v1/watches/\(watch(bridge)["id"]?.string ?? "")/response")
                #expect(kept.status == 200)
                let callback = try #require(surroundings.received.all.first)
                #expect(callback.verdict == .verified)
                // Byte for byte: the callback holds what the store holds.
                #expect(String(decoding: callback.body, as: UTF8.self).hasSuffix(#""data":"# + kept.text + "}"))
                let data = try #require(try JSON(parsing: callback.body)["data"])
                #expect(data["id"] == .string(response))
                #expect(data["status"] == "completed")
                #expect(data["output"] != nil && data["omitted"] == nil)
            }
        }
    }

    @Test("that the vendor forgot while Ringback was down is lost, and not called failed")
    func ringbackDown() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings, notFoundGrace: "100ms", events: "[response.*, watch.*]")
            let process = try bridge.start()
            try await bridge.waitUntilReady()
            let response = try await surroundings.createResponse(["duration": "6s", "forget_after": "8s"])
            try await bridge.register(response)
            await process.kill()
            try await eventually(within: .seconds(30), "the vendor forgets") { try await isForgotten(response, surroundings) }
            try await bridge.lend { _ in
                try await eventually(within: .seconds(60), "the watch ends") { try await watch(bridge)["status"] == "lost" }
                try await eventually(within: .seconds(30), "the callback arrives") { !surroundings.received.all.isEmpty }
                #expect(try callbacks(bridge).map { $0["type"] } == ["watch.lost"])
                #expect(try await bridge.list("/v1/events").map { $0["type"] } == ["watch.lost"])
                let gone = try await surroundings.client.get(bridge.url + "/v1/watches/\(watch(bridge)["id"]?.string ?? "")/response")
                #expect(gone.status == 410)
                #expect(gone.text.contains("the response is lost"))
            }
        }
    }

    @Test("that is too large to keep rings without it, and everybody hears why")
    func oversized() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings, payload: "full", retention: "{ max_response_size: 64KiB }")
            try await bridge.lend { process in
                let response = try await surroundings.createResponse(["duration": "300ms", "output_bytes": "300000"])
                try await bridge.register(response)
                try await eventually(within: .seconds(60), "the callback arrives") { !surroundings.received.all.isEmpty }
                let data = try #require(try callbacks(bridge).first?["data"])
                #expect(data["id"] == .string(response))
                #expect(data["status"] == "completed")
                #expect(data["output"] == nil)
                #expect(data["omitted"]?["reason"] == "too_large")
                #expect(data["omitted"]?["limit"] == 65536)
                #expect(try #require(data["omitted"]?["bytes"]?.integer) > 300_000)
                try await eventually(within: .seconds(30), "the file arrives") { try !bridge.inboxFiles().isEmpty }
                let file = try String(
                    contentsOf: bridge.inbox.appending(path: "new").appending(path: #require(try bridge.inboxFiles().first)),
                    encoding: .utf8)
                #expect(file.contains("too_large"))

                let watch = try await watch(bridge)
                #expect(watch["status"] == "completed")
                #expect(watch["last_error"]?.string?.contains("retention.max_response_size is 64KiB") == true)
                let answer = try await surroundings.client.get(bridge.url + "/v1/watches/\(watch["id"]?.string ?? "")/response")
                #expect(answer.status == 410)
                #expect(try answer.json()["type"] == "urn:ringback:problem:response-too-large")
                let words = ["64KiB", "retention.max_response_size", "GET \(surroundings.upstreamURL)/responses/\(response)"]
                #expect(words.allSatisfy { answer.text.contains($0) }, "\(answer.text)")
                let wait = try await bridge.run("watch", response, "--wait")
                #expect(wait.status == 1)
                #expect(wait.errors.contains("retention.max_response_size"), "it says: \(wait.errors)")
                #expect(process.logText.split(separator: "\n").count { $0.contains("too large to be kept") } == 1)
            }
        }
    }

    @Test("is heard of by a vendor's webhook long before the next poll, and only when it is true")
    func ingest() async throws {
        try await Surroundings.lend { surroundings in
            let ingest = """
                follow: poll
                    poll: { interval: 1h, max_interval: 1h }
                    ingest: { scheme: standard_webhooks, secret: \(surroundings.secret.reveal()) }
                """
            let bridge = try Bridge(surroundings, upstreamLines: ingest)
            try await bridge.lend { _ in
                let response = try await surroundings.createResponse(["duration": "3s"])
                try await bridge.register(response)
                try await eventually(within: .seconds(30), "the first look was made") { try await watch(bridge)["following"] == "poll" }
                let body = #"{"id":"evt_1","object":"event","type":"response.completed","data":{"id":"\#(response)"}}"#
                // A flood of them, all verified and none of them true yet.
                for _ in 0..<50 {
                    #expect(try await surroundings.ingest(body, at: bridge.url + "/v1/ingest/default").status == 204)
                }
                #expect(try await watch(bridge)["status"]?.string.map { ["queued", "in_progress"].contains($0) } == true)
                #expect(try await bridge.list("/v1/events").isEmpty)
                try await eventually(within: .seconds(30), "the response ends") {
                    try await surroundings.client.get(surroundings.upstreamURL + "/responses/\(response)").json()["status"] == "completed"
                }
                #expect(try await surroundings.ingest(body, at: bridge.url + "/v1/ingest/default").status == 204)
                try await eventually(within: .seconds(60), "the callback arrives") { !surroundings.received.all.isEmpty }
                let metrics = try await surroundings.client.get(bridge.url + "/metrics").text
                #expect(metrics.contains(#"ringback_ingest_webhooks_total{upstream="default",result="accepted"} 51"#), "\(metrics)")
            }
        }
    }
}

extension Surroundings {
    /// Sends a webhook as a vendor would that signs with ``secret``.
    fileprivate func ingest(_ body: String, at url: String) async throws -> TestClient.Answer {
        let key = try SigningKey(validating: secret)
        let headers = WebhookSigner.headers(id: "wh_1", timestamp: SystemTime().wallNow, body: Array(body.utf8), keys: [key])
        return try await client.post(url, body, headers: headers)
    }
}
