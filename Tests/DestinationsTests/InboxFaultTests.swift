import Delivering
import Foundation
import Glibc
import Inbox
import RingbackCore
import RingbackTesting
import Store
import Testing

@testable import Destinations

@Suite("An inbox under faults")
struct InboxFaultTests {
    private let time = ManualTime(wall: Jobs.createdAt)

    @Test("after a crash at any system call the next attempt leaves exactly one whole file", arguments: [false, true])
    func crashes(outputText: Bool) async throws {
        let calls = try await callsOfOneDelivery(outputText: outputText)
        #expect(calls > 20)
        let job = try Jobs.job(body: Jobs.oddResponse)
        let name = InboxFileName(job.event)
        let expected = outputText ? [name.json, name.text] : [name.json]
        for limit in 0...calls {
            try await withTemporaryDirectory { parent in
                let inbox = parent.appending(path: "inbox")
                let died = FaultyFileSystem(diesAfter: limit, maximumWrite: 100)
                let first = await (try destination(inbox, outputText, died)).attempt(job, number: 1, startedAt: Jobs.createdAt)
                #expect((first.error == nil) == (limit == calls), "died after \(died.log.last ?? "nothing")")
                let visible = (try? files(inbox, "new")) ?? []
                #expect(visible.isEmpty || visible == expected || visible == [name.text])
                try expectWhole(inbox, name, job, visible)

                let second = await (try destination(inbox, outputText, PosixFileSystem())).attempt(
                    job, number: 2, startedAt: Jobs.createdAt)
                #expect(second.error == nil, "died after \(died.log.last ?? "nothing"): \(second.detail ?? "")")
                #expect(try files(inbox, "new") == expected, "died after \(died.log.last ?? "nothing")")
                try expectWhole(inbox, name, job, expected)
                // What a dead process leaves is one half-made file at most, and never where readers look.
                #expect(try files(inbox, "tmp").count <= 1)
            }
        }
    }

    @Test("leftovers of crashes are gone when they are 36 hours old")
    func leftovers() async throws {
        try await withTemporaryDirectory { inbox in
            try await (try destination(inbox, false, PosixFileSystem())).prepare()
            let died = FaultyFileSystem(maximumWrite: 100)
            let destination = try destination(inbox, false, died)
            try await destination.prepare()
            died.arm(FaultyFileSystem.Fault(call: "write", occurrence: 1, code: EIO))
            _ = await destination.attempt(try Jobs.job(body: Jobs.oddResponse), number: 1, startedAt: Jobs.createdAt)
            // The process lived, so it could clean up after itself.
            #expect(try files(inbox, "tmp").isEmpty)

            try Data("half".utf8).write(to: inbox.appending(path: "tmp/0123"))
            let future = ManualTime(wall: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) + .seconds(36 * 3600 + 60))
            let later = try InboxDestination(InboxTarget(directory: inbox.path), timeout: .seconds(15), time: future)
            try await later.prepare()
            #expect(try files(inbox, "tmp").isEmpty)
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let call: String
        var occurrence = 0
        let code: Int32
        let label: AttemptError

        var testDescription: String { "\(call) fails with \(code): \(label)" }
    }

    static let cases = [
        Case(call: "write", code: ENOSPC, label: .noSpace),
        Case(call: "write", occurrence: 1, code: ENOSPC, label: .noSpace),
        Case(call: "fsync", code: ENOSPC, label: .noSpace),
        Case(call: "write", code: EDQUOT, label: .noSpace),
        Case(call: "create", code: EDQUOT, label: .noSpace),
        Case(call: "create", code: EROFS, label: .permission),
        Case(call: "open", code: EACCES, label: .permission),
        Case(call: "openat", code: EACCES, label: .permission),
        Case(call: "create", code: EACCES, label: .permission),
        Case(call: "rename", code: EPERM, label: .permission),
        Case(call: "rename", code: EXDEV, label: .fileSystem),
        Case(call: "open", code: ENOENT, label: .directoryMissing),
        Case(call: "openat", code: ENOENT, label: .directoryMissing),
        Case(call: "create", code: ENOENT, label: .directoryMissing),
        Case(call: "rename", code: ENOENT, label: .directoryMissing),
        Case(call: "rename", code: ENAMETOOLONG, label: .fileSystem),
        Case(call: "read", code: ENAMETOOLONG, label: .fileSystem),
        Case(call: "read", code: EACCES, label: .permission),
        Case(call: "open", code: EMFILE, label: .internalTrouble),
        Case(call: "create", code: EMFILE, label: .internalTrouble),
        Case(call: "create", code: ENFILE, label: .internalTrouble),
        Case(call: "fsync", code: EIO, label: .fileSystem),
        Case(call: "fsync", occurrence: 1, code: EIO, label: .fileSystem),
        Case(call: "fsync", occurrence: 1, code: ENOSPC, label: .noSpace),
        Case(call: "write", code: EIO, label: .fileSystem),
        Case(call: "open", code: ENOTDIR, label: .fileSystem),
    ]

