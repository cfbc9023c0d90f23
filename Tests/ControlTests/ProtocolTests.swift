import RawJSON
import RingbackCore
import Store
import StoreSQLite
import Testing

@testable import Control

@Suite("The API's manners")
struct ProtocolTests {
    @Test("what the API does not know is a problem in the form of RFC 9457")
    func unknown() async throws {
        try await ControlUnderTest.with { control async throws in
            for path in ["/", "/v1", "/v1/watch", "/v2/watches", "/v1/watches/a/b/c"] {
                let answer = try await control.probe.send("GET", path)
                #expect(answer.status == 404, "\(path)")
                #expect(answer.headers["content-type"] == "application/problem+json")
                let problem = try answer.json()
                #expect(problem["type"] == "urn:ringback:problem:not-found")
                #expect(problem["status"] == 404)
                #expect(problem["title"]?.string?.isEmpty == false)
                #expect(problem["detail"]?.string?.isEmpty == false)
            }
        }
    }

    @Test(
        "a path answers 405 with the methods it knows",
        arguments: [
            ("PUT", "/v1/watches", "GET, POST"), ("DELETE", "/v1/endpoints", "GET, POST"), ("POST", "/v1/deliveries", "GET"),
            ("PATCH", "/v1/watches/x", "DELETE, GET"), ("GET", "/v1/dead-letters/redrive", "POST"), ("POST", "/healthz", "GET"),
        ]
    )
    func wrongMethod(_ method: String, _ path: String, _ allowed: String) async throws {
        try await ControlUnderTest.with { control async throws in
            let answer = try await control.probe.send(method, path)
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == allowed)
            #expect(answer.headers["content-type"] == "application/problem+json")
        }
    }

    @Test("HEAD answers as GET does, without a body")
    func head() async throws {
        try await ControlUnderTest.with { control async throws in
            let answer = try await control.probe.send("HEAD", "/healthz")
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
        }
    }

    @Test(
        "a body that is not JSON is answered with the place",
        arguments: [
            ("{\"response_id\": \"a\",\n  oops}", "line 2, column 3"), ("", "line 1, column 1"), ("{} {}", "line 1, column 4"),
            ("{\"response_id\": \"a", "line 1"),
        ]
    )
    func malformed(_ body: String, _ place: String) async throws {
        try await ControlUnderTest.with { control async throws in
            let answer = try await control.probe.send("POST", "/v1/watches", body: body)
            #expect(answer.status == 400)
            #expect(try answer.json()["type"] == "urn:ringback:problem:malformed-json")
            #expect(try answer.json()["detail"]?.string?.contains(place) == true, "\(answer.text)")
        }
    }

    @Test("JSON that is nested without end is refused, not followed")
    func nested() async throws {
        try await ControlUnderTest.with { control async throws in
            let body = String(repeating: "[", count: 500_000)
            #expect(try await control.probe.send("POST", "/v1/watches", body: body).status == 400)
        }
    }

    @Test("a body of 1 MiB is read, a larger one answered 413, announced or not")
    func bodyLimit() async throws {
        try await ControlUnderTest.with { control async throws in
            let head = #"{"response_id":"r""#
            let fitting = head + String(repeating: " ", count: 1024 * 1024 - head.utf8.count - 1) + "}"
            #expect(try await control.probe.send("POST", "/v1/watches", body: fitting).status == 201)
            #expect(try await control.probe.send("POST", "/v1/watches", body: " " + fitting).status == 413)
            let chunked =
                "POST /v1/watches HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                + String(1024 * 1024 + 1, radix: 16) + "\r\n" + fitting + " \r\n0\r\n\r\n"
            #expect(try await control.probe.exchange(Array(chunked.utf8)).status == 413)
        }
    }

    @Test(
        "a body that says it is something else than JSON is answered 415; one that says nothing is taken as JSON",
        arguments: [
            ("application/json", 201), ("Application/JSON; charset=utf-8", 201), ("application/merge-patch+json", 201), (nil, 201),
            ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("multipart/form-data; boundary=x", 415),
        ] as [(String?, Int)]
    )
    func contentType(_ type: String?, _ status: Int) async throws {
        try await ControlUnderTest.with { control async throws in
            let headers = type.map { [("Content-Type", $0)] } ?? []
            let answer = try await control.probe.send("POST", "/v1/watches", headers: headers, body: #"{"response_id":"r"}"#)
            #expect(answer.status == status)
        }
    }

    @Test("headers beyond the bound end the connection, not the server")
    func headerLimit() async throws {
        try await ControlUnderTest.with { control async throws in
            let huge = [("X-Long", String(repeating: "a", count: 200_000))]
            let answer = try? await control.probe.send("GET", "/v1/watches", headers: huge)
            #expect(answer == nil || answer?.status ?? 0 >= 400)
            #expect(try await control.probe.send("GET", "/v1/watches").status == 200)
        }
    }

    @Test("a closed store is answered 503, with when to try again")
    func storeTrouble() async throws {
        try await ControlUnderTest.with { control async throws in
            await control.store.close()
            for (method, path) in [("GET", "/v1/watches"), ("POST", "/v1/watches"), ("GET", "/v1/events/x")] {
                let answer = try await control.probe.send(method, path, body: method == "POST" ? #"{"response_id":"r"}"# : nil)
                #expect(answer.status == 503, "\(path)")
                #expect(answer.headers["retry-after"] != nil)
                #expect(try answer.json()["type"] == "urn:ringback:problem:store-trouble")
            }
        }
    }

    @Test("a full disk is told as such")
    func fullDisk() {
        let problem = Problem(.noSpace)
        #expect(problem.status == 503)
        #expect(problem.kind == .diskFull)
        #expect(problem.detail.contains("full"))
    }

    @Test("a repeated POST with the same Idempotency-Key is answered again and not done again; with another body it is refused")
    func idempotency() async throws {
        try await ControlUnderTest.with { control async throws in
            let key = [("Idempotency-Key", "k-1")]
            let body = #"{"name":"a","url":"https://a.example/"}"#
            let first = try await control.probe.send("POST", "/v1/endpoints", headers: key, body: body)
            #expect(first.status == 201)
            let second = try await control.probe.send("POST", "/v1/endpoints", headers: key, body: body)
            #expect(second.status == 201)
            #expect(second.body == first.body)
            #expect(try await control.probe.send("POST", "/v1/endpoints", headers: key, body: body + " ").status == 422)
            // Another route, or another key, is another request.
            #expect(try await control.probe.send("POST", "/v1/watches", headers: key, body: #"{"response_id":"r"}"#).status == 201)
            #expect(try await control.probe.send("POST", "/v1/endpoints", headers: [("Idempotency-Key", "k-2")], body: body).status == 409)
            // What failed may be tried again under its key.
            let bad = [("Idempotency-Key", "k-3")]
            #expect(try await control.probe.send("POST", "/v1/endpoints", headers: bad, body: "{}").status == 400)
            let mended = #"{"name":"b","url":"https://a.example/"}"#
            #expect(try await control.probe.send("POST", "/v1/endpoints", headers: bad, body: mended).status == 201)
            let long = [("Idempotency-Key", String(repeating: "k", count: 256))]
            #expect(try await control.probe.send("POST", "/v1/endpoints", headers: long, body: mended).status == 400)
        }
    }

    @Test("a cursor and an id may hold anything: nothing is found, nothing breaks")
    func strangeIDs() async throws {
        try await ControlUnderTest.with { control async throws in
            for id in ["%00", "%F0%9F%8D%8B", "..%2F..%2Fetc", "'%20OR%201=1--", String(repeating: "a", count: 5000)] {
                #expect(try await control.probe.send("GET", "/v1/watches/\(id)").status == 404)
            }
            #expect(try await control.probe.send("GET", "/v1/watches/%zz").status == 400)
            #expect(try await control.probe.send("GET", "/v1/watches/%ff").status == 400)
            #expect(try await control.probe.send("GET", "/v1/watches?response_id=%00'").json()["data"] == [])
        }
    }
}
