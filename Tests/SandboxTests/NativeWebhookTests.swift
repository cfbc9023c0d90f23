import Cryptography
import Hummingbird
import Logging
import RawJSON
import RingbackCore
import RingbackTesting
import Sandbox
import ServiceLifecycle
import Testing
import Transport

@Suite("A native webhook of the sandbox", .timeLimit(.minutes(5)))
struct NativeWebhookTests {
    @Test("tells each status of a response as it comes, signed", arguments: [TerminalStatus.completed, .failed, .incomplete])
    func statuses(outcome: TerminalStatus) async throws {
        try await lend { sandbox, receiverURL, callbacks in
            var arrivals = callbacks.makeAsyncIterator()
            _ = try await sandbox.post(
                "/responses", Self.body(["duration": "10s", "outcome": outcome.rawValue], receiverURL: receiverURL))
            for (status, pause) in [("queued", 0), ("in_progress", 5), (outcome.rawValue, 5)] {
                sandbox.time.advance(by: .seconds(pause))
                let callback = try #require(await arrivals.next())
                #expect(try JSON(parsing: callback.body)["status"]?.string == status)
                let code = Hex.encode(HMACSHA256(key: Array("secret".utf8)).authenticationCode(for: callback.body))
                #expect(callback.headers.first { $0.name.lowercased() == "x-webhook-signature" }?.value == code)
                // The sandbox waits for the next status, if there is one.
                if status != outcome.rawValue { await sandbox.time.waitForSleeper() }
            }
        }
    }

    @Test("is not sent for a cancel")
    func cancelled() async throws {
        try await lend { sandbox, receiverURL, callbacks in
            var arrivals = callbacks.makeAsyncIterator()
            let created = try await sandbox.post("/responses", Self.body(["duration": "1h"], receiverURL: receiverURL))
            let first = try #require(try created.json()["id"]?.string)
            #expect(await arrivals.next() != nil)
            #expect(try await sandbox.post("/responses/\(first)/cancel").status == 200)
            // Had the cancel been told, it would come before this one's first webhook.
            let other = try await sandbox.post("/responses", Self.body(["duration": "1h"], receiverURL: receiverURL)).json()["id"]
            let next = try #require(await arrivals.next())
            #expect(try JSON(parsing: next.body)["id"] == other)
        }
    }

    @Test("needs a background response")
    func foreground() async throws {
        try await lend { sandbox, receiverURL, _ in
            let answer = try await sandbox.post("/responses", Self.body([:], receiverURL: receiverURL, background: false))
            #expect(answer.status == 400)
            #expect(try answer.message().contains("webhook_url"))
        }
    }

    private static func body(_ script: [String: String], receiverURL: String, background: Bool = true) -> String {
        SandboxUnderTest.body(
            script, background: background, more: "\"webhook_url\": \"\(receiverURL)\", \"webhook_secret\": \"secret\", ")
    }

    private func lend(
        _ body: @escaping @Sendable (SandboxUnderTest, String, AsyncStream<ReceivedCallback>) async throws -> Void
    ) async throws {
        let (callbacks, arrival) = AsyncStream<ReceivedCallback>.makeStream()
        let (ports, announcement) = AsyncStream<Int>.makeStream()
        let receiver = Receiver(keys: []) { callback in
            arrival.yield(callback)
            return 204
        }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = LocalServer(router: receiver.router(), name: "receiver", logger: logger) { announcement.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let port = try #require(await ports.first { _ in true })
            try await SandboxUnderTest.lend { sandbox in
                try await body(sandbox, "http://127.0.0.1:\(port)/hook", callbacks)
            }
            group.cancelAll()
        }
    }
}
