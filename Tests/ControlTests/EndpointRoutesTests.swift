import NIOConcurrencyHelpers
import RawJSON
import ResponsesAPI
import RingbackCore
import RingbackTesting
import StoreSQLite
import Testing
import WebhookSignature

@testable import Control

@Suite("Endpoints")
struct EndpointRoutesTests {
    @Test("an endpoint is made with a fresh secret that is shown once and never again")
    func creates() async throws {
        try await ControlUnderTest.with { control async throws in
            let body = """
                {"name": "chat", "url": "https://chat.example.com/in?key=hidden", "events": ["response.*", "watch.lost"], "payload": "full",
                 "match": {"upstream": "main", "metadata.team": "sea*", "model": "gpt-*", "status": ["failed", "lost"]}, "headers": {"X-Key": "hidden-value"},
                 "timeout": "20s", "connect_timeout": "2s", "retry": {"schedule": ["1s", "5m"], "jitter": 0}, "max_in_flight": 4}
                """
            let created = try await control.probe.send("POST", "/v1/endpoints", body: body)
            #expect(created.status == 201, "\(created.text)")
            #expect(created.headers["location"] == "/v1/endpoints/chat")
            let secret = try #require(try created.json()["secret"]?.string)
            _ = try SigningKey(validating: Secret(secret))
            #expect(!created.text.contains("hidden"))

            let endpoint = try #require(control.directory[EndpointName(trusted: "chat")])
            #expect(try await control.store.storedEndpoints() == [endpoint])
            #expect(control.changes.withLockedValue { $0 } == 1)
            guard case .webhook(let target) = endpoint.target else { throw ProbeFailure(what: "not a webhook") }
            #expect(target.secrets.map { $0.secret.reveal() } == [secret])
            #expect(target.url == "https://chat.example.com/in?key=hidden")
            #expect(target.headers.map { $0.value.reveal() } == ["hidden-value"])
            #expect(
                endpoint.match == EndpointMatch(upstream: .main, model: "gpt-*", metadata: ["team": "sea*"], statuses: [.failed, .lost]))
            #expect(endpoint.retry == RetryPolicy(schedule: [.seconds(1), .seconds(300)], jitter: 0))

            for path in ["/v1/endpoints/chat", "/v1/endpoints"] {
                let shown = try await control.probe.send("GET", path)
                #expect(shown.status == 200)
                #expect(!shown.text.contains("hidden") && !shown.text.contains("whsec_"), "\(shown.text)")
            }
            let shown = try await control.probe.send("GET", "/v1/endpoints/chat").json()
            #expect(shown["url"] == "https://chat.example.com/in")
            #expect(shown["origin"] == "api")
            #expect(shown["timeout"] == "20s")
            #expect(shown["match"] == ["metadata": ["team": "sea*"], "model": "gpt-*", "status": ["failed", "lost"], "upstream": "main"])
            #expect(shown["retry"]?["schedule"] == ["1s", "5m"])
            #expect(shown["secret"] == nil)
            #expect(shown["signed"] == true)

            #expect(try await control.probe.send("POST", "/v1/endpoints", body: body).status == 409)
            let taken = #"{"name":"my-app","url":"https://a.example/"}"#
            #expect(try await control.probe.send("POST", "/v1/endpoints", body: taken).status == 409)
        }
    }

    @Test("a secret that is given is kept and not shown")
    func keepsGivenSecret() async throws {
        try await ControlUnderTest.with { control async throws in
            let body = #"{"name":"mine","url":"https://a.example/","secret":"\#(Endpoint.secret)"}"#
            let created = try await control.probe.send("POST", "/v1/endpoints", body: body)
            #expect(created.status == 201)
            #expect(!created.text.contains("whsec_"))
        }
    }

    @Test("an inbox is an absolute path and has nothing a webhook has")
    func createsInbox() async throws {
        try await ControlUnderTest.with { control async throws in
            let created = try await control.probe.send(
                "POST", "/v1/endpoints", body: #"{"name":"files","inbox":"/srv/in","output_text":true,"max_files":500}"#)
            #expect(created.status == 201)
            #expect(try created.json()["inbox"] == "/srv/in")
            #expect(try created.json()["url"] == .null)
            let target = control.directory[EndpointName(trusted: "files")]?.target
            #expect(target == .inbox(InboxTarget(directory: "/srv/in", outputText: true, maximumFiles: 500)))
            #expect(try created.json()["max_files"] == 500)
        }
    }

    @Test(
        "a bad endpoint is answered 400 with its pointer",
        arguments: [
            (#"{"url":"https://a.example/"}"#, "#/name"), (#"{"name":"A","url":"https://a.example/"}"#, "#/name"),
            (#"{"name":"a","command":["/bin/sh"]}"#, "#/command"),
            (#"{"name":"a"}"#, "#/url"), (#"{"name":"a","url":"https://a.example/","inbox":"/x"}"#, "#/url"),
            (#"{"name":"a","url":"ftp://a.example/"}"#, "#/url"), (#"{"name":"a","inbox":"x"}"#, "#/inbox"),
            (#"{"name":"a","inbox":"/x/../etc"}"#, "#/inbox"), (#"{"name":"a","inbox":"/x","secret":"\#(Endpoint.secret)"}"#, "#/secret"),
            (#"{"name":"a","url":"https://a.example/","output_text":true}"#, "#/output_text"),
            (#"{"name":"a","url":"https://a.example/","events":["response.complete"]}"#, "#/events/0"),
            (#"{"name":"a","url":"https://a.example/","events":[]}"#, "#/events"),
            (#"{"name":"a","url":"https://a.example/","match":{"modle":"x"}}"#, "#/match/modle"),
            (#"{"name":"a","url":"https://a.example/","match":{"upstream":"nope"}}"#, "#/match/upstream"),
            (#"{"name":"a","url":"https://a.example/","match":{"metadata.x":1}}"#, "#/match/metadata.x"),
            (#"{"name":"a","url":"https://a.example/","match":{"status":"canceled"}}"#, "#/match/status"),
            (#"{"name":"a","url":"https://a.example/","match":{"status":["failed","stopped"]}}"#, "#/match/status/1"),
            (#"{"name":"a","url":"https://a.example/","match":{"status":7}}"#, "#/match/status"),
            (#"{"name":"a","url":"https://a.example/","timeout":"1h"}"#, "#/timeout"),
            (#"{"name":"a","url":"https://a.example/","retry":{"schedule":["soon"]}}"#, "#/retry/schedule/0"),
            (#"{"name":"a","url":"https://a.example/","retry":{"jitter":2}}"#, "#/retry/jitter"),
            (#"{"name":"a","url":"https://a.example/","max_in_flight":0}"#, "#/max_in_flight"),
            (#"{"name":"a","url":"https://a.example/","handshake":{"origin":"https://b.example"}}"#, "#/handshake/origin"),
            (#"{"name":"a","url":"https://a.example/","handshake":{"rate":5}}"#, "#/handshake/origin"),
            (#"{"name":"a","inbox":"/tmp/in","handshake":{"origin":"b.example"}}"#, "#/handshake"),
            (#"{"name":"a","url":"https://a.example/","preset":"slack"}"#, "#/preset"),
        ]
    )
    func refusesBadEndpoints(_ body: String, _ pointer: String) async throws {
        try await ControlUnderTest.with { control async throws in
            let answer = try await control.probe.send("POST", "/v1/endpoints", body: body)
            #expect(answer.status == 400)
            let pointers = try answer.json()["errors"]?.elements?.compactMap { $0["pointer"]?.string } ?? []
            #expect(pointers.contains(pointer), "\(answer.text)")
            #expect(try await control.store.storedEndpoints().isEmpty)
        }
    }

    @Test("a condition on the status may be one word, and what is wrong with one is said with what to write")
    func matchesStatus() async throws {
        try await ControlUnderTest.with { control async throws in
            let one = #"{"name":"pager","url":"https://a.example/","match":{"status":"failed"}}"#
            #expect(try await control.probe.send("POST", "/v1/endpoints", body: one).json()["match"]?["status"] == ["failed"])
            #expect(control.directory[EndpointName(trusted: "pager")]?.match == EndpointMatch(statuses: [.failed]))
            let misspelt = #"{"name":"b","url":"https://a.example/","match":{"status":"canceled"}}"#
            #expect(try await control.probe.send("POST", "/v1/endpoints", body: misspelt).text.contains("Did you mean 'cancelled'?"))
            let unknown = #"{"name":"b","url":"https://a.example/","match":{"statuses":"failed"}}"#
            #expect(try await control.probe.send("POST", "/v1/endpoints", body: unknown).text.contains("Did you mean 'status'?"))
        }
    }

    @Test("a patch changes what it names, resets what is null, and leaves the rest")
    func patches() async throws {
        try await ControlUnderTest.with { control async throws in
            let body = #"{"name":"a","url":"https://a.example/x","timeout":"20s","headers":{"X-A":"1"},"events":["response.failed"]}"#
            _ = try await control.probe.send("POST", "/v1/endpoints", body: body)
            let before = try #require(control.directory[EndpointName(trusted: "a")])
            let patch =
                #"{"url":"https://b.example/y","payload":"full","timeout":null,"headers":{"X-B":"2"},"handshake":{"origin":"c.example","rate":9}}"#
            let patched = try await control.probe.send("PATCH", "/v1/endpoints/a", body: patch)
            #expect(patched.status == 200, "\(patched.text)")
            let after = try #require(control.directory[EndpointName(trusted: "a")])
            guard case .webhook(let old) = before.target, case .webhook(let new) = after.target else {
                throw ProbeFailure(what: "not a webhook")
            }
            #expect(new.url == "https://b.example/y")
            #expect(new.payload == .full)
            #expect(try new.handshake == WebhookHandshake(origin: "c.example", requestedRate: 9))
            #expect(try patched.json()["handshake"]?["rate"]?.integer == 9)
            #expect(new.headers.map(\.name) == ["X-B"])
            #expect(new.secrets == old.secrets)
            #expect(after.timeout == .seconds(15))
            #expect(after.events == before.events)
            #expect(try await control.store.storedEndpoints() == [after])

            for bad in [#"{"name":"b"}"#, #"{"url":null}"#, #"{"inbox":"/x"}"#, #"{"url":"x"}"#] {
                #expect(try await control.probe.send("PATCH", "/v1/endpoints/a", body: bad).status == 400, "\(bad)")
            }
            #expect(control.directory[EndpointName(trusted: "a")] == after)
            #expect(try await control.probe.send("PATCH", "/v1/endpoints/none", body: "{}").status == 404)
        }
    }

    @Test("endpoints of the configuration file are read-only, but can be switched off and on")
    func configuredAreReadOnly() async throws {
        try await ControlUnderTest.with { control async throws in
            #expect(try await control.probe.send("PATCH", "/v1/endpoints/my-app", body: "{}").status == 409)
            #expect(try await control.probe.send("DELETE", "/v1/endpoints/my-app").status == 409)

            let disabled = try await control.probe.send("POST", "/v1/endpoints/my-app/disable")
            #expect(disabled.status == 200)
            #expect(try disabled.json()["enabled"] == false)
            #expect(control.directory[.app]?.isEnabled == false)
            #expect(try await control.store.disabledEndpoints().keys.sorted() == [.app])

            let enabled = try await control.probe.send("POST", "/v1/endpoints/my-app/enable")
            #expect(try enabled.json()["enabled"] == true)
            #expect(try enabled.json()["disabled_reason"] == .null)
            #expect(try await control.store.disabledEndpoints().isEmpty)
            #expect(control.changes.withLockedValue { $0 } == 2)
            #expect(try await control.probe.send("POST", "/v1/endpoints/none/enable").status == 404)
        }
    }

    @Test("an endpoint of the API can be removed")
    func removes() async throws {
        try await ControlUnderTest.with { control async throws in
            _ = try await control.probe.send("POST", "/v1/endpoints", body: #"{"name":"a","url":"https://a.example/"}"#)
            #expect(try await control.probe.send("DELETE", "/v1/endpoints/a").status == 204)
            #expect(control.directory[EndpointName(trusted: "a")] == nil)
            #expect(try await control.store.storedEndpoints().isEmpty)
            #expect(try await control.probe.send("DELETE", "/v1/endpoints/a").status == 404)
        }
    }

    @Test(
        "a test sends a ringback.test event and answers with the attempt, each time with another event id",
        arguments: [Attempt.Outcome.succeeded, .failed])
    func tests(_ outcome: Attempt.Outcome) async throws {
        var options = ControlUnderTest.Options()
        options.testOutcome = outcome
        try await ControlUnderTest.with(options) { control async throws in
            let answer = try await control.probe.send("POST", "/v1/endpoints/my-app/test")
            #expect(answer.status == 200)
            #expect(try answer.json()["outcome"]?.string == outcome.rawValue)
            control.time.advance(by: .milliseconds(1))
            _ = try await control.probe.send("POST", "/v1/endpoints/my-app/test")
            let tested = control.tested.withLockedValue { $0 }
            #expect(tested.map { $0.0.name } == [.app, .app])
            #expect(tested.allSatisfy { $0.1.type == .ringbackTest })
            #expect(Set(tested.map { $0.1.id }).count == 2)
            #expect(try await control.probe.send("POST", "/v1/endpoints/none/test").status == 404)
        }
    }

    @Test("a test can be a sample of any event, with a response object that reads like a real one", arguments: SampleEvent.types)
    func samples(_ type: EventType) async throws {
        try await ControlUnderTest.with { control async throws in
            let body = "{\"type\": \"\(type)\"}"
            #expect(try await control.probe.send("POST", "/v1/endpoints/my-app/test", body: body).status == 200)
            let (_, event, response) = try #require(control.tested.withLockedValue { $0 }.first)
            #expect(event.type == type)
            #expect(event.watch == nil, "a sample is about no watch, and must not be mistaken for one")
            #expect((event.response != nil) == (type.rawValue.hasPrefix("response.") || type.rawValue.hasPrefix("watch.")))
            guard type.rawValue.hasPrefix("response.") else {
                #expect(response == nil)
                return
            }
            let bytes = try #require(response)
            let object = try #require(ResponseObject(json: bytes))
            #expect(object.id == event.response?.rawValue)
            #expect("response.\(object.status)" == type.rawValue)
            #expect(object.metadata == ["ringback.sample": "true"])
            #expect((object.errorMessage != nil) == (type == .responseFailed || type == .responseIncomplete))
            #expect(object.outputText().isEmpty == !(type == .responseCompleted || type == .responseIncomplete))
        }
    }

    @Test(
        "a test of an event that does not exist is refused with a suggestion",
        arguments: [(#"{"type":"response.complete"}"#, "#/type"), (#"{"typ":"response.completed"}"#, "#/typ"), (#"{"type":1}"#, "#/type")])
    func badSamples(_ body: String, _ pointer: String) async throws {
        try await ControlUnderTest.with { control async throws in
            let answer = try await control.probe.send("POST", "/v1/endpoints/my-app/test", body: body)
            #expect(answer.status == 400)
            #expect(try answer.json()["errors"]?[0]?["pointer"]?.string == pointer)
            #expect(control.tested.withLockedValue { $0 }.isEmpty)
        }
    }

    @Test("the list goes page by page in the order of names")
    func lists() async throws {
        try await ControlUnderTest.with { control async throws in
            let first = try await control.probe.send("GET", "/v1/endpoints?limit=1").json()
            #expect(first["data"]?[0]?["name"] == "audit")
            #expect(first["has_more"] == true)
            let cursor = try #require(first["next_cursor"]?.string)
            let second = try await control.probe.send("GET", "/v1/endpoints?limit=1&cursor=\(cursor)").json()
            #expect(second["data"]?[0]?["name"] == "my-app")
            #expect(second["has_more"] == false)
            #expect(second["next_cursor"] == .null)
        }
    }
}
