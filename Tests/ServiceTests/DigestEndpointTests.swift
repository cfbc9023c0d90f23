import Foundation
import RawJSON
import Testing

/// `digest` of endpoints that are made by the API, with the real binary.
@Suite("An endpoint of the API with a digest", .timeLimit(.minutes(3)))
struct DigestEndpointTests {
    @Test("keeps it over a restart, shows it, changes it and gives it up")
    func roundTrip() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            let topic = surroundings.directory.appending(path: "topic")
            try "batch".write(to: topic, atomically: true, encoding: .utf8)
            try await bridge.lend { _ in
                let added = try await bridge.run(
                    "endpoints", "add", "room", "--preset", "ntfy", "--with-file", "topic=\(topic.path)", "--digest-window", "2m")
                #expect(added.status == 0, "\(added.errors)")
                #expect(added.output.contains("one message for all within 2m, at most 50"), "\(added.output)")
            }
            try await bridge.lend { _ in
                #expect(try await bridge.get("/v1/endpoints/room").json()["digest"] == ["max": 50, "window": "2m"])
                let shown = try await bridge.run("endpoints", "show", "room")
                #expect(shown.output.contains("one message for all within 2m, at most 50"), "\(shown.output)")
                #expect(try await bridge.patch("room", #"{"digest": {"max": 9}}"#)["digest"] == ["max": 9, "window": "5m"])
                #expect(try await bridge.patch("room", #"{"timeout": "9s"}"#)["digest"] == ["max": 9, "window": "5m"])
                #expect(try await bridge.patch("room", #"{"digest": null}"#)["digest"] == .null)
            }
            try await bridge.lend { _ in
                let room = try await bridge.get("/v1/endpoints/room").json()
                #expect(room["digest"] == .null)
            }
        }
    }

    @Test("is refused where it could not be, with the place and a sentence")
    func refused() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let cases = [
                    (#""url": "https://a.example/", "digest": {}"#, "#/digest", "this endpoint is a webhook"),
                    (#""inbox": "/srv/in", "digest": {"max": 5}"#, "#/digest", "this endpoint is an inbox"),
                    (
                        #""preset": "pagerduty", "with": {"routing_key": "R0123456789ABCDEF0123456789ABCDE"}, "digest": {}"#, "#/digest",
                        "'pagerduty' keeps something of its own for each response"
                    ),
                    (#""preset": "ntfy", "with": {"topic": "t"}, "digest": {"max": 1}"#, "#/digest/max", "from 2 to 200"),
                    (#""preset": "ntfy", "with": {"topic": "t"}, "digest": {"window": "2h"}"#, "#/digest/window", "from 1s to 1h"),
                    (#""preset": "ntfy", "with": {"topic": "t"}, "digest": {"maximum": 5}"#, "#/digest/maximum", "no field of that name"),
                    (#""preset": "ntfy", "with": {"topic": "t"}, "digest": "5m""#, "#/digest", "write an object"),
                ]
                for (members, pointer, sentence) in cases {
                    let answer = try await surroundings.client.post(bridge.url + "/v1/endpoints", "{\"name\": \"bad\", \(members)}")
                    #expect(answer.status == 400, "\(answer.text)")
                    let error = try answer.json()["errors"]?.elements?.first { $0["pointer"]?.string == pointer }
                    #expect(error?["detail"]?.string?.contains(sentence) == true, "\(answer.text)")
                }
                let made = try await surroundings.client.post(
                    bridge.url + "/v1/endpoints", #"{"name": "hook", "url": "https://a.example/"}"#)
                #expect(made.status == 201, "\(made.text)")
                #expect(try await bridge.patch("hook", #"{"digest": {}}"#)["errors"]?[0]?["pointer"] == "#/digest")
                #expect(try await bridge.patch("hook", #"{"digest": null}"#)["digest"] == .null)
            }
        }
    }
}

extension Bridge {
    /// What a PATCH of an endpoint is answered.
    fileprivate func patch(_ endpoint: String, _ body: String) async throws -> JSON {
        try await surroundings.client.patch(url + "/v1/endpoints/" + endpoint, body).json()
    }
}
