import Foundation
import RawJSON
import RingbackCore
import Testing

/// The real binary and a real mail server (aiosmtpd), which `make test-deps` puts into `.build/mail`.
@Suite("Mail of the real binary", .timeLimit(.minutes(5)))
struct MailDeliveryTests {
    @Test("comes to each recipient once, though the bridge is killed while one of them cannot have it yet")
    func severalRecipients() async throws {
        try await Surroundings.lend { surroundings in
            try await MailServer.lend(in: surroundings.directory) { server in
                let bridge = try Bridge(surroundings)
                try server.add(to: bridge.configuration, recipients: "good@mail.example, once-bad@mail.example")
                let first = try bridge.start()
                try await bridge.waitUntilReady()
                let response = try await surroundings.createResponse(["duration": "0s", "outcome": "failed"])
                try await bridge.register(response)
                try await eventually(within: .seconds(60), "the first recipient has the mail") { try server.mails().count >= 1 }
                await first.kill()
                try await bridge.lend { _ in
                    try await eventually(within: .seconds(120), "both have it, and it is on record") {
                        let deliveries = try await surroundings.client.get(bridge.url + "/v1/deliveries?endpoint=mail").json()
                        return try server.mails().count >= 2 && deliveries["data"]?[0]?["status"] == "delivered"
                    }
                }
                let mails = try server.mails()
                #expect(Set(mails.map(\.recipient)) == ["good@mail.example", "once-bad@mail.example"])
                #expect(mails.allSatisfy { $0.text.contains("Message-ID: <\(response).failed.") && $0.login == "ringback" })
                let log = try String(contentsOf: surroundings.directory.appending(path: "bridge.log"), encoding: .utf8)
                #expect(!log.contains("it is a secret"))
            }
        }
    }

    @Test("gathers a batch into one digest, and each delivery is on record")
    func digest() async throws {
        try await Surroundings.lend { surroundings in
            try await MailServer.lend(in: surroundings.directory) { server in
                let bridge = try Bridge(surroundings)
                try server.add(to: bridge.configuration, recipients: "good@mail.example", lines: "digest: { window: 4s, max: 20 }")
                let failed = try await surroundings.createResponses(2, "failed")
                let completed = try await surroundings.createResponses(4, "completed")
                try await bridge.lend { _ in
                    for response in failed + completed { try await bridge.register(response) }
                    try await eventually(within: .seconds(60), "all deliveries are delivered") {
                        let deliveries = try await surroundings.client.get(bridge.url + "/v1/deliveries?endpoint=mail").json()
                        let all = deliveries["data"]?.elements ?? []
                        return all.count == 6 && all.allSatisfy { $0["status"] == "delivered" && $0["attempts"] == 1 }
                    }
                }
                let mails = try server.mails()
                #expect(mails.count == 1, "a batch of six is one mail")
                let mail = try #require(mails.first)
                let subject = Data("✗ 4 completed, 2 failed".utf8).base64EncodedString()
                #expect(mail.header("Subject") == "=?UTF-8?B?\(subject)?=")
                // Once in the text and once in the HTML; who completed is counted, and not listed.
                #expect(failed.allSatisfy { mail.body.components(separatedBy: "Response \($0) failed").count == 3 }, "\(mail.text)")
                #expect(completed.allSatisfy { !mail.body.contains($0) })
            }
        }
    }
}
