import Foundation
import RawJSON
import RingbackCore
import Testing

/// What a vendor needs with each call, tried on the real binary.
@Suite("Every call to the upstream", .serialized)
struct UpstreamCallsTests {
    @Test("carries the api-version, the key in its header and the watch's own headers, over a restart", .timeLimit(.minutes(5)))
    func everyCall() async throws {
        try await Surroundings.lend { surroundings in
            try await RecordingUpstream.lend { upstream, port in
                let bridge = try Bridge(surroundings)
                try configuration(port: port, bridge: bridge).write(to: bridge.configuration, atomically: true, encoding: .utf8)
                let client = surroundings.client
                var watches: [String] = []
                try await bridge.lend { _ in
                    let registered = try await client.post(
                        bridge.url + "/v1/watches", #"{"response_id": "resp_own", "headers": {"X-On-Behalf-Of": "acme"}}"#)
                    #expect(registered.status == 201)
                    let created = try await client.post(
                        bridge.url + "/v1/responses", #"{"model": "m", "input": "hi", "background": true}"#,
                        headers: [(name: "X-On-Behalf-Of", value: "acme")])
                    #expect(created.status == 200, "\(created.text)")
                    try await eventually(within: .seconds(60), "both responses are followed") {
                        ["resp_own", "resp_made"].allSatisfy { id in
                            upstream.requests.filter { $0.path.hasSuffix("/responses/\(id)") }.count >= 3
                        }
                    }
                    watches = try await bridge.list("/v1/watches").compactMap { $0["id"]?.string }
                }
                let before = upstream.requests.count
                try await bridge.lend { _ in
                    try await eventually(within: .seconds(60), "both are followed again") { upstream.requests.count >= before + 6 }
                    for watch in watches {
                        let cancelled = try await client.post(bridge.url + "/v1/watches/\(watch)/cancel", "{}")
                        #expect((200...299).contains(cancelled.status), "\(cancelled.text)")
                    }
                    upstream.finish()
                    try await eventually(within: .seconds(60), "both are completed") {
                        try await bridge.list("/v1/watches?status=completed").count == 2
                    }
                }
                expectEverywhere(upstream.requests)
                expectEveryKind(upstream.requests)
            }
        }
    }

    private func expectEverywhere(_ requests: [RecordingUpstream.Request]) {
        for request in requests {
            let call = "\(request.method) \(request.path)?\(request.query)"
            #expect(request.query.split(separator: "&").filter { $0 == "api-version=preview" }.count == 1, "\(call)")
            #expect(request.headers["api-key"] == "vendor-key-0001", "\(call)")
            #expect(request.headers["authorization"] == nil, "\(call)")
            #expect(request.headers["x-on-behalf-of"] == "acme", "\(call)")
            #expect(request.headers["x-team"] == "search", "\(call)")
        }
    }

    /// Otherwise the test would show nothing about the kinds that are missing.
    private func expectEveryKind(_ requests: [RecordingUpstream.Request]) {
        func count(_ method: String, _ suffix: String, where condition: (String) -> Bool = { _ in true }) -> Int {
            requests.filter { $0.method == method && $0.path.hasSuffix(suffix) && condition($0.query) }.count
        }
        #expect(count("POST", "/openai/v1/agent") == 1)
        for id in ["resp_own", "resp_made"] {
            #expect(count("GET", id) { $0.contains("stream=true") && !$0.contains("starting_after") } > 0)
            #expect(count("GET", id) { $0.contains("starting_after=7") } > 0)
            #expect(count("GET", id) { !$0.contains("stream") } > 0)
            #expect(count("POST", "\(id)/cancel") == 1)
        }
    }

    private func configuration(port: Int, bridge: Bridge) -> String {
        """
        listen: 127.0.0.1:\(bridge.port)
        store: sqlite:\(bridge.storeDirectory.path)/ringback.db
        upstreams:
          - name: default
            base_url: http://127.0.0.1:\(port)\(RecordingUpstream.base)?api-version=preview
            create_path: /agent
            api_key: vendor-key-0001
            api_key_header: api-key
            headers: { X-Team: search }
            poll: { interval: 200ms, max_interval: 300ms }
            stream_idle_timeout: 2s
            requests_per_second: 500
        """
    }
}