    @Test("each fault has its label and is told in words, and the next attempt leaves exactly one whole file", arguments: cases)
    func faults(_ fault: Case) async throws {
        try await withTemporaryDirectory { inbox in
            let fileSystem = FaultyFileSystem(maximumWrite: 100)
            let destination = try destination(inbox, false, fileSystem)
            try await destination.prepare()
            fileSystem.arm(FaultyFileSystem.Fault(call: fault.call, occurrence: fault.occurrence, code: fault.code))
            let job = try Jobs.job(body: Jobs.oddResponse)
            let failed = await destination.attempt(job, number: 1, startedAt: Jobs.createdAt)
            #expect(failed.error == fault.label)
            #expect(failed.detail?.contains(inbox.path) == true)
            #expect(failed.detail?.contains("system error") == false)
            #expect(try files(inbox, "tmp").isEmpty)

            let next = await destination.attempt(job, number: 2, startedAt: Jobs.createdAt)
            #expect(next.error == nil)
            #expect(try files(inbox, "new") == [InboxFileName(job.event).json])
            try expectWhole(inbox, InboxFileName(job.event), job, [InboxFileName(job.event).json])
            #expect(try files(inbox, "tmp").isEmpty)
        }
    }

    @Test("after a failed fsync the file is given up: no second fsync of it, and another file next time")
    func failedSynchronization() async throws {
        try await withTemporaryDirectory { inbox in
            let fileSystem = FaultyFileSystem()
            let destination = try destination(inbox, false, fileSystem)
            try await destination.prepare()
            let before = fileSystem.log.count
            fileSystem.arm(FaultyFileSystem.Fault(call: "fsync", occurrence: 0, code: EIO))
            _ = await destination.attempt(try Jobs.job(), number: 1, startedAt: Jobs.createdAt)
            let first = fileSystem.log.dropFirst(before)
            #expect(first.filter { $0.hasPrefix("fsync") }.count == 1)
            #expect(!first.contains { $0.hasPrefix("rename") })
            _ = await destination.attempt(try Jobs.job(), number: 2, startedAt: Jobs.createdAt)
            let created = fileSystem.log.filter { $0.hasPrefix("create") }
            #expect(created.count == 2)
            #expect(Set(created).count == 2)
        }
    }

    @Test("success is told only after file and directory are on the disk, in this order")
    func order() async throws {
        try await withTemporaryDirectory { inbox in
            let fileSystem = FaultyFileSystem()
            let destination = try destination(inbox, false, fileSystem)
            try await destination.prepare()
            let before = fileSystem.log.count
            _ = await destination.attempt(try Jobs.job(), number: 1, startedAt: Jobs.createdAt)
            let calls = fileSystem.log.dropFirst(before).map { $0.prefix { $0 != " " } }
            #expect(calls.suffix(5) == ["create", "write", "fsync", "rename", "fsync"])
        }
    }

    @Test(
        "faults while the directories are made are told too, and the next attempt makes them",
        arguments: ["mkdir", "mkdirat", "open", "fsync", "fstat"])
    func faultsAtStart(call: String) async throws {
        try await withTemporaryDirectory { parent in
            let inbox = parent.appending(path: "inbox")
            let fileSystem = FaultyFileSystem()
            let destination = try destination(inbox, false, fileSystem)
            fileSystem.arm(FaultyFileSystem.Fault(call: call, occurrence: 0, code: EACCES))
            #expect(await destination.attempt(try Jobs.job(), number: 1, startedAt: Jobs.createdAt).error == .permission)
            #expect(await destination.attempt(try Jobs.job(), number: 2, startedAt: Jobs.createdAt).error == nil)
            #expect(try files(inbox, "new").count == 1)
        }
    }

