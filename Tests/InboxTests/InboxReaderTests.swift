import Foundation
import Glibc
import RingbackCore
import RingbackTesting
import Testing

@testable import Inbox

@Suite("A reader of an inbox")
struct InboxReaderTests {
    private let now = Timestamp(milliseconds: 1_795_414_328_123)

    @Test("claims the oldest file first, by the time in its name, and acknowledges it away")
    func order() async throws {
        try await InboxUnderTest.lend { inbox in
            let names = ["20261123T061208Z.b.completed.json", "20261123T061207Z.z.failed.json", "20261124T000000Z.a.completed.json"]
            for name in names { try inbox.deliver(name) }
            var claimed: [String] = []
            while let path = try inbox.reader.claim(now: now, lease: nil) {
                #expect(path.hasPrefix(inbox.directory.path + "/cur/"))
                claimed.append(try #require(ClaimedName(path.fileName)).original)
                try inbox.reader.acknowledge(path.fileName)
            }
            #expect(claimed == names.sorted())
            #expect(try inbox.names("new") + inbox.names("cur") == [])
        }
    }

    @Test("takes the text along, removes it with the file, and puts it back before the file")
    func text() async throws {
        try await InboxUnderTest.lend { inbox in
            try inbox.deliver("a.txt", "words")
            try inbox.deliver("a.json")
            let path = try #require(try inbox.reader.claim(now: now, lease: nil))
            #expect(try String(contentsOfFile: path.dropLast(".json".count) + ".txt", encoding: .utf8) == "words")
            try inbox.reader.putBack(path.fileName)
            #expect(try inbox.names("new") == ["a.json", "a.txt"])
            let again = try #require(try inbox.reader.claim(now: now, lease: nil))
            try inbox.reader.acknowledge(again.fileName)
            #expect(try inbox.names("new") + inbox.names("cur") == [])
        }
    }

    @Test("acknowledges the text too that a reader which died left in new")
    func textLeftBehind() async throws {
        try await InboxUnderTest.lend { inbox in
            try inbox.deliver("a.json")
            let path = try #require(try inbox.reader.claim(now: now, lease: nil))
            try inbox.deliver("a.txt", "words")
            try inbox.reader.acknowledge(path.fileName)
            #expect(try inbox.names("new") + inbox.names("cur") == [])
        }
    }

    @Test("skips what is no file of an inbox, and counts it when it lists")
    func foreign() async throws {
        try await InboxUnderTest.lend { inbox in
            for name in [".hidden.json", "readme", "a b.json", "old.txt"] { try inbox.deliver(name) }
            try FileManager.default.createDirectory(
                at: inbox.directory.appending(path: "new/directory.json"), withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: inbox.directory.appending(path: "new/link.json").path, withDestinationPath: "/etc/passwd")
            // A name that is not UTF-8: caf\xE9.json
            let odd = Array((inbox.directory.path + "/new/caf").utf8) + [0xE9] + Array(".json".utf8) + [0]
            let descriptor = unsafe odd.withUnsafeBufferPointer {
                unsafe $0.withMemoryRebound(to: CChar.self) { unsafe creat($0.baseAddress!, 0o644) }
            }
            try #require(descriptor >= 0)
            close(descriptor)
            #expect(try inbox.reader.claim(now: now, lease: nil) == nil)
            #expect(try inbox.reader.oldest() == nil)
            let found = try inbox.reader.entries()
            #expect(found.entries.isEmpty)
            #expect(found.others == 6)
            #expect(try inbox.names("cur").isEmpty)

            try inbox.deliver("good.json")
            #expect(try #require(try inbox.reader.claim(now: now, lease: nil)).fileName.hasPrefix("good.claimed-"))
        }
    }

    @Test("gets back what another one claimed when its lease has run out, and not before")
    func lease() async throws {
        try await InboxUnderTest.lend { inbox in
            try inbox.deliver("a.txt", "words")
            try inbox.deliver("a.json")
            let first = try #require(try inbox.reader.claim(now: now, lease: .seconds(60)))
            let end = try #require(try inbox.reader.rescue(now: now + .seconds(59)))
            #expect(try inbox.reader.claim(now: now + .seconds(59), lease: nil) == nil)
            #expect(try inbox.reader.rescue(now: end) == nil)
            #expect(try inbox.names("new") == ["a.json", "a.txt"])
            let second = try #require(try inbox.reader.claim(now: end, lease: .seconds(60)))
            #expect(first != second)

            // The first one comes late: it is told, and the second one's claim is untouched.
            #expect(throws: InboxReadingError.claimLost(first.fileName)) { try inbox.reader.acknowledge(first.fileName) }
            #expect(throws: InboxReadingError.claimLost(first.fileName)) { try inbox.reader.putBack(first.fileName) }
            try inbox.reader.acknowledge(second.fileName)
            #expect(try inbox.names("cur").isEmpty)
        }
    }

    @Test("may acknowledge after its lease while nobody else has taken the file")
    func lateButInTime() async throws {
        try await InboxUnderTest.lend { inbox in
            try inbox.deliver("a.json")
            let path = try #require(try inbox.reader.claim(now: now, lease: .seconds(1)))
            try inbox.reader.acknowledge(path.fileName)
            #expect(try inbox.reader.rescue(now: now + .seconds(60)) == nil)
            #expect(try inbox.names("new").isEmpty)
        }
    }

    @Test("leaves claims without a lease to those who made them, also files that were moved by hand")
    func withoutLease() async throws {
        try await InboxUnderTest.lend { inbox in
            try inbox.deliver("a.json")
            try inbox.deliver("b.json")
            _ = try inbox.reader.claim(now: now, lease: nil)
            try FileManager.default.moveItem(
                at: inbox.directory.appending(path: "new/b.json"), to: inbox.directory.appending(path: "cur/b.json"))
            #expect(try inbox.reader.rescue(now: now + .seconds(365 * 86_400)) == nil)
            #expect(try inbox.names("new").isEmpty)
            try inbox.reader.putBack("b.json")
            #expect(try inbox.names("new") == ["b.json"])
        }
    }

    @Test("keeps a file that is put back for later from everybody until then")
    func putBackLater() async throws {
        try await InboxUnderTest.lend { inbox in
            try inbox.deliver("a.json")
            let path = try #require(try inbox.reader.claim(now: now, lease: .seconds(600)))
            let parked = try inbox.reader.putBack(path.fileName, after: .seconds(60), now: now)
            #expect(throws: InboxReadingError.claimLost(path.fileName)) { try inbox.reader.acknowledge(path.fileName) }
            #expect(ClaimedName(parked.fileName)?.original == "a.json")
            _ = try inbox.reader.rescue(now: now + .seconds(59))
            #expect(try inbox.reader.oldest() == nil)
            _ = try inbox.reader.rescue(now: now + .seconds(62))
            #expect(try inbox.names("new") == ["a.json"])
        }
    }

    @Test("never replaces a file when it puts one back, and goes on past one it cannot put back")
    func nameTaken() async throws {
        try await InboxUnderTest.lend { inbox in
            try inbox.deliver("a.json", "first")
            let path = try #require(try inbox.reader.claim(now: now, lease: .seconds(1)))
            try inbox.deliver("a.json", "second")
            #expect(throws: InboxReadingError.nameTaken("a.json")) { try inbox.reader.putBack(path.fileName) }
            _ = try inbox.reader.rescue(now: now + .seconds(60))
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "first")
            #expect(try String(contentsOf: inbox.directory.appending(path: "new/a.json"), encoding: .utf8) == "second")
        }
    }

