import Foundation
import RawJSON
import RingbackCore
import RingbackTesting
import Testing

/// The sets of a digest are in memory only: what a SIGKILL leaves of them has to be made good from the store. The real binary, and a real mail
/// server.
@Suite("A digest whose bridge is killed", .timeLimit(.minutes(8)))
struct DigestSurvivalTests {
    @Test("tells of every event, though it is killed while it gathers and again when the message is taken but not answered")
    func killedInBothMoments() async throws {
        try await Surroundings.lend { surroundings in
            try await MailServer.lend(in: surroundings.directory) { server in
                let bridge = try Bridge(surroundings)
                // Long enough that nothing is sent before the first kill.
                try server.add(to: bridge.configuration, recipients: "first-silent@mail.example", lines: "digest: { window: 30s, max: 20 }")
                let responses = try await surroundings.createResponses(5, "failed")

                let gathering = try bridge.start()
                try await bridge.waitUntilReady()
                for response in responses { try await bridge.register(response) }
                try await eventually(within: .seconds(60), "all of them wait") {
                    try await bridge.statuses(to: "mail") == Array(repeating: "pending", count: 5)
                }
                await gathering.kill()
                let sentByThen = try server.mails()
                #expect(sentByThen.isEmpty)

                let sending = try bridge.start()
                try await eventually(within: .seconds(120), "the server has a mail, and does not say so") { try server.mails().count == 1 }
                await sending.kill()

                try await bridge.lend { _ in
                    try await eventually(within: .seconds(120), "everything is delivered") {
                        try await bridge.statuses(to: "mail") == Array(repeating: "delivered", count: 5)
                    }
                }
                // The answer was lost, so it comes again: as one mail about the same five, which mail programs know by its name.
                let mails = try server.mails()
                #expect(mails.count == 2)
                #expect(mails.allSatisfy { Self.missing(responses, from: [$0]).isEmpty })
                #expect(Set(mails.compactMap { $0.header("Message-ID") }).count == 1)
            }
        }
    }

    @Test("tells of every event, though it is killed again and again at random moments")
    func killedAtRandomMoments() async throws {
        let seed = SurvivalTests.seed &+ 2
        print("DigestSurvivalTests seed: RINGBACK_TEST_SEED=\(SurvivalTests.seed)")
        try await Surroundings.lend { surroundings in
            var generator = SeededGenerator(seed: seed)
            try await MailServer.lend(in: surroundings.directory) { server in
                let bridge = try Bridge(surroundings)
                try server.add(to: bridge.configuration, recipients: "good@mail.example", lines: "digest: { window: 1s, max: 5 }")
                var responses: [String] = []
                for _ in 0..<8 {
                    let process = try bridge.start()
                    try await bridge.waitUntilReady()
                    for response in try await surroundings.createResponses(4, "failed") {
                        try await bridge.register(response)
                        responses.append(response)
                    }
                    let time = SystemTime()
                    try await time.sleep(until: time.now + .milliseconds(Int.random(in: 0..<2000, using: &generator)))
                    await process.kill()
                }
                let all = responses
                try await bridge.lend { _ in
                    try await eventually(within: .seconds(120), "everything is delivered") {
                        let statuses = try await bridge.statuses(to: "mail")
                        return statuses.count == all.count && statuses.allSatisfy { $0 == "delivered" }
                    }
                }
                let mails = try server.mails()
                #expect(Self.missing(all, from: mails).isEmpty, "these are in no message")
                #expect(mails.count < all.count, "\(mails.count) mails about \(all.count) events are no digests")
            }
        }
    }

    /// The responses that no mail tells of.
    private static func missing(_ responses: [String], from mails: [MailServer.Mail]) -> [String] {
        responses.filter { response in !mails.contains { $0.body.contains("Response \(response) failed") } }
    }
}

extension Bridge {
    /// The statuses of all deliveries to an endpoint.
    fileprivate func statuses(to endpoint: String) async throws -> [String] {
        try await list("/v1/deliveries?endpoint=\(endpoint)&limit=500").compactMap { $0["status"]?.string }
    }
}