    @Test("what cannot be cleaned keeps nobody from writing", arguments: ["readdir", "fstatat", "unlink"])
    func faultsWhileCleaning(call: String) async throws {
        try await withTemporaryDirectory { inbox in
            try await (try destination(inbox, false, PosixFileSystem())).prepare()
            let file = inbox.appending(path: "tmp/old")
            try Data("x".utf8).write(to: file)
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: file.path)
            let fileSystem = FaultyFileSystem()
            fileSystem.arm(FaultyFileSystem.Fault(call: call, occurrence: 0, code: EIO))
            let destination = try destination(inbox, false, fileSystem)
            #expect(await destination.attempt(try Jobs.job(), number: 1, startedAt: Jobs.createdAt).error == nil)
            #expect(try files(inbox, "tmp") == ["old"])
        }
    }

    @Test(
        "a reader is told in words what keeps it from a file, which stays where it is",
        arguments: [
            ("rename", EROFS, "read-only"), ("rename", EACCES, "permission is denied"), ("readdir", EIO, "the disk reported an error"),
            ("open", EMFILE, "too many files are open"),
        ])
    func faultsOfReaders(call: String, code: Int32, words: String) async throws {
        try await withTemporaryDirectory { inbox in
            _ = await (try destination(inbox, false, PosixFileSystem())).attempt(try Jobs.job(), number: 1, startedAt: Jobs.createdAt)
            let fileSystem = FaultyFileSystem()
            let reader = InboxReader(inbox.path, fileSystem: fileSystem)
            fileSystem.arm(FaultyFileSystem.Fault(call: call, occurrence: 0, code: code))
            let error = #expect(throws: InboxReadingError.self) { try reader.claim(now: Jobs.createdAt, lease: nil) }
            #expect(try #require(error).description.contains(words))
            #expect(try files(inbox, "new").count == 1)
            #expect(try reader.claim(now: Jobs.createdAt, lease: nil) != nil)
        }
    }

    @Test("a reader that loses a file to another one takes the next")
    func lostRace() async throws {
        try await withTemporaryDirectory { inbox in
            for id in ["resp_1", "resp_2"] {
                _ = await (try destination(inbox, false, PosixFileSystem())).attempt(
                    try Jobs.job(response: id), number: 1, startedAt: Jobs.createdAt)
            }
            let fileSystem = FaultyFileSystem()
            fileSystem.arm(FaultyFileSystem.Fault(call: "rename", occurrence: 0, code: ENOENT))
            let path = try InboxReader(inbox.path, fileSystem: fileSystem).claim(now: Jobs.createdAt, lease: nil)
            #expect(path?.contains("resp_2") == true)
        }
    }

    private func callsOfOneDelivery(outputText: Bool) async throws -> Int {
        try await withTemporaryDirectory { parent in
            let fileSystem = FaultyFileSystem(maximumWrite: 100)
            let destination = try destination(parent.appending(path: "inbox"), outputText, fileSystem)
            _ = await destination.attempt(try Jobs.job(body: Jobs.oddResponse), number: 1, startedAt: Jobs.createdAt)
            return fileSystem.log.count
        }
    }

    private func expectWhole(_ inbox: URL, _ name: InboxFileName, _ job: DeliveryJob, _ visible: [String]) throws {
        for file in visible {
            let content = try Data(contentsOf: inbox.appending(path: "new/\(file)"))
            #expect(content == (file == name.json ? Data(PayloadBuilder.inboxFile(job)) : Data("Hello,\nworld 🚀!".utf8)))
        }
    }

    private func destination(_ inbox: URL, _ outputText: Bool, _ fileSystem: any InboxFileSystem) throws -> InboxDestination {
        try InboxDestination(
            InboxTarget(directory: inbox.path, outputText: outputText), timeout: .seconds(15), time: time, fileSystem: fileSystem)
    }
}
