import Foundation
import RawJSON
import RingbackCore
import Testing

@Suite("A bridge that is told to stop while it relays", .timeLimit(.minutes(3)))
struct RelayShutdownTests {
    private static func create(_ duration: String) -> String {
        """
        {"model": "m", "input": "hi", "background": true, "stream": true,
         "metadata": {"sandbox.duration": "\(duration)", "sandbox.delta_interval": "100ms"}}
        """
    }

    @Test("lets a stream that soon ends come to its end, breaks off one that goes on, and ends")
    func terminates() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            let process = try bridge.start()
            try await bridge.waitUntilReady()
            let url = bridge.url + "/v1/responses"
            async let short = Self.text { try await surroundings.client.post(url, Self.create("2s")) }
            async let long = Self.text { try await surroundings.client.post(url, Self.create("60s")) }
            // Both streams are open when both responses are watched.
            try await eventually(within: .seconds(60), "both responses are watched") {
                let watches = try await surroundings.client.get(bridge.url + "/v1/watches").json()
                return watches["data"]?.elements?.count == 2
            }
            let exit = await process.terminate()
            #expect(exit == RingbackProcess.Exit(status: 0, wasSignalled: false))
            #expect(await short?.contains("response.completed") == true)
            #expect(await long == nil)
        }
    }

    /// - Returns: `nil` when the answer did not come to a proper end.
    private static func text(_ call: @Sendable () async throws -> TestClient.Answer) async -> String? {
        do {
            return try await call().text
        } catch {
            return nil
        }
    }
}