    @Test("says what is wrong with a directory that is no inbox", arguments: ["", "/file", "/missing", "/empty"])
    func noInbox(path: String) async throws {
        try await withTemporaryDirectory { parent in
            try Data().write(to: parent.appending(path: "file"))
            try FileManager.default.createDirectory(at: parent.appending(path: "empty"), withIntermediateDirectories: true)
            let reader = InboxReader(parent.path + path)
            let error = #expect(throws: InboxReadingError.self) { try reader.claim(now: now, lease: nil) }
            let message = try #require(error).description
            #expect(message.contains(parent.path + path))
            #expect(message.contains(path == "/file" ? "is no directory" : "it is no inbox, or it is not there"))
        }
    }

    @Test("lists what waits and what is claimed, each with its age")
    func listing() async throws {
        try await InboxUnderTest.lend { inbox in
            try inbox.deliver("a.json")
            try inbox.deliver("b.json")
            let path = try #require(try inbox.reader.claim(now: now, lease: .seconds(60)))
            let entries = try inbox.reader.entries().entries
            #expect(entries.map(\.name) == ["b.json", path.fileName])
            #expect(entries[0].claim == nil)
            #expect(entries[1].since == Timestamp(unixSeconds: now.unixSeconds))
            #expect(entries[1].claim?.endsAt == ClaimedName(path.fileName)?.endsAt)
        }
    }
}
