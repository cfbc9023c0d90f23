import Foundation
import RingbackCore
import RingbackTesting
import Testing

@testable import Inbox

/// The clock stands still unless a test moves it. So what wakes a consumer here is an event of the directory, never the next look.
@Suite("A waiting consumer", .timeLimit(.minutes(5)))
struct InboxConsumerTests {
    @Test("wakes by the directory's event when a file comes, without any time passing")
    func wakes() async throws {
        try await InboxUnderTest.lend { inbox in
            let time = ManualTime()
            async let path = InboxConsumer(inbox.reader, time: time).waitForNext(lease: nil, timeout: nil)
            // It has looked, found nothing and sleeps.
            await time.waitForSleeper()
            try inbox.deliver("a.json")
            let found = try await path?.fileName
            #expect(found?.hasPrefix("a.claimed-") == true)
            #expect(time.now == Moment(nanoseconds: 0))
        }
    }

    @Test("also wakes when a file is put back, and leaves it where it is if it only waits")
    func wakesByReturn() async throws {
        try await InboxUnderTest.lend { inbox in
            try inbox.deliver("a.json")
            let time = ManualTime()
            let claimed = try #require(try InboxConsumer(inbox.reader, time: time).next(lease: nil))
            async let path = InboxConsumer(inbox.reader, time: time).waitForAny(timeout: nil)
            await time.waitForSleeper()
            try inbox.reader.putBack(claimed.fileName)
            let found = try await path
            #expect(found == inbox.directory.path + "/new/a.json")
        }
    }

    @Test("finds a file that came before it began to wait")
    func alreadyThere() async throws {
        try await InboxUnderTest.lend { inbox in
            try inbox.deliver("a.json")
            #expect(try await InboxConsumer(inbox.reader, time: ManualTime()).waitForAny(timeout: nil) != nil)
        }
    }

    @Test("gives up at its timeout")
    func timeout() async throws {
        try await InboxUnderTest.lend { inbox in
            let time = ManualTime()
            async let path = InboxConsumer(inbox.reader, time: time).waitForNext(lease: nil, timeout: .seconds(5))
            await time.waitForSleeper()
            time.advance(by: .seconds(5))
            let found = try await path
            #expect(found == nil)
        }
    }

    @Test("gets what another one claimed at the moment its lease runs out")
    func leaseEnds() async throws {
        try await InboxUnderTest.lend { inbox in
            let time = ManualTime()
            try inbox.deliver("a.json")
            let consumer = InboxConsumer(inbox.reader, time: time)
            _ = try consumer.next(lease: .seconds(3))
            async let path = consumer.waitForNext(lease: nil, timeout: nil)
            await sleeper(of: time, wakesBy: .seconds(4))
            time.advance(by: .seconds(4))
            let found = try await path?.fileName
            #expect(found?.hasPrefix("a.claimed-") == true)
        }
    }

    @Test("hears of a claim that is made while it waits, and is there when that runs out")
    func leaseOfANeighbour() async throws {
        try await InboxUnderTest.lend { inbox in
            let time = ManualTime()
            let consumer = InboxConsumer(inbox.reader, time: time)
            async let path = consumer.waitForAny(timeout: nil)
            await time.waitForSleeper()
            // Straight into cur, as if the neighbour had been faster: new stays empty all the time.
            let claim = try #require(ClaimedName(claiming: "a.json", at: time.wallNow, lease: .seconds(3)))
            try Data("{}".utf8).write(to: inbox.directory.appending(path: "tmp/a"))
            try FileManager.default.moveItem(
                at: inbox.directory.appending(path: "tmp/a"), to: inbox.directory.appending(path: "cur/\(claim.json)"))
            // Its sleep is now for the end of that lease, not for the next slow look.
            await sleeper(of: time, wakesBy: .seconds(4))
            time.advance(by: .seconds(4))
            let found = try await path?.fileName
            #expect(found == "a.json")
        }
    }

    @Test("goes on at an inbox that is removed and made anew while it waits")
    func madeAnew() async throws {
        try await InboxUnderTest.lend { inbox in
            let time = ManualTime()
            async let path = InboxConsumer(inbox.reader, time: time).waitForNext(lease: nil, timeout: nil)
            await time.waitForSleeper()
            try FileManager.default.removeItem(at: inbox.directory)
            // Nothing is left to follow: it looks again after the fast pause.
            await sleeper(of: time, wakesBy: InboxConsumer.fastPause)
            try inbox.make()
            time.advance(by: InboxConsumer.fastPause)
            await time.waitForSleeper()
            try inbox.deliver("a.json")
            let found = try await path
            #expect(found != nil)
        }
    }

    /// Returns when somebody sleeps who will be awake then, without a file having come.
    private func sleeper(of time: ManualTime, wakesBy limit: Duration) async {
        while (time.nextDeadline ?? .distantFuture) > Moment(nanoseconds: 0) + limit { await Task.yield() }
    }

    @Test("stops when its task is cancelled")
    func cancellation() async throws {
        try await InboxUnderTest.lend { inbox in
            let time = ManualTime()
            let waiting = Task { try await InboxConsumer(inbox.reader, time: time).waitForNext(lease: nil, timeout: nil) }
            await time.waitForSleeper()
            waiting.cancel()
            let found = try await waiting.value
            #expect(found == nil)
        }
    }

    @Test("is told at once when there is no inbox")
    func missing() async throws {
        let consumer = InboxConsumer(InboxReader("/nonexistent/inbox"), time: ManualTime())
        await #expect(throws: InboxReadingError.self) { try await consumer.waitForNext(lease: nil, timeout: nil) }
    }

    @Test("shares many files with others such that each is taken exactly once")
    func sharing() async throws {
        try await InboxUnderTest.lend { inbox in
            for number in 0..<200 { try inbox.deliver("\(number).json") }
            let taken = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var names: [String] = []
                        let consumer = InboxConsumer(inbox.reader, time: SystemTime())
                        while let path = try consumer.next(lease: .seconds(600)) {
                            names.append(try #require(ClaimedName(path.fileName)).original)
                            try inbox.reader.acknowledge(path.fileName)
                        }
                        return names
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(taken.count == 200)
            #expect(Set(taken).count == 200)
        }
    }
}
