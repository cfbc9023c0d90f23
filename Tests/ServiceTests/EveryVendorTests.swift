import RawJSON
import RingbackCore
import Sandbox
import Testing
import Transport

/// The whole way, with the real binary, for every vendor that the sandbox plays.
@Suite("Every vendor", .serialized, .timeLimit(.minutes(5)))
struct EveryVendorTests {
    /// Vendors that refuse to cancel a running response.
    private static let cancelRefusals: Set<String> = ["llama-stack", "databricks"]

    @Test("is followed to each outcome, and through a cancel, to the right callback", arguments: Dialect.all.map(\.name))
    func outcomes(_ vendor: String) async throws {
        let dialect = try #require(Dialect.named(vendor))
        try await Surroundings.lend(dialect: dialect) { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                var expected: [String: String] = [:]
                for streaming in [false, true] {
                    for outcome in TerminalStatus.allCases {
                        let script = ["outcome": outcome.rawValue, "duration": "1500ms"]
                        guard let id = try await surroundings.begin(script, streaming: streaming) else { continue }
                        try await bridge.register(id)
                        // This vendor does not know the word.
                        let end = vendor == "perplexity" && outcome == .incomplete ? TerminalStatus.completed : outcome
                        expected[id] = "response.\(end.rawValue)"
                    }
                    if let id = try await Self.cancelled(bridge, vendor, streaming: streaming) { expected[id] = "response.cancelled" }
                }
                try await eventually(within: .seconds(60), "a callback for each of \(expected.count) responses has come") {
                    try surroundings.received.types().count >= expected.count
                }
                let received = try surroundings.received.types()
                for (id, type) in expected {
                    #expect(received[id]?.contains(type) == true, "\(vendor): \(type) expected, \(received[id] ?? []) received")
                }
            }
        }
    }

    /// Begins a response, cancels it through the bridge, and answers its id; `nil` where there is no such thing.
    private static func cancelled(_ bridge: Bridge, _ vendor: String, streaming: Bool) async throws -> String? {
        guard !cancelRefusals.contains(vendor),
            let id = try await bridge.surroundings.begin(["duration": "1h", "delta_interval": "1h"], streaming: streaming)
        else { return nil }
        let client = bridge.surroundings.client
        let watch = try await client.post(bridge.url + "/v1/watches", "{\"response_id\": \"\(id)\"}")
        let name = try #require(try watch.json()["id"]?.string)
        let answer = try await client.post(bridge.url + "/v1/watches/\(name)/cancel", "")
        #expect((200..<300).contains(answer.status), "the cancel was answered \(answer.status): \(answer.text)")
        return id
    }
}

extension Surroundings {
    /// Enough of a stream to hold the id of its response, which may be long.
    private static let beginning = 700

    /// Creates a background response and goes away as soon as its id is known.
    ///
    /// - Returns: The id; `nil` when the vendor refuses.
    fileprivate func begin(_ script: [String: String], streaming: Bool) async throws -> String? {
        let metadata = script.map { "\"sandbox.\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
        let body = "{\"model\": \"m\", \"background\": true, \"stream\": \(streaming), \"metadata\": {\(metadata)}}"
        let request = TransferRequest(
            method: .post, url: upstreamURL + "/responses", headers: [(name: "Content-Type", value: "application/json")],
            body: Array(body.utf8))
        let answer = try await client.transport.perform(request, keeping: Self.beginning)
        guard (200..<300).contains(answer.head.status) else { return nil }
        let text = String(decoding: answer.body, as: UTF8.self)
        return try #require(text.firstMatch(of: /"id":"([^"]+)"/), "no id in \(text)").1.description
    }
}

extension ReceivedCallbacks {
    /// The types of event that came for each response.
    fileprivate func types() throws -> [String: Set<String>] {
        var types: [String: Set<String>] = [:]
        for callback in all {
            let body = try JSON(parsing: callback.body)
            types[try #require(body["data"]?["id"]?.string), default: []].insert(try #require(body["type"]?.string))
        }
        return types
    }
}
