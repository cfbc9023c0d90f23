import Control
import RawJSON
import RingbackCore
import RingbackTesting
import Store
import StoreSQLite
import Testing

@Suite("Events, deliveries and dead letters")
struct EventAndDeliveryRoutesTests {
    @Test("events are listed by filter and shown")
    func events() async throws {
        try await ControlUnderTest.with { control async throws in
            let event = try await control.finished("resp_1")
            try await control.finished("resp_2", as: .failed)
            let all = try await control.probe.send("GET", "/v1/events").json()
            #expect(all["data"]?.elements?.count == 2)
            for query in ["type=response.completed", "response_id=resp_1", "watch=\(try #require(event.watch))"] {
                let page = try await control.probe.send("GET", "/v1/events?\(query)").json()
                #expect(page["data"]?.elements?.compactMap { $0["id"]?.string } == [event.id.rawValue], "\(query)")
            }
            let shown = try await control.probe.send("GET", "/v1/events/\(event.id)").json()
            #expect(shown["object"] == "event")
            #expect(shown["type"] == "response.completed")
            #expect(shown["data"] == ["id": "resp_1"])
            #expect(shown["created_at"] == .string(event.createdAt.rfc3339))
            #expect(try await control.probe.send("GET", "/v1/events/evt_none").status == 404)
        }
    }

