import Foundation
import RawJSON
import RingbackCore
import Sandbox
import Testing
import WebhookSignature

/// Lists, and what mends: contract, section 3.
extension CommandLineTests {
    @Test("shows every list and every object for people, and with --json exactly as the API does")
    func lists() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let empty = try await bridge.run("watches")
                #expect(empty.output == "No watches. Register one: ringback watch RESPONSE_ID\n")
                let response = try await surroundings.createResponse(["duration": "100ms"])
                try await bridge.register(response)
                let delivery = try #require(try await bridge.delivery(of: response, status: "delivered")["id"]?.string)
                _ = try await bridge.delivery(of: response, to: "scripts", status: "delivered")
                let watch = try #require(try await bridge.list("/v1/watches").first?["id"]?.string)
                let event = try #require(try await bridge.list("/v1/events").first?["id"]?.string)

                let looks: [(arguments: [String], path: String, mention: String)] = [
                    (["watches", "list"], "/v1/watches?limit=50", watch),
                    (["watches", "list", "--status", "completed", "--limit", "1"], "/v1/watches?status=completed&limit=1", response),
                    (["watches", "show", watch], "/v1/watches/\(watch)", response),
                    (["events", "list"], "/v1/events?limit=50", "response.completed"),
                    (["events", "show", event], "/v1/events/\(event)", watch),
                    (["deliveries", "list", "--endpoint", "app"], "/v1/deliveries?endpoint=app&limit=50", delivery),
                    (["deliveries", "list", "--limit", "1"], "/v1/deliveries?limit=1", "There is more: add --cursor "),
                    (["deliveries", "show", delivery], "/v1/deliveries/\(delivery)", "127.0.0.1"),
                    (["dead-letters", "list"], "/v1/dead-letters?limit=50", "No dead letters."),
                    (["endpoints", "list"], "/v1/endpoints?limit=50", "scripts"),
                    (["upstreams", "list"], "/v1/upstreams?limit=50", "default"),
                    (["upstreams", "show"], "/v1/upstreams/default", "a response was streamed"),
                    (["upstreams", "show", "default"], "/v1/upstreams/default", "(the default)"),
                    (["endpoints", "show", "app"], "/v1/endpoints/app", "http://127.0.0.1"),
                ]
                for (arguments, path, mention) in looks {
                    let text = try await run(arguments, at: bridge)
                    #expect(text.status == 0, "\(arguments): \(text.errors)")
                    #expect(text.output.contains(mention), "\(arguments) prints: \(text.output)")
                    let json = try await run(arguments + ["--json"], at: bridge)
                    #expect(json.line == (try await bridge.get(path).text), "\(arguments)")
                    #expect(!(text.output + json.output).contains(surroundings.secret.reveal()), "\(arguments) shows a secret")
                }
                let byResponse = try await bridge.run("watches", "show", response)
                #expect(byResponse.output.contains(watch), "a response's id is as good as its watch's")
                for collection in ["watches", "upstreams", "events", "deliveries", "dead-letters", "endpoints"] {
                    let missing = try await bridge.run(collection, "show", "nothing")
                    #expect(missing.status == 1)
                    #expect(missing.errors.hasPrefix("ringback: ") && missing.output.isEmpty, "\(collection): \(missing.errors)")
                }
                let wrong = try await bridge.run("watches", "list", "--status", "complete")
                #expect(wrong.status == 1)
                #expect(wrong.errors.contains("completed"), "a near miss gets a suggestion: \(wrong.errors)")
            }
        }
    }

    @Test("makes a waiting delivery due now with deliveries retry, sends an event again with events resend")
    func retryAndResend() async throws {
        try await Surroundings.lend { surroundings in
            surroundings.received.answer(503)
            let bridge = try Bridge(surroundings, schedule: ["1h"])
            try await bridge.lend { _ in
                let response = try await surroundings.createResponse(["duration": "100ms"])
                try await bridge.register(response)
                let waiting = try await bridge.delivery(of: response, status: "pending")
                let id = try #require(waiting["id"]?.string)
                try await eventually(within: .seconds(30), "the first attempt has failed") {
                    try await bridge.get("/v1/deliveries/\(id)").json()["attempts"] == 1
                }
                surroundings.received.answer(204)
                let retry = try await bridge.run("deliveries", "retry", id)
                #expect(retry.status == 0, "\(retry.errors)")
                let delivered = try await bridge.delivery(of: response, status: "delivered")
                #expect(delivered["attempts"] == 2)
                let again = try await bridge.run("deliveries", "retry", id)
                #expect(again.status == 1)
                #expect(again.errors.contains("delivered") || again.errors.contains("made already"), "\(again.errors)")

                let event = try #require(delivered["event"]?.string)
                let resend = try await bridge.run("events", "resend", event, "--endpoint", "app")
                #expect(resend.status == 0, "\(resend.errors)")
                try await eventually(within: .seconds(30), "the event has arrived twice, under one webhook id") {
                    surroundings.received.all.count { $0.webhookID == event } == 2
                }
            }
        }
    }

    @Test("counts, redrives and discards dead letters")
    func deadLetters() async throws {
        try await Surroundings.lend { surroundings in
            surroundings.received.answer(400)
            let bridge = try Bridge(surroundings, schedule: Array(repeating: "100ms", count: 10))
            try await bridge.lend { _ in
                var dead: [String] = []
                for _ in 0..<2 {
                    let response = try await surroundings.createResponse(["duration": "100ms"])
                    try await bridge.register(response)
                    let delivery = try await bridge.delivery(of: response, status: "dead")
                    #expect(delivery["dead_reason"] == "rejected")
                    #expect(delivery["attempts"] == 3, "a 4xx is tried three times")
                    #expect(delivery["attempt_log"]?.elements?.map { $0["http_status"] } == [400, 400, 400])
                    dead.append(try #require(delivery["id"]?.string))
                }
                let list = try await bridge.run("dead-letters", "list", "--reason", "rejected", "--since", "1h")
                #expect(dead.allSatisfy { list.output.contains($0) }, "\(list.output)")
                #expect(try await bridge.run("dead-letters", "show", dead[0]).output.contains("http_status"))

                let dryRun = try await bridge.run("dead-letters", "redrive", "--endpoint", "app", "--dry-run")
                #expect(dryRun.output == "2 dead letters match; nothing was changed.\n")
                let one = try await bridge.run("dead-letters", "redrive", dead[1], "--dry-run")
                #expect(one.output == "1 dead letter matches; nothing was changed.\n")
                #expect(try await bridge.list("/v1/dead-letters").count == 2)

                surroundings.received.answer(204)
                let redrive = try await bridge.run("dead-letters", "redrive", dead[0], "--json")
                #expect(try redrive.json() == ["matched": 1, "redriven": 1])
                try await eventually(within: .seconds(30), "the redriven delivery has arrived") {
                    try await bridge.get("/v1/deliveries/\(dead[0])").json()["status"] == "delivered"
                }
                let discard = try await bridge.run("dead-letters", "discard", dead[1])
                #expect(discard.status == 0, "\(discard.errors)")
                #expect(discard.output.contains("abandoned"))
                #expect(try await bridge.run("dead-letters").output == "No dead letters.\n")
                let gone = try await bridge.run("dead-letters", "discard", dead[1])
                #expect(gone.status == 1)
            }
        }
    }

    @Test("adds, tries, disables, enables and removes an endpoint, and shows its secret once")
    func endpoints() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let add = try await bridge.run(
                    "endpoints", "add", "extra", "--url", surroundings.receiverURL + "/extra?key=hush", "--secret",
                    surroundings.secret.reveal(), "--event", "response.failed", "--header", "X-Env: prod")
                #expect(add.status == 0, "\(add.errors)")
                #expect(!add.output.contains("hush") && !add.output.contains(surroundings.secret.reveal()))
                let made = try await bridge.run("endpoints", "add", "made", "--url", surroundings.receiverURL)
                let secret = try #require(made.output.firstMatch(of: /whsec_\S+/)?.0, "\(made.output)")
                _ = try SigningKey(validating: Secret(String(secret)))
                let twice = try await bridge.run("endpoints", "add", "made", "--url", surroundings.receiverURL)
                #expect(twice.status == 1)
                #expect(!(try await bridge.run("endpoints", "show", "made").output.contains("whsec_")))

                let test = try await bridge.run("endpoints", "test", "extra")
                #expect(test.status == 0, "\(test.errors)")
                #expect(test.output.contains("204"))
                let callback = try #require(surroundings.received.all.first { $0.path.hasSuffix("/extra") })
                #expect(callback.verdict == .verified)
                #expect(try JSON(parsing: callback.body)["type"] == "ringback.test")
                // The one whose secret the receiver does not know is refused there.
                let refused = try await bridge.run("endpoints", "test", "made", "--json")
                #expect(refused.status == 1)
                #expect(try refused.json()["http_status"] == 401)

                let disable = try await bridge.run("endpoints", "disable", "extra")
                #expect(disable.output.contains("disabled"))
                let enable = try await bridge.run("endpoints", "enable", "extra")
                #expect(enable.output.contains("enabled"))
                let configured = try await bridge.run("endpoints", "remove", "app")
                #expect(configured.status == 1)
                #expect(configured.errors.contains("configuration file"), "\(configured.errors)")
                for name in ["extra", "made"] {
                    let removed = try await bridge.run("endpoints", "remove", name)
                    #expect(removed.output == "Removed \(name).\n")
                }
                #expect(try await bridge.list("/v1/endpoints").count == 2)
            }
        }
    }

    private func run(_ arguments: [String], at bridge: Bridge) async throws -> Invocation {
        try await Invocation.run(arguments, environment: ["RINGBACK_SERVER": bridge.url], in: bridge.surroundings.directory)
    }
}
