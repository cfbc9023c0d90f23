import AddressGuard
import Control
import RawJSON
import RingbackCore
import Testing

@Suite("The guard at the API", .timeLimit(.minutes(5)))
struct GuardRoutesTests {
    /// Where a URL of a callback comes in.
    enum Door: String, CaseIterable, Sendable {
        case watch
        case endpoint
        case patch
        case proxy
    }

    private static func knock(_ door: Door, _ url: String, _ control: ControlUnderTest) async throws -> ProbeAnswer {
        let text = JSON.string(url).text
        switch door {
        case .watch:
            return try await control.probe.send("POST", "/v1/watches", body: #"{"response_id":"r","callback":{"url":\#(text)}}"#)
        case .endpoint:
            return try await control.probe.send("POST", "/v1/endpoints", body: #"{"name":"stranger","url":\#(text)}"#)
        case .patch:
            _ = try await control.probe.send("POST", "/v1/endpoints", body: #"{"name":"friend","url":"https://a.example/"}"#)
            return try await control.probe.send("PATCH", "/v1/endpoints/friend", body: #"{"url":\#(text)}"#)
        case .proxy:
            return try await control.probe.send(
                "POST", "/v1/responses", headers: [("Ringback-Callback-Url", url)], body: #"{"model":"m","background":true}"#)
        }
    }

    @Test("refuses at every door, in the same words, what leads inside", arguments: Door.allCases)
    func doors(_ door: Door) async throws {
        try await ControlUnderTest.with { control async throws in
            for url in [
                "http://10.0.0.1/", "http://127.0.0.1:8787/v1/endpoints", "http://[::1]/", "http://2130706433/", "http://localhost/",
            ] {
                let answer = try await Self.knock(door, url, control)
                let refusal = #expect(throws: GuardRefusal.self) { try CallbackGuard().judge(url) }
                #expect(answer.status == 400, "\(url)")
                #expect(answer.text.contains(JSON.string(refusal?.reason ?? "?").text.dropFirst().dropLast()), "\(url): \(answer.text)")
            }
        }
    }

    @Test(
        "lets out at every door what an exception covers, and https only where that is wanted", arguments: [Door.watch, .endpoint, .patch])
    func exceptions(_ door: Door) async throws {
        var options = ControlUnderTest.Options()
        options.callbackGuard = CallbackGuard(exceptions: [try AllowedNetwork(validating: "10.0.0.0/8:8080")])
        try await ControlUnderTest.with(options) { control async throws in
            #expect(try await Self.knock(door, "http://10.0.0.1:8080/", control).status < 300)
            #expect(try await Self.knock(door, "http://10.0.0.1/", control).status == 400)
        }
        options.callbackGuard = CallbackGuard(httpsOnly: true)
        try await ControlUnderTest.with(options) { control async throws in
            let refused = try await Self.knock(door, "http://a.example/", control)
            #expect(refused.status == 400)
            #expect(refused.text.contains("https URLs only"))
            #expect(try await Self.knock(door, "https://a.example/b", control).status < 300)
        }
    }

    @Test("a name is not resolved at registration: what it leads to may change before the callback")
    func namesWait() async throws {
        var options = ControlUnderTest.Options()
        options.addresses = [try #require(IPAddress("10.0.0.1"))]
        try await ControlUnderTest.with(options) { control async throws in
            #expect(try await Self.knock(.watch, "https://inside.example/", control).status == 201)
        }
    }

    @Test("explains a URL to an administrator in full, and to others the verdict alone")
    func explain() async throws {
        var options = ControlUnderTest.Options()
        options.tokens = [
            AccessToken(name: "ops", token: Secret("ops-token"), scopes: [.admin]),
            AccessToken(name: "app", token: Secret("app-token"), scopes: [.submit]),
            AccessToken(name: "eye", token: Secret("eye-token"), scopes: [.read]),
        ]
        options.addresses = try ["93.184.216.34", "10.0.0.1"].map { try #require(IPAddress($0)) }
        try await ControlUnderTest.with(options) { control async throws in
            func ask(_ token: String) async throws -> ProbeAnswer {
                try await control.probe.send(
                    "POST", "/v1/explain", headers: [("Authorization", "Bearer \(token)")],
                    body: #"{"url":"https://a.example/hook?key=LEAK"}"#)
            }
            let full = try await ask("ops-token")
            #expect(full.status == 200)
            #expect(try full.json()["allowed"] == .bool(false))
            #expect(try full.json()["rule"]?.string == "private")
            #expect(try full.json()["addresses"]?.elements?.map { $0["address"]?.string } == ["93.184.216.34", "10.0.0.1"])
            #expect(try full.json()["addresses"]?.elements?.map { $0["allowed"] } == [.bool(true), .bool(false)])
            let partial = try await ask("app-token")
            #expect(partial.status == 200)
            #expect(try partial.json()["allowed"] == .bool(false))
            #expect(try partial.json()["addresses"] == .null)
            #expect(!partial.text.contains("10.0.0.1") && !partial.text.contains("private"))
            #expect(!full.text.contains("LEAK") && !partial.text.contains("LEAK"))
            #expect(try await ask("eye-token").status == 403)
        }
    }
}
