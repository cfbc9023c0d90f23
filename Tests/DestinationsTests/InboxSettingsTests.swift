import Delivering
import Foundation
import Glibc
import Inbox
import RingbackCore
import RingbackTesting
import Testing

@testable import Destinations

@Suite("An inbox's bounds and owners")
struct InboxSettingsTests {
    private let time = ManualTime(wall: Jobs.createdAt)

    @Test("takes as many files as max_files allows, whatever their texts, and goes on when one is taken away")
    func maximumFiles() async throws {
        try await withTemporaryDirectory { inbox in
            let destination = try destination(InboxTarget(directory: inbox.path, outputText: true, maximumFiles: 2))
            for id in ["resp_1", "resp_2"] { #expect(try await attempt(destination, id).error == nil) }
            let full = try await attempt(destination, "resp_3")
            #expect(full.error == .inboxFull)
            #expect(full.detail?.contains("2 files wait in \(inbox.path)/new") == true)
            #expect(try files(inbox, "new").count == 4)
            // A second attempt at an event that is there needs no room.
            #expect(try await attempt(destination, "resp_2").error == nil)

            let reader = InboxReader(inbox.path)
            let path = try #require(try reader.claim(now: Jobs.createdAt, lease: nil))
            #expect(try await attempt(destination, "resp_3").error == nil)
            #expect(try await attempt(destination, "resp_4").error == .inboxFull)
            try reader.putBack(String(path.split(separator: "/").last ?? ""))
            #expect(try await attempt(destination, "resp_4").error == .inboxFull)
        }
    }

    @Test("counts the files that were there before, and again only when its room is used up")
    func counting() async throws {
        try await withTemporaryDirectory { inbox in
            let fileSystem = FaultyFileSystem()
            _ = try await attempt(try destination(InboxTarget(directory: inbox.path)), "resp_0")
            let destination = try destination(InboxTarget(directory: inbox.path, maximumFiles: 4), fileSystem)
            for number in 1...3 { #expect(try await attempt(destination, "resp_\(number)").error == nil) }
            #expect(try await attempt(destination, "resp_4").error == .inboxFull)
            // One listing of cur for each delivery, one of tmp at the start, and two of new: at the first and at the last delivery.
            let listings = fileSystem.log.count { $0.hasPrefix("readdir") }
            #expect(listings == 7)
        }
    }

    @Test("gives files and directories exactly the mode that is asked for, whatever the umask", arguments: ["0600", "0664", "0666"])
    func mode(text: String) async throws {
        let mode = try #require(FileMode(text: text))
        #expect("\(mode)" == text)
        try await withTemporaryDirectory { parent in
            let inbox = parent.appending(path: "inbox")
            let report = try await attempt(
                try destination(InboxTarget(directory: inbox.path, ownership: FileOwnership(mode: mode))), "resp_1")
            #expect(try permissions(URL(filePath: try #require(report.address))) == mode.bits)
            for folder in ["", "tmp", "new", "cur"] { #expect(try permissions(inbox.appending(path: folder)) == mode.ofDirectory) }
        }
    }

    @Test(
        "takes a mode as a zero and three octal digits with which it can write and read",
        arguments: ["640", "416", "0o640", "0888", "06400", "rw-r-----", "0440", "", "0040", "+640", "-640"])
    func badMode(text: String) {
        #expect(FileMode(text: text) == nil)
    }

    @Test("lets into a directory who may read its files, and take them who may write them")
    func directoryModes() {
        let modes = ["0600", "0640", "0660", "0644", "0666"].compactMap { FileMode(text: $0)?.ofDirectory }
        #expect(modes == [0o700, 0o750, 0o770, 0o755, 0o777])
    }

    @Test("gives away before it writes, to names and to numbers")
    func owner() async throws {
        try await withTemporaryDirectory { inbox in
            let fileSystem = FaultyFileSystem()
            // Giving a file to its own user and group is everybody's right.
            let user = try #require(unsafe getpwuid(getuid()).map { unsafe String(cString: $0.pointee.pw_name) })
            let ownership = FileOwnership(owner: user, group: "\(getgid())")
            let report = try await attempt(try destination(InboxTarget(directory: inbox.path, ownership: ownership), fileSystem), "resp_1")
            #expect(report.error == nil, "\(report.detail ?? "")")
            let calls = fileSystem.log.suffix(6).map { String($0.prefix { $0 != " " }) }
            #expect(calls == ["create", "fchown", "write", "fsync", "rename", "fsync"])
            #expect(fileSystem.log.contains("fchown \(getuid()) \(getgid())"))
        }
    }

    @Test("says when there is no such user or group, and when files may not be given away")
    func unknownOwner() async throws {
        try await withTemporaryDirectory { inbox in
            for ownership in [FileOwnership(owner: "nobody-of-this-name"), FileOwnership(group: "no-group-of-this-name")] {
                let report = try await attempt(try destination(InboxTarget(directory: inbox.path, ownership: ownership)), "resp_1")
                #expect(report.error == .fileSystem)
                #expect(report.detail?.contains("no such user or group") == true, "\(report.detail ?? "")")
            }
            let fileSystem = FaultyFileSystem()
            fileSystem.arm(FaultyFileSystem.Fault(call: "fchown", occurrence: 0, code: EPERM))
            let ownership = FileOwnership(group: "\(getgid())")
            let refused = try await attempt(try destination(InboxTarget(directory: inbox.path, ownership: ownership), fileSystem), "resp_1")
            #expect(refused.error == .permission)
            #expect(refused.detail?.contains("only root may give files away") == true)
            #expect(try files(inbox, "new") + files(inbox, "tmp") == [])
        }
    }

    private func destination(
        _ target: InboxTarget, _ fileSystem: any InboxFileSystem = PosixFileSystem()
    ) throws -> InboxDestination {
        try InboxDestination(target, timeout: .seconds(15), time: time, fileSystem: fileSystem)
    }

    private func attempt(_ destination: InboxDestination, _ id: String) async throws -> AttemptReport {
        await destination.attempt(
            try Jobs.job(response: id, body: Jobs.oddResponse), number: 1, startedAt: Jobs.createdAt)
    }

    private func permissions(_ url: URL) throws -> UInt32 {
        let mode = try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
        return UInt32(try #require(mode))
    }
}
