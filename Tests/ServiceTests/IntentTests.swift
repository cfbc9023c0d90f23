import Foundation
import RawJSON
import RingbackCore
import RingbackTesting
import Testing

/// What the upstream accepted is watched, even when the bridge dies before it has heard of it.
@Suite("A create whose answer never came", .timeLimit(.minutes(5)))
struct IntentTests {
    private static let create = #"{"model":"m","input":"hi","background":true,"metadata":{"team":"a"}}"#

    /// Whether a call ends without an answer.
    private static func isBrokenOff(_ call: @Sendable () async throws -> TestClient.Answer) async -> Bool {
        do {
            _ = try await call()
            return false
        } catch {
            return true
        }
    }

    @Test(
        "is found by the bridge that starts after the kill, which rings back as its client had asked",
        arguments: [WithholdingUpstream.Manner.lists, .isIdempotent])
    func killed(_ manner: WithholdingUpstream.Manner) async throws {
        try await Surroundings.lend { surroundings in
            try await WithholdingUpstream.lend(manner) { upstream, url in
                let bridge = try Bridge(
                    surroundings, upstreamURL: url,
                    upstreamLines: "idempotent_creates: \(manner == .isIdempotent)\n    poll: { interval: 200ms, max_interval: 1s }")
                let first = try bridge.start()
                try await bridge.waitUntilReady()
                // The client's connection dies with the bridge.
                async let isBrokenOff = Self.isBrokenOff {
                    try await surroundings.client.post(
                        bridge.url + "/v1/responses", Self.create, headers: [("Ringback-Endpoints", "app")])
                }
                try await eventually(within: .seconds(60), "the upstream has accepted the create") { !upstream.accepted.isEmpty }
                await first.kill()
                try #require(await isBrokenOff)
                #expect(upstream.accepted.count == 1)
                upstream.answer()

                try await bridge.lend { _ in
                    try await eventually(within: .seconds(60), "the callback came") {
                        try surroundings.received.webhookIDs()["resp_1"]?.count == 1
                    }
                    let watches = try await surroundings.client.get(bridge.url + "/v1/watches?response_id=resp_1").json()
                    #expect(watches["data"]?.elements?.compactMap { $0["endpoints"] } == [["app"]])
                    // It was named for one endpoint, so the other one stays empty.
                    #expect(try bridge.inboxFiles().isEmpty)
                }
                #expect(upstream.accepted.count == 1, "the create made a second response")
            }
        }
    }

    @Test("is asked about and kept on record where the upstream can tell nothing")
    func cannotBeAsked() async throws {
        try await Surroundings.lend { surroundings in
            try await WithholdingUpstream.lend(.neither) { upstream, url in
                let bridge = try Bridge(surroundings, upstreamURL: url)
                let first = try bridge.start()
                try await bridge.waitUntilReady()
                async let isBrokenOff = Self.isBrokenOff {
                    try await surroundings.client.post(bridge.url + "/v1/responses", Self.create)
                }
                try await eventually(within: .seconds(60), "the upstream has accepted the create") { !upstream.accepted.isEmpty }
                await first.kill()
                try #require(await isBrokenOff)
                upstream.answer()
                try await bridge.lend { _ in
                    try await eventually(within: .seconds(60), "the create is being looked into") {
                        try await surroundings.client.get(bridge.url + "/metrics").text.contains("\nringback_creates_left_over 1\n")
                    }
                }
                #expect(upstream.accepted.count == 1)
            }
        }
    }
}
