import Foundation
import RawJSON
import RingbackCore
import Sandbox
import Testing

/// What strangers, operators and networks do wrong: each gets a clear word, and the process goes on.
@Suite("A bridge that is treated badly", .serialized, .timeLimit(.minutes(3)))
struct BadInputTests {
    /// What the whole process may hold at its worst moment, in bytes; without any load it is about a third of that.
    static let memoryLimit = 200 * 1024 * 1024

    @Test("does not start on a port that is in use, and says so")
    func portInUse() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let elsewhere = try surroundings.subdirectory("elsewhere")
                let environment = [
                    "RINGBACK_LISTEN": "127.0.0.1:\(bridge.port)", "RINGBACK_UPSTREAM_BASE_URL": surroundings.upstreamURL,
                ]
                let second = try await Invocation.run(["serve"], environment: environment, in: elsewhere)
                #expect(second.status == 1)
                #expect(second.errors.contains("127.0.0.1:\(bridge.port) is in use by another program"), "it says: \(second.errors)")
                for command in ["sandbox", "listen"] {
                    let other = try await Invocation.run([command, "--listen", "\(bridge.port)"], in: elsewhere)
                    #expect(other.status == 1)
                    let address = "127.0.0.1:\(bridge.port)"
                    #expect(other.errors.contains(address) && other.errors.contains("in use"), "it says: \(other.errors)")
                }
                try await bridge.waitUntilReady()
            }
        }
    }

    @Test("does not start on a store that another process uses, and says so")
    func storeInUse() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { process in
                let environment = [
                    "RINGBACK_LISTEN": "127.0.0.1:\(try Bridge.freePort())", "RINGBACK_UPSTREAM_BASE_URL": surroundings.upstreamURL,
                    "RINGBACK_STORE": "sqlite:\(bridge.storeDirectory.path)/ringback.db",
                ]
                let second = try await Invocation.run(["serve"], environment: environment, in: surroundings.subdirectory("elsewhere"))
                #expect(second.status == 1)
                let words = ["another Ringback process (pid \(process.identifier))", "ringback.db", "choose another `store`"]
                #expect(words.allSatisfy { second.errors.contains($0) }, "it says: \(second.errors)")
                try await bridge.waitUntilReady()
            }
        }
    }

    @Test("refuses requests that make no sense, points at the field, and serves the next one")
    func badRequests() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let requests: [(body: String, status: Int, pointer: String?)] = [
                    ("{\"response_id\": \"../../etc/passwd\"}", 400, "#/response_id"),
                    ("{\"response_id\": \"\"}", 400, "#/response_id"),
                    ("{\"response_id\": \"resp_1\\u0000\"}", 400, "#/response_id"),
                    ("{\"response_id\": 5}", 400, "#/response_id"),
                    ("{}", 400, "#/response_id"),
                    ("{\"response_id\": \"resp_1\", \"upstream\": \"nobody\"}", 400, "#/upstream"),
                    ("{\"response_id\": \"resp_1\", \"endpoints\": [\"app\", \"ap\"]}", 400, "#/endpoints/1"),
                    ("{\"response_id\": \"resp_1\", \"callback\": {\"url\": \"file:///etc/passwd\"}}", 400, "#/callback/url"),
                    ("{\"response_id\": \"resp_1\", \"callback\": {\"url\": \"http://a:b@example.com\"}}", 400, "#/callback/url"),
                    ("{\"response_id\": \"r\", \"callback\": {\"url\": \"http://x\", \"secret\": \"hush\"}}", 400, "#/callback/secret"),
                    ("{\"response_id\": \"resp_1\", \"headers\": {\"X-A\": \"a\\r\\nX-B: b\"}}", 400, "#/headers/X-A"),
                    ("{\"response_id\": \"resp_1\", \"max_age\": \"soon\"}", 400, "#/max_age"),
                    ("{\"respons_id\": \"resp_1\"}", 400, "#/respons_id"),
                    ("{\"response_id\": \"resp_1\"", 400, nil),
                    ("\(String(repeating: "[", count: 5000))", 400, nil),
                    ("{\"response_id\": \"\(String(repeating: "x", count: 2_000_000))\"}", 413, nil),
                ]
                for (body, status, pointer) in requests {
                    let answer = try await surroundings.client.post(bridge.url + "/v1/watches", body)
                    #expect(answer.status == status, "\(body.prefix(100)): \(answer.text)")
                    #expect(answer.headers.contains { $0.name == "content-type" && $0.value == "application/problem+json" })
                    guard let pointer else { continue }
                    let pointers = try answer.json()["errors"]?.elements?.compactMap { $0["pointer"]?.string } ?? []
                    #expect(pointers.contains(pointer), "\(body.prefix(100)): \(answer.text)")
                }
                #expect(try await bridge.list("/v1/watches").isEmpty)
                try await bridge.waitUntilReady()
            }
        }
    }

    @Test("keeps a watch whose upstream answers HTML, and says what is wrong")
    func upstreamAnswersHTML() async throws {
        let page = HostileServer.answer("200 OK", type: "text/html", "<html><body>Sign in to the Wi-Fi</body></html>")
        try await HostileServer.lend(.say(page)) { upstream in
            let base = upstream.url + "/v1"
            try await Surroundings.lend { surroundings in
                let bridge = try Bridge(surroundings, upstreamURL: base)
                try await bridge.lend { _ in
                    try await bridge.register("resp_html")
                    try await eventually(within: .seconds(30), "the trouble is told") {
                        try await bridge.list("/v1/watches").first?["last_error"]?.string?.contains("cannot be used") == true
                    }
                    #expect(try await bridge.list("/v1/watches").first?["status"] == "queued")
                    let create = try await bridge.run("create", input: "{\"model\": \"m\"}")
                    #expect(create.status == 1)
                    #expect(create.errors.contains("no response object"), "it says: \(create.errors)")
                    try await bridge.waitUntilReady()
                }
            }
        }
    }

    @Test("keeps its memory when an upstream answers without end", arguments: ["application/json", "text/event-stream"])
    func upstreamFloods(type: String) async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\n\r\n"
        try await HostileServer.lend(.flood(head: head, bytes: 1 << 30)) { upstream in
            let base = upstream.url + "/v1"
            try await Surroundings.lend { surroundings in
                let bridge = try Bridge(surroundings, upstreamURL: base)
                try await bridge.lend { process in
                    try await bridge.register("resp_flood")
                    try await eventually(within: .seconds(60), "the trouble is told") {
                        try await bridge.list("/v1/watches").first?["last_error"]?.string != nil
                    }
                    #expect(try process.peakMemory < Self.memoryLimit)
                    try await bridge.waitUntilReady()
                }
            }
        }
    }

    @Test("follows a response as soon as its upstream comes up")
    func upstreamComesUp() async throws {
        let port = try Bridge.freePort()
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings, upstreamURL: "http://127.0.0.1:\(port)/v1")
            try await bridge.lend { _ in
                try await bridge.register("resp_late")
                try await eventually(within: .seconds(30), "the trouble is told") {
                    try await bridge.list("/v1/watches").first?["last_error"]?.string?.contains("refused the connection") == true
                }
                let create = try await surroundings.client.post(bridge.url + "/v1/responses", "{\"model\": \"m\", \"background\": true}")
                #expect(create.status == 502)
                #expect(try create.json()["error"]?["message"]?.string?.contains("refused the connection") == true)

                let response = "{\"id\": \"resp_late\", \"object\": \"response\", \"status\": \"completed\", \"output\": []}"
                try await HostileServer.lend(.say(HostileServer.answer("200 OK", type: "application/json", response)), port: port) { _ in
                    _ = try await bridge.delivery(of: "resp_late", status: "delivered", within: .seconds(60))
                }
                let kept = try await bridge.get("/v1/watches/\(try #require(bridge.list("/v1/watches").first?["id"]?.string))/response")
                #expect(kept.text == response)
            }
        }
    }

    @Test("records a timeout for a receiver that never answers, tries again, and delivers to the others meanwhile")
    func silentReceiver() async throws {
        try await HostileServer.lend(.silence) { receiver in
            let url = receiver.url
            try await Surroundings.lend { surroundings in
                let bridge = try Bridge(surroundings)
                try await bridge.lend { _ in
                    try await bridge.add("silent", url: url, more: ["timeout": "300ms", "retry": ["schedule": ["100ms", "1h"]]])
                    let response = try await surroundings.createResponse(["duration": "100ms"])
                    try await bridge.register(response)
                    _ = try await bridge.delivery(of: response, status: "delivered")
                    _ = try await bridge.delivery(of: response, to: "scripts", status: "delivered")
                    let id = try #require(try await bridge.delivery(of: response, to: "silent", status: "pending")["id"]?.string)
                    try await eventually(within: .seconds(30), "two attempts have timed out") {
                        try await bridge.get("/v1/deliveries/\(id)").json()["attempts"] == 2
                    }
                    let delivery = try await bridge.get("/v1/deliveries/\(id)").json()
                    #expect(delivery["attempt_log"]?.elements?.map { $0["error"] } == ["timeout", "timeout"])
                    #expect(delivery["next_attempt_at"]?.string != nil)
                    let show = try await bridge.run("deliveries", "show", id)
                    #expect(show.output.contains("timeout"))
                }
            }
        }
    }

    @Test("keeps 16 KiB of a gigabyte that a receiver answers, and its own memory")
    func floodingReceiver() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(1 << 30)\r\n\r\n"
        try await HostileServer.lend(.flood(head: head, bytes: 1 << 30)) { receiver in
            try await Surroundings.lend { surroundings in
                let bridge = try Bridge(surroundings)
                try await bridge.lend { process in
                    try await bridge.add("flood", url: receiver.url)
                    for _ in 0..<5 {
                        let response = try await surroundings.createResponse(["duration": "50ms"])
                        try await bridge.register(response)
                        let delivery = try await bridge.delivery(of: response, to: "flood", status: "delivered")
                        let attempt = try #require(delivery["attempt_log"]?[0])
                        #expect(attempt["response_body"]?.string == String(repeating: "x", count: 16 * 1024))
                    }
                    #expect(try process.peakMemory < Self.memoryLimit)
                    #expect(receiver.bytesTaken < 5 * 32 * 1024 * 1024, "what is not kept is not read either")
                }
            }
        }
    }

    @Test("finishes a running attempt after SIGTERM, records it, and lets go of the store")
    func drain() async throws {
        try await HostileServer.lend(.holdBack(HostileServer.answer("200 OK", type: "text/plain", "taken"))) { receiver in
            try await Surroundings.lend { surroundings in
                let bridge = try Bridge(surroundings)
                let process = try bridge.start()
                try await bridge.waitUntilReady()
                try await bridge.add("slow", url: receiver.url)
                let response = try await surroundings.createResponse(["duration": "50ms"])
                try await bridge.register(response)
                try await eventually(within: .seconds(30), "the slow attempt is under way") { receiver.requests.count == 1 }
                process.signal(SIGTERM)
                try await eventually(within: .seconds(30), "the API has closed") {
                    do {
                        _ = try await surroundings.client.get(bridge.url + "/healthz")
                        return false
                    } catch {
                        return true
                    }
                }
                receiver.release()
                #expect(await process.waitForExit() == RingbackProcess.Exit(status: 0, wasSignalled: false))

                try await bridge.lend { _ in
                    let delivery = try await bridge.delivery(of: response, to: "slow", status: "delivered")
                    #expect(delivery["attempts"] == 1)
                    #expect(delivery["attempt_log"]?[0]?["response_body"] == "taken")
                }
                #expect(receiver.requests.count == 1, "nothing was sent twice")
            }
        }
    }

    @Test("rings at once for a response that has ended already, and takes a registration twice but not two different ones")
    func registrations() async throws {
        try await Surroundings.lend { surroundings in
            let bridge = try Bridge(surroundings)
            try await bridge.lend { _ in
                let response = try await surroundings.createResponse(["duration": "1ms", "outcome": "failed"])
                let statuses = try await [
                    "{\"response_id\": \"\(response)\"}", "{\"response_id\": \"\(response)\"}",
                    "{\"response_id\": \"\(response)\", \"endpoints\": [\"scripts\"]}",
                ].asyncMap { try await surroundings.client.post(bridge.url + "/v1/watches", $0).status }
                #expect(statuses == [201, 200, 409])
                _ = try await bridge.delivery(of: response, status: "delivered", within: .seconds(10))
                #expect(surroundings.received.all.count == 1)
                #expect(try JSON(parsing: try #require(surroundings.received.all.first).body)["type"] == "response.failed")
                let late = try await surroundings.client.post(bridge.url + "/v1/watches", "{\"response_id\": \"\(response)\"}")
                #expect(late.status == 200)
                #expect(try late.json()["status"] == "failed")
                #expect(surroundings.received.all.count == 1, "a registration of what has rung already rings no second time")
            }
        }
    }

    @Test("asks for the token that RINGBACK_API_TOKEN sets, and never logs it")
    func token() async throws {
        try await Surroundings.lend { surroundings in
            let directory = try surroundings.subdirectory("with-token")
            let url = "http://127.0.0.1:\(try Bridge.freePort())"
            let environment = [
                "RINGBACK_LISTEN": String(url.dropFirst(7)), "RINGBACK_UPSTREAM_BASE_URL": surroundings.upstreamURL,
                "RINGBACK_INBOX": "inbox", "RINGBACK_API_TOKEN": "a-token-of-some-length-4711",
            ]
            let process = try RingbackProcess(
                ["serve"], environment: environment, directory: directory, log: directory.appending(path: "serve.log"))
            try await eventually(within: .seconds(60), "the bridge is ready") {
                try await surroundings.client.get(url + "/readyz").status == 200
            }
            let watches = url + "/v1/watches"
            #expect(try await surroundings.client.get(watches).status == 401)
            #expect(try await surroundings.client.get(watches, headers: [(name: "Authorization", value: "Bearer wrong")]).status == 401)
            #expect(
                try await surroundings.client.get(watches, headers: [(name: "Authorization", value: "Bearer a-token-of-some-length-4711")])
                    .status == 200)
            let without = try await Invocation.run(["watches", "--server", url], in: directory)
            #expect(without.status == 1)
            #expect(without.errors.contains("RINGBACK_TOKEN"), "it says: \(without.errors)")
            let with = try await Invocation.run(
                ["watches", "--server", url], environment: ["RINGBACK_TOKEN": "a-token-of-some-length-4711"], in: directory)
            #expect(with.status == 0, "\(with.errors)")
            #expect(await process.terminate() == RingbackProcess.Exit(status: 0, wasSignalled: false))
            #expect(!process.logText.contains("a-token-of-some-length"))
        }
    }
}

extension Surroundings {
    /// A fresh directory inside the test's own.
    fileprivate func subdirectory(_ name: String) throws -> URL {
        let url = directory.appending(path: name)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }
}

extension Bridge {
    /// Adds a webhook endpoint over the API.
    fileprivate func add(_ name: String, url target: String, more: JSON = [:]) async throws {
        let members = [JSON.Member("name", .string(name)), .init("url", .string(target))] + (more.members ?? [])
        let answer = try await surroundings.client.post(url + "/v1/endpoints", String(decoding: JSON.object(members).bytes, as: UTF8.self))
        try #require(answer.status == 201, "the endpoint was refused: \(answer.text)")
    }
}

extension RingbackProcess {
    /// The most memory the process has held so far, in bytes.
    fileprivate var peakMemory: Int {
        get throws {
            let status = try String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
            let kibibytes = try #require(status.firstMatch(of: /VmHWM:\s+([0-9]+) kB/).flatMap { Int($0.1) })
            return kibibytes * 1024
        }
    }
}

extension Array {
    /// One after the other.
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