    @Test("an event is sent again to an endpoint that is known")
    func resends() async throws {
        try await ControlUnderTest.with { control async throws in
            let event = try await control.finished("resp_1")
            let path = "/v1/events/\(event.id)/resend"
            let sent = try await control.probe.send("POST", path, body: #"{"endpoint":"audit"}"#)
            #expect(sent.status == 202)
            #expect(try sent.json()["endpoint"] == "audit")
            #expect(try sent.json()["status"] == "pending")
            #expect(try await control.store.delivery(DeliveryID(event: event.id, endpoint: .audit)) != nil)

            let unknown = try await control.probe.send("POST", path, body: #"{"endpoint":"audti"}"#)
            #expect(unknown.status == 400)
            #expect(unknown.text.contains("Did you mean 'audit'?"))
            #expect(try await control.probe.send("POST", path, body: "{}").status == 400)
            #expect(try await control.probe.send("POST", "/v1/events/evt_none/resend", body: #"{"endpoint":"audit"}"#).status == 404)
        }
    }

    @Test("a delivery is shown with its attempts, and lists leave them out")
    func deliveries() async throws {
        try await ControlUnderTest.with { control async throws in
            let event = try await control.finished("resp_1", for: [.app, .audit])
            let retryAt = control.time.wallNow + .seconds(30)
            try await control.attempt(.app, next: .retry(at: retryAt))
            let id = DeliveryID(event: event.id, endpoint: .app)
            let shown = try await control.probe.send("GET", "/v1/deliveries/\(id)").json()
            #expect(shown["object"] == "delivery")
            #expect(shown["attempts"] == 1)
            #expect(shown["status"] == "pending")
            #expect(shown["next_attempt_at"] == .string(retryAt.rfc3339))
            #expect(shown["dead_reason"] == .null)
            let attempt = try #require(shown["attempt_log"]?[0])
            #expect(attempt["number"] == 1)
            #expect(attempt["outcome"] == "failed")
            #expect(attempt["http_status"] == 500)
            #expect(attempt["error"] == "http_status")
            #expect(attempt["retry_after"]?.double == 2)
            #expect(attempt["response_body"] == "ok")
            #expect(attempt["address"] == "127.0.0.1")
            #expect(attempt["started_at"] == "2026-09-21T14:13:20.123Z")
            #expect(attempt["timing"]?["connect_ms"]?.double == 1.5)
            #expect(attempt["timing"]?["total_ms"]?.double == 12)
            #expect(attempt["timing"]?["tls_ms"] == .null)

            for query in ["endpoint=my-app", "endpoint=my-app&status=pending&event=\(event.id)&response_id=resp_1"] {
                let page = try await control.probe.send("GET", "/v1/deliveries?\(query)").json()
                #expect(page["data"]?.elements?.compactMap { $0["id"]?.string } == [id.rawValue], "\(query)")
                #expect(page["data"]?[0]?["attempt_log"] == nil)
            }
            #expect(try await control.probe.send("GET", "/v1/deliveries?status=dead").json()["data"] == [])
            #expect(try await control.probe.send("GET", "/v1/deliveries?reason=x").status == 400)
            #expect(try await control.probe.send("GET", "/v1/deliveries/dlv_none").status == 404)
        }
    }

    @Test("a waiting delivery can be retried now or abandoned; one that is made or under way cannot")
    func retriesAndAbandons() async throws {
        try await ControlUnderTest.with { control async throws in
            let event = try await control.finished("resp_1", for: [.app, .audit])
            try await control.attempt(.app, next: .retry(at: control.time.wallNow + .seconds(3600)))
            let waiting = DeliveryID(event: event.id, endpoint: .app)
            let retried = try await control.probe.send("POST", "/v1/deliveries/\(waiting)/retry")
            #expect(retried.status == 202)
            #expect(try retried.json()["next_attempt_at"] == .string(control.time.wallNow.rfc3339))

            _ = try #require(try await control.claim(.app))
            #expect(try await control.probe.send("POST", "/v1/deliveries/\(waiting)/retry").status == 409)
            #expect(try await control.probe.send("DELETE", "/v1/deliveries/\(waiting)").status == 409)

            let pending = DeliveryID(event: event.id, endpoint: .audit)
            let abandoned = try await control.probe.send("DELETE", "/v1/deliveries/\(pending)")
            #expect(abandoned.status == 200)
            #expect(try abandoned.json()["status"] == "abandoned")
            #expect(try await control.probe.send("POST", "/v1/deliveries/\(pending)/retry").status == 202)

            try await control.attempt(.audit, next: .delivered)
            #expect(try await control.probe.send("POST", "/v1/deliveries/\(pending)/retry").status == 409)
            #expect(try await control.probe.send("DELETE", "/v1/deliveries/\(pending)").status == 409)
            #expect(try await control.probe.send("POST", "/v1/deliveries/dlv_none/retry").status == 404)
            #expect(try await control.probe.send("DELETE", "/v1/deliveries/dlv_none").status == 404)
        }
    }

    @Test("dead letters are listed, redriven and discarded one by one; other deliveries are not taken for them")
    func deadLetters() async throws {
        try await ControlUnderTest.with { control async throws in
            let first = try await control.dead("resp_1")
            let second = try await control.dead("resp_2", endpoint: .audit, reason: .rejected)
            let alive = DeliveryID(event: try await control.finished("resp_3").id, endpoint: .app)

            let all = try await control.probe.send("GET", "/v1/dead-letters").json()
            #expect(Set(all["data"]?.elements?.compactMap { $0["id"]?.string } ?? []) == [first.rawValue, second.rawValue])
            let rejected = try await control.probe.send("GET", "/v1/dead-letters?reason=rejected&endpoint=audit").json()
            #expect(rejected["data"]?[0]?["id"]?.string == second.rawValue)
            #expect(rejected["data"]?[0]?["dead_reason"] == "rejected")
            let later = PercentEncoding.encode((control.time.wallNow + .seconds(1)).rfc3339)
            #expect(try await control.probe.send("GET", "/v1/dead-letters?since=\(later)").json()["data"] == [])
            #expect(try await control.probe.send("GET", "/v1/dead-letters?until=\(later)").json()["data"]?.elements?.count == 2)
            #expect(try await control.probe.send("GET", "/v1/dead-letters?since=yesterday").status == 400)
            #expect(try await control.probe.send("GET", "/v1/dead-letters?reason=bored").status == 400)
            #expect(try await control.probe.send("GET", "/v1/dead-letters/\(first)").json()["attempt_log"]?.elements?.count == 1)

            let redriven = try await control.probe.send("POST", "/v1/dead-letters/\(first)/redrive")
            #expect(redriven.status == 202)
            #expect(try redriven.json()["status"] == "pending")
            let discarded = try await control.probe.send("DELETE", "/v1/dead-letters/\(second)")
            #expect(discarded.status == 200)
            #expect(try discarded.json()["status"] == "abandoned")

            for id in [first, second, alive] {
                #expect(try await control.probe.send("POST", "/v1/dead-letters/\(id)/redrive").status == 409)
                #expect(try await control.probe.send("DELETE", "/v1/dead-letters/\(id)").status == 409)
            }
            #expect(try await control.probe.send("DELETE", "/v1/dead-letters/dlv_none").status == 404)
        }
    }

    @Test("a redrive counts in a dry run, and takes what matches otherwise")
    func redrivesMany() async throws {
        try await ControlUnderTest.with { control async throws in
            let first = try await control.dead("resp_1")
            _ = try await control.dead("resp_2")
            _ = try await control.dead("resp_3", endpoint: .audit)
            let path = "/v1/dead-letters/redrive"
            let dry = try await control.probe.send("POST", path, body: #"{"endpoint":"my-app","dry_run":true}"#)
            #expect(dry.status == 200)
            #expect(try dry.json() == ["matched": 2, "redriven": 0])
            let one = try await control.probe.send("POST", path, body: #"{"ids":["\#(first)","dlv_none"]}"#)
            #expect(try one.json() == ["matched": 1, "redriven": 1])
            #expect(try await control.probe.send("POST", path).json() == ["matched": 2, "redriven": 2])
            for bad in [#"{"id":["x"]}"#, #"{"ids":"x"}"#, #"{"since":"now"}"#, #"{"reason":"bored"}"#, #"{"dry_run":1}"#, "[]"] {
                #expect(try await control.probe.send("POST", path, body: bad).status == 400, "\(bad)")
            }
        }
    }
}
